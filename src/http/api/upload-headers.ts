import type { FastifyReply, FastifyRequest } from 'fastify'
import type { UploadView } from '../../catalogue/images/upload-notes.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { ResumableUpload } from '../../schemas.ts'
import { hasBody } from '../shared/body.ts'
import { mediaType } from './input.ts'
import { parseMetadata } from './upload-metadata.ts'

/** The version of tus. */
export const version = '1.0.0'
/** The most that both stores hold in one upload, in bytes. */
export const maxSize = 256 * 1024 ** 3
const octets = 'application/offset+octet-stream'

/**
 * What tus has a status for, and what our own messages explain better, is checked before the schemas: the version, the type of a piece, the
 * metadata, the largest size. OPTIONS and GET need no version.
 */
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

export function toJson({ upload, id, offset, size, state, created, expires, result, refusal, ...claim }: UploadView): ResumableUpload {
  return {
    upload,
    container: id,
    architecture: claim.architecture ?? null,
    version: claim.version ?? null,
    filename: claim.filename ?? null,
    sha256: claim.sha256 ?? null,
    offset,
    size,
    state,
    created: created.toISOString(),
    expires: expires.toISOString(),
    result: result ?? null,
    refusal: refusal ? { code: refusal.code, detail: refusal.message } : null
  }
}
