import { type Answer, type Description, json, problem } from '../shared/describes.ts'

const id = { $ref: 'id-parameter.json#' }
const invalid = problem('Something in the request is wrong, or not known here.')
const away = problem('A store does not answer; try again.')

const lines: Answer = {
  description: 'A line of JSON for each finding and note as it is found, the sum last. Empty lines are signs of life.',
  content: { 'application/x-ndjson': { schema: { $ref: 'fsck-line.json#' } } }
}

export const upkeepDescriptions = {
  backfill: {
    summary: 'Containers that name no architectures, and what they would become',
    description: 'A dry run: nothing is written.',
    tags: ['containers'],
    querystring: { $ref: 'backfill-query.json#' },
    response: { 200: { description: 'A page.', content: json('backfill-page.json#') }, 400: invalid, 503: away }
  },
  backfillOne: {
    summary: 'Name the architecture of a container that names none, as its bytes prove it',
    description: 'With If-Match only where the record is still the one that was looked at.',
    tags: ['containers'],
    params: id,
    querystring: { $ref: 'dry-run-query.json#' },
    response: {
      200: { description: 'What was written.', content: json('backfill-item.json#') },
      400: invalid,
      403: problem('The policy does not permit it.'),
      404: problem('There is no such container, it names its images by architecture, or nothing proves what it is.'),
      412: problem('The record was changed meanwhile.'),
      503: away
    }
  },
  fsck: {
    summary: 'Compare records, what is known of their images, and tarballs',
    description: 'It changes nothing, and may run while uploads come in.',
    tags: ['operator'],
    querystring: { $ref: 'fsck-query.json#' },
    response: { 200: lines, 400: invalid, 503: away }
  },
  repair: {
    summary: 'The same, and mend what is asked for',
    description: 'What is too young, or within the grace of removals, stays.',
    tags: ['operator'],
    querystring: { $ref: 'fsck-repair-query.json#' },
    response: { 200: lines, 400: invalid, 403: problem('The policy does not permit it.'), 503: away }
  },
  verifySingle: {
    summary: 'Read the one image of a container that names no architectures',
    description: 'A container that names them is read image by image, with …/images/{architecture}/verify.',
    tags: ['images'],
    params: id,
    querystring: { $ref: 'dry-run-query.json#' },
    response: {
      200: { description: 'What it is.', content: json('container-image.json#') },
      400: invalid,
      403: problem('The policy does not permit it, or the bytes stand where this site does not read (LEPORELLO_VERIFY).'),
      404: problem('There is no such container, or it names its images by architecture: `available` has them.'),
      422: problem('Its bytes cannot be read, or do not tell.'),
      503: away
    }
  }
} satisfies Record<string, Description>
