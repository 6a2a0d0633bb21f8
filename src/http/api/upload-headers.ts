import type { FastifyReply, FastifyRequest } from 'fastify'
import type { UploadView } from '../../catalogue/images/upload-notes.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { ResumableUpload } from '../../schemas.ts'
import { mediaType } from './input.ts'

/** The version of tus that is spoken here. */
export const version = '1.0.0'
/** What both stores hold in one upload. */
export const maxSize = 256 * 1024 ** 3
const octets = 'application/offset+octet-stream'

export const uploadOf = (request: FastifyRequest): string => (request.params as { upload: string }).upload

export function header({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}

export function checkVersion(request: FastifyRequest, reply: FastifyReply): void {
  const asked = header(request, 'tus-resumable')
  if (asked === version) return
  reply.header('tus-version', version)
  throw new CatalogueError('precondition_failed', `Tus-Resumable is ${asked ?? 'absent'}; expected ${version}`)
}

export function checkType(request: FastifyRequest): void {
  const type = mediaType(request)
  if (type === octets) return
  throw Object.assign(new Error(`the content type is ${type || 'absent'}; expected ${octets}`), { statusCode: 415 })
}

/** A whole number from a header. Throws parameter_missing, parameter_invalid. */
function numberIn(request: FastifyRequest, name: string): number {
  const text = header(request, name.toLowerCase())
  if (text === undefined) throw new CatalogueError('parameter_missing', `${name} is absent; expected a number of bytes`)
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new CatalogueError('parameter_invalid', `${name} is ${JSON.stringify(text.slice(0, 50))}; expected a number of bytes`)
}

export const offsetOf = (request: FastifyRequest): number => numberIn(request, 'Upload-Offset')

export function lengthOf(request: FastifyRequest): number {
  const size = numberIn(request, 'Upload-Length')
  if (size === 0) throw new CatalogueError('parameter_invalid', 'Upload-Length is 0, and no tarball is empty')
  if (size <= maxSize) return size
  throw new CatalogueError('too_large', `Upload-Length is ${size}; at most ${maxSize} bytes are taken (Tus-Max-Size)`)
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
