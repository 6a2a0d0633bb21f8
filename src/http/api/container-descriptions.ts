import { type Answer, type Description, json } from '../shared/describes.ts'

const tags = ['containers']
const params = { $ref: 'id-parameter.json#' }
const headers = { $ref: 'change-headers.json#' }
const querystring = { $ref: 'dry-run-query.json#' }

export const problem = (description: string): Answer => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: 'problem.json#' } } }
})

/** What any write of this face may be answered. */
export const refusals = {
  400: problem('Something in the request is wrong, or not known here.'),
  403: problem('The policy does not permit it.'),
  408: problem('The body came too slowly.'),
  409: problem('Others wrote to it all the while, or it contradicts what is there.'),
  412: problem('The record is not what If-Match or If-None-Match expect.'),
  413: problem('The body is too large.'),
  503: problem('A store does not answer; try again.'),
  507: problem('The store is full.')
}
const missing = problem('There is no such container, or no such image: `available` names those that there are.')
const answer = (description: string): Answer => ({ description, content: json('container-answer.json#') })

export const containerDescriptions = {
  put: {
    summary: 'Register a whole container',
    description:
      'Images that are not named are not its images any more. The same meaning again, in another order or under other aliases, writes nothing.',
    tags,
    params,
    headers,
    querystring,
    consumes: ['application/json'],
    body: { $ref: 'container-put.json#' },
    response: { 200: answer('It is registered, in place of another one.'), 201: answer('It is registered.'), ...refusals }
  },
  patch: {
    summary: 'Change a part of a container',
    description: 'A JSON merge patch (RFC 7396): null takes an image away.',
    tags,
    params,
    headers,
    querystring,
    consumes: ['application/json', 'application/merge-patch+json'],
    body: { $ref: 'container-patch.json#' },
    response: { 200: answer('It is changed.'), ...refusals, 404: missing, 422: problem('Nothing would be left of it.') }
  },
  remove: {
    summary: 'Remove a container',
    description: 'It can be brought back from its history. Job specs that name it are told as a warning.',
    tags,
    params,
    headers,
    querystring,
    response: {
      200: { description: 'It is removed.', content: json('removal-answer.json#') },
      ...refusals,
      404: missing
    }
  }
} satisfies Record<string, Description & { example?: unknown }>

export const batchDescription = {
  summary: 'Edit several containers in one request',
  description:
    'All or none (atomic, the default), or each by itself. Stores have no transactions over documents: others may see some of an atomic batch for a moment; when one item cannot be written, the others are taken back, also after the server was killed.',
  tags,
  headers: { $ref: 'reason-headers.json#' },
  querystring,
  consumes: ['application/json'],
  body: { $ref: 'batch.json#' },
  response: {
    200: { description: 'What became of each item.', content: json('batch-answer.json#') },
    ...refusals,
    404: problem('An item is about a container or image that there is not; nothing was changed.'),
    422: problem('An item would leave nothing of its container; nothing was changed.')
  }
} satisfies Description
