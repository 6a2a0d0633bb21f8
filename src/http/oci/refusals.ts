import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { CatalogueError, type ErrorCode } from '../../domain/errors.ts'
import { explain } from '../shared/errors.ts'
import { stillWaits } from '../shared/upload-body.ts'

/** The specification's codes, and the status where that is another one than in our API. */
const codes: Partial<Record<ErrorCode, [code: string, status?: number]>> = {
  name_invalid: ['NAME_INVALID'],
  name_unknown: ['NAME_UNKNOWN'],
  digest_invalid: ['DIGEST_INVALID'],
  digest_mismatch: ['DIGEST_INVALID'],
  size_mismatch: ['SIZE_INVALID'],
  manifest_unknown: ['MANIFEST_UNKNOWN'],
  manifest_invalid: ['MANIFEST_INVALID'],
  manifest_blob_unknown: ['MANIFEST_BLOB_UNKNOWN'],
  blob_unknown: ['BLOB_UNKNOWN'],
  source_gone: ['BLOB_UNKNOWN', 404],
  upload_unknown: ['BLOB_UPLOAD_UNKNOWN'],
  upload_expired: ['BLOB_UPLOAD_UNKNOWN', 404],
  upload_conflict: ['BLOB_UPLOAD_INVALID', 416],
  content_in_use: ['UNSUPPORTED', 405],
  container_named: ['UNSUPPORTED', 405],
  unauthenticated: ['UNAUTHORIZED'],
  range_invalid: ['RANGE_INVALID'],
  too_large: ['SIZE_INVALID'],
  image_mislabelled: ['DENIED', 403],
  image_refused: ['DENIED', 403],
  source_forbidden: ['DENIED'],
  forbidden: ['DENIED'],
  store_unavailable: ['UNAVAILABLE'],
  store_full: ['UNAVAILABLE'],
  uploads_exceeded: ['TOOMANYREQUESTS'],
  share_exceeded: ['TOOMANYREQUESTS']
}

/** Answers errors as the specification has them; `challenge` says what a client that is not signed in has to do. */
export const refusingWith =
  (challenge: (request: FastifyRequest) => string) =>
  (error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const { status: usual, message, headers } = explain(error)
    const [code, status = usual] = (error instanceof CatalogueError && codes[error.code]) || [usual < 500 ? 'UNSUPPORTED' : 'UNKNOWN']
    if (status >= 500) request.failure = error
    if (status !== 416) reply.removeHeader('content-range')
    reply.removeHeader('content-length').removeHeader('etag')
    // the unsent rest would be read as the next request
    if (stillWaits(request.raw)) reply.header('connection', 'close')
    reply.code(status).headers({ ...headers, 'content-type': 'application/json' })
    if (status === 401) reply.header('www-authenticate', challenge(request))
    return reply.send(Buffer.from(JSON.stringify({ errors: [{ code, message, detail: {} }] })))
  }

/** A request for a path or with a method that the specification does not have. */
export function unsupported({ method, url }: FastifyRequest): never {
  const message = `the specification has no ${method} ${url.split('?', 1)[0]}`
  throw Object.assign(new Error(message), { statusCode: method === 'GET' || method === 'HEAD' ? 404 : 405 })
}
