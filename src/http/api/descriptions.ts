import { type Answer, type Description, json } from '../shared/describes.ts'

const tags = ['images']
const params = { $ref: 'image-parameters.json#' }
const headers = { $ref: 'change-headers.json#' }

export const problem = (description: string): Answer => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: 'problem.json#' } } }
})
export const invalid = problem('Something in the request is wrong, or not known here.')
const forbidden = problem('The policy does not permit it.')
const missing = problem('There is no such container, or it has no image for that architecture: `available` names those that there are.')
const away = problem('A store does not answer; try again.')
const full = problem('There is no room for the tarball.')
const answer = (description: string): Answer => ({ description, content: json('image-answer.json#') })
const stale = problem('The record is not what If-Match or If-None-Match expect.')
const changed = {
  200: answer('It is registered in place of another one, or was before.'),
  201: answer('It is registered.'),
  202: answer('It has arrived, and waits to be published with the others (LEPORELLO_RULES).'),
  400: invalid,
  403: forbidden,
  412: stale,
  503: away
}
const refused = problem('It is not what it is said to be, or is gone, or there is another image where it belongs.')
const tarball = { 'application/gzip': { schema: { type: 'string' } }, 'application/x-tar': { schema: { type: 'string' } } } as const
const unreadable = problem('Its bytes cannot be read, or do not tell.')

export const descriptions = {
  container: {
    summary: 'A container with what is known of its images',
    tags,
    params: { $ref: 'id-parameter.json#' },
    response: {
      200: { description: 'The container. Its ETag is the revision.', content: json('container-view.json#') },
      400: invalid,
      404: missing,
      503: away
    }
  },
  image: {
    summary: 'One image of a container',
    tags,
    params,
    response: { 200: { description: 'The image.', content: json('container-image.json#') }, 400: invalid, 404: missing, 503: away }
  },
  put: {
    summary: 'Bring one image: its tarball, its URL, or that of another container',
    description:
      'The others stay as they are. A body that is not JSON is the tarball itself: it is stored, read in the same pass and registered under /storage. A mislabelled one is marked, and machines are refused it; with LEPORELLO_STRICT=true it is refused. What is refused leaves nothing behind. With dryRun a tarball is read, and the answer says what would be stored and registered; nothing is kept.',
    tags,
    params,
    querystring: { $ref: 'tarball-query.json#' },
    headers,
    body: {
      content: {
        'application/json': { schema: { $ref: 'image-put.json#' } },
        'application/octet-stream': { schema: { type: 'string', format: 'binary' } }
      }
    },
    response: { ...changed, 404: missing, 409: refused, 422: unreadable, 507: full }
  },
  drop: {
    summary: 'Take one image away',
    description: 'The others stay as they are. The only one cannot be taken away: remove the container instead.',
    tags,
    params,
    headers,
    querystring: { $ref: 'dry-run-query.json#' },
    response: {
      200: { description: 'The container without it.', content: json('container-change.json#') },
      400: invalid,
      403: forbidden,
      404: missing,
      412: stale,
      422: problem('It is the only one.'),
      503: away
    }
  },
  post: {
    summary: 'Bring a tarball in a form',
    description: 'Without an architecture it is registered as what its bytes are for.',
    tags,
    params: { $ref: 'id-parameter.json#' },
    querystring: { $ref: 'dry-run-query.json#' },
    headers,
    consumes: ['multipart/form-data'],
    body: { $ref: 'image-form.json#' },
    response: { ...changed, 409: refused, 422: unreadable, 507: full }
  },
  report: {
    summary: "What reading an image's bytes proved",
    tags,
    params,
    querystring: { $ref: 'report-query.json#' },
    response: {
      200: { description: 'The report.', content: json('image-report.json#') },
      400: invalid,
      403: problem('Its bytes stand where this site does not read (LEPORELLO_VERIFY).'),
      404: problem('There is no such image, or nobody has read it yet.'),
      422: unreadable,
      503: away
    }
  },
  download: {
    summary: 'The tarball',
    description: 'With ranges, Repr-Digest and its name; from S3 by way of a presigned URL.',
    tags,
    params,
    querystring: { $ref: 'download-query.json#' },
    response: {
      200: { description: 'The tarball.', content: tarball },
      206: { description: 'A part of it.', content: tarball },
      304: { description: 'It is what If-None-Match or If-Modified-Since knows already.' },
      307: { description: 'It stands elsewhere; with format=oci, the way to the whole container.' },
      400: invalid,
      404: missing,
      412: problem('It is another than If-Match or If-Unmodified-Since expects.'),
      416: problem('No byte lies in the range.'),
      422: unreadable,
      502: problem('Its bytes are damaged; fsck tells more.'),
      503: away
    }
  },
  verify: {
    summary: 'Read the bytes now',
    description: 'With dryRun the answer says what they are, and nothing is written down.',
    tags,
    params,
    querystring: { $ref: 'dry-run-query.json#' },
    response: {
      200: answer('What they are.'),
      400: invalid,
      403: problem('The policy does not permit it, or the bytes stand where this site does not read (LEPORELLO_VERIFY).'),
      404: missing,
      422: unreadable,
      503: away
    }
  },
  relabel: {
    summary: 'Register a mislabelled image as what it is proven to be',
    tags,
    params,
    querystring: { $ref: 'dry-run-query.json#' },
    headers,
    response: {
      200: answer('It stands where it belongs.'),
      400: invalid,
      403: forbidden,
      404: missing,
      409: refused,
      412: stale,
      422: unreadable,
      503: away
    }
  }
} satisfies Record<string, Description>
