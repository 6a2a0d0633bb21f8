import type { FastifyReply, FastifyRequest } from 'fastify'
import type { UploadView } from '../../catalogue/images/upload-notes.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { hasBody, mediaType } from '../shared/body.ts'
import { type PublicAddress, wayTo } from '../shared/public-url.ts'
import { parseMetadata } from './upload-metadata.ts'

/** The version of tus. */
export const version = '1.0.0'
/** The most that both stores hold in one upload, in bytes. */
export const maxSize = 256 * 1024 ** 3
const octets = 'application/offset+octet-stream'

/** What tus has a status for, or our own messages explain better, is checked before the schemas. OPTIONS and GET need no version. */
export function checkUploadHeaders(request: FastifyRequest, reply: FastifyReply): void {
  const { method, headers } = request
  if (method === 'OPTIONS' || method === 'GET') return
  const spoken = headers['tus-resumable']
  if (spoken !== version) {
    reply.header('tus-version', version)
    throw new CatalogueError('precondition_failed', `Tus-Resumable is ${spoken ?? 'missing'}; expected ${version}`)
  }
  if (method === 'PATCH' || (method === 'POST' && hasBody(request.raw))) checkType(request)
  if (method !== 'POST') return
  parseMetadata(String(headers['upload-metadata'] ?? ''))
  const size = Number(headers['upload-length'])
  if (size > maxSize) {
    throw new CatalogueError('too_large', `Upload-Length is ${size}; at most ${maxSize} bytes are accepted (Tus-Max-Size)`)
  }
}

function checkType(request: FastifyRequest): void {
  const type = mediaType(request)
  if (type === octets) return
  throw Object.assign(new Error(`the content type is ${type || 'missing'}; expected ${octets}`), { statusCode: 415 })
}

/** Relative to the server, so that the client comes back through the same proxies. */
export const pathTo = (segments: readonly string[], from: Parameters<typeof wayTo>[1]): string =>
  wayTo(`/api/v1/${segments.map(encodeURIComponent).join('/')}`, from)

/** Tells how far the upload is, and at its end the image that it has become. */
export function withStatus(reply: FastifyReply, { view, address }: { view: UploadView; address: PublicAddress }): FastifyReply {
  const { id, offset, expires, state, result } = view
  reply.headers({ 'upload-offset': offset, 'upload-expires': expires.toUTCString(), 'upload-state': state })
  if (!result) return reply
  const image = pathTo(['containers', id, 'images', result.architecture], { request: reply.request, address })
  return reply.headers({ 'content-location': image, etag: `"${result.revision}"` })
}
