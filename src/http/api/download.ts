import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Download, Images } from '../../catalogue/images.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { toDigestHeader } from '../shared/digest-headers.ts'
import { parseRange, rangeApplies } from '../shared/ranges.ts'

interface Parts {
  request: FastifyRequest
  reply: FastifyReply
  images: Images
}

/** How long a presigned URL holds: a worker follows it at once. */
const seconds = 900

/** The tarball itself with ranges, or the way to where it can be had without us. */
export async function sendTarball({ request, reply, images }: Parts, { filename, key, url, sha256 }: Download): Promise<FastifyReply> {
  const digest = sha256 ? { 'repr-digest': toDigestHeader(sha256) } : {}
  if (key === undefined) {
    if (/^https?:\/\//i.test(url)) return reply.headers(digest).redirect(url, 307)
    throw new CatalogueError('source_unsupported', `the tarball is at ${url}, which no HTTP client can be sent to; read it there`)
  }
  const elsewhere = await images.presign(key, { seconds, filename })
  if (elsewhere) return reply.headers(digest).redirect(elsewhere, 307)

  const asked = parseRange(request.headers.range)
  const whole = await images.open(key)
  if (!whole) throw new CatalogueError('blob_unknown', `the tarball ${key} is not in the store any more`)
  const current = { etag: `"${whole.sha256 ?? `${whole.size}-${whole.modified.getTime()}`}"`, modified: whole.modified }
  const range = asked && rangeApplies(request.headers, current) ? asked : undefined
  reply.headers({
    'accept-ranges': 'bytes',
    'content-type': /gz$/.test(filename) ? 'application/gzip' : 'application/x-tar',
    'content-disposition': disposition(filename),
    'x-content-type-options': 'nosniff',
    'last-modified': whole.modified.toUTCString(),
    etag: current.etag,
    ...(whole.sha256 ? { 'repr-digest': toDigestHeader(whole.sha256) } : {})
  })
  if (request.method === 'HEAD') {
    whole.stream.destroy()
    return reply.header('content-length', whole.size).send()
  }
  if (!range) return reply.header('content-length', whole.size).send(whole.stream)
  whole.stream.destroy()
  const part = await images.open(key, { range })
  if (!part) throw new CatalogueError('blob_unknown', `the tarball ${key} is not in the store any more`)
  const { first, last, size } = part
  return reply
    .code(206)
    .headers({ 'content-range': `bytes ${first}-${last}/${size}`, 'content-length': last - first + 1 })
    .send(part.stream)
}

/** RFC 6266: a plain name for all, and the true one for who reads UTF-8. */
const disposition = (filename: string): string =>
  `attachment; filename="${filename.replace(/[^\w.+ -]/g, '_')}"; filename*=UTF-8''${encodeURIComponent(filename)}`
