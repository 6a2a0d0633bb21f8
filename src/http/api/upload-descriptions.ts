import { type Description, json } from '../shared/describes.ts'
import { invalid, problem } from './descriptions.ts'

const tags = ['uploads']
const params = { $ref: 'upload-parameters.json#' }
const missing = problem('There is none, or not any more.')
const expired = problem('It has expired; or another image came after its last byte, and nobody asked for this one any more.')
const away = problem('A store does not answer; try again.')
const conflict = problem('It does not begin where the upload ends (ask for Upload-Offset), or another piece is just arriving.')
const otherVersion = problem('Tus-Resumable is not 1.0.0.')
const otherType = problem('The content type is not application/offset+octet-stream.')
const refused = problem('It is not what it is said to be, and was not registered; GET tells it again.')
const full = problem('There is no room.')
const forbidden = problem('The policy does not permit it.')

/** tus 1.0, whose headers OpenAPI need not repeat: https://tus.io/protocols/resumable-upload */
export const uploadDescriptions = {
  options: {
    summary: 'What this server can do of tus 1.0',
    tags,
    response: { 204: { description: 'Tus-Version, Tus-Extension and Tus-Max-Size.' } }
  },
  create: {
    summary: 'Begin a resumable upload of a tarball',
    description:
      'tus 1.0, creation, also with the first piece. Upload-Length is the size of the tarball. Upload-Metadata has `id` of the container, and may have `architecture` (default: what its bytes are for), `version` (default: as it is, or the tag of the id), `filename` and `sha256`, each in base64.',
    tags,
    headers: { $ref: 'upload-create-headers.json#' },
    response: {
      201: { description: 'Location is where its pieces are sent to.' },
      400: invalid,
      403: forbidden,
      412: otherVersion,
      413: problem('It is larger than Tus-Max-Size.'),
      415: otherType,
      503: away,
      507: full
    }
  },
  list: {
    summary: 'Resumable uploads, the newest first',
    description: 'Those that are under way, and those that ended a short while ago: a client that was interrupted finds its own.',
    tags,
    querystring: { $ref: 'uploads-query.json#' },
    response: { 200: { description: 'They stand as they were last kept.', content: json('uploads.json#') }, 400: invalid, 503: away }
  },
  get: {
    summary: 'How a resumable upload stands, or how it ended',
    tags,
    params,
    response: {
      200: { description: 'It is remembered for LEPORELLO_UPLOAD_EXPIRY after its end.', content: json('resumable-upload.json#') },
      400: invalid,
      404: missing,
      410: problem('It has expired.'),
      503: away
    }
  },
  head: {
    summary: 'How much of a resumable upload has come',
    description: 'A piece that is still arriving is broken off, and what came of it kept: a client that asks has lost its connection.',
    tags,
    params,
    response: {
      200: { description: 'Upload-Offset, Upload-Length and Upload-State: arriving, proving or registered.' },
      404: { description: 'There is none, or not any more.' },
      410: { description: 'It has expired, or was refused (Upload-State: refused).' },
      412: { description: 'Tus-Resumable is not 1.0.0.' },
      503: { description: 'A store does not answer; try again.' }
    }
  },
  append: {
    summary: 'Send a piece of a tarball',
    description:
      'The answer to the last piece comes when the tarball is proven and registered: Upload-State is then `registered`, and Content-Location the image. A piece that breaks off is kept as far as it came.',
    tags,
    params,
    headers: { $ref: 'upload-append-headers.json#' },
    body: { content: { 'application/offset+octet-stream': { schema: { type: 'string', format: 'binary' } } } },
    response: {
      204: { description: 'Upload-Offset is where the next piece begins.' },
      400: invalid,
      403: forbidden,
      404: missing,
      408: problem('No byte came for too long; what came is kept.'),
      409: conflict,
      410: expired,
      412: otherVersion,
      415: otherType,
      422: refused,
      503: away,
      507: full
    }
  },
  discard: {
    summary: 'Give a resumable upload up',
    tags,
    params,
    headers: { $ref: 'upload-headers.json#' },
    response: {
      204: { description: 'It is forgotten, and its bytes are gone.' },
      403: forbidden,
      404: missing,
      409: problem('It has come whole and is just being proven.'),
      412: otherVersion,
      503: away
    }
  }
} satisfies Record<string, Description>
