import { type Description, json, problem } from '../shared/describes.ts'

const id = { $ref: 'id-parameter.json#' }
const invalid = problem('Something in the request is wrong, or not known here.')
const away = problem('A store does not answer; try again.')

export const upkeepDescriptions = {
  verifySingle: {
    summary: 'Read the one image of a container that names no architectures',
    description: 'A container that names them is read image by image, with …/images/{architecture}/verify.',
    tags: ['images'],
    params: id,
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
