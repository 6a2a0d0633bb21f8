import type { FastifyReply } from 'fastify'
import type { Download, Images } from '../../catalogue/images/images.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { toDigestHeader } from '../shared/digest-headers.ts'
import { parseRange, rangeApplies, unmetCondition } from '../shared/ranges.ts'

/** How long a presigned URL is valid: a worker follows it at once. */
const seconds = 900

/** Sends the tarball, with ranges, or redirects to where it is. */
export async function sendTarball(reply: FastifyReply, images: Images, { filename, key, url, sha256 }: Download): Promise<FastifyReply> {
  const { request } = reply
  const digest = sha256 ? { 'repr-digest': toDigestHeader(sha256) } : {}
  if (key === undefined) {
    // to workers dav is another name for http
    const address = url.replace(/^dav(s?):/i, 'http$1:')
    if (/^https?:\/\//i.test(address)) return reply.headers(digest).redirect(inHeader(address), 307)
    throw new CatalogueError('source_unsupported', `the tarball is at ${url}, which HTTP clients cannot be redirected to; read it there`)
  }
  // such a URL is signed for GET alone, so HEAD is answered here
  const elsewhere = request.method === 'HEAD' ? undefined : await images.presign(key, { seconds, filename })
  if (elsewhere) return reply.headers(digest).redirect(elsewhere, 307)

  const head = await images.head(key)
  if (!head) throw gone(key)
  const current = { etag: etagOf(head), modified: head.modified }
  const unmet = unmetCondition(request.method, request.headers, current)
  if (unmet === 304) return withMetadata(reply, head, filename).code(304).send()
  if (unmet) throw new CatalogueError('precondition_failed', `the tarball is ${current.etag}, which the conditions of the request exclude`)
  if (request.method === 'HEAD') return withMetadata(reply, head, filename).header('content-length', head.size).send()
  const asked = parseRange(request.headers.range)
  const range = asked && rangeApplies(request.headers, current) ? asked : undefined
  // a refused range tells the length
  if (range) reply.header('content-range', `bytes */${head.size}`)
  const opened = await images.open(key, range ? { range } : {})
  if (!opened) throw gone(key)
  const { first, last, size, stream } = opened
  withMetadata(reply, opened, filename).header('content-length', last - first + 1)
  if (range) reply.code(206).header('content-range', `bytes ${first}-${last}/${size}`)
  return reply.send(stream)
}

type TarballInfo = NonNullable<Awaited<ReturnType<Images['head']>>>

const withMetadata = (reply: FastifyReply, info: TarballInfo, filename: string): FastifyReply =>
  reply.headers({
    'accept-ranges': 'bytes',
    'content-type': /gz$/.test(filename) ? 'application/gzip' : 'application/x-tar',
    'content-disposition': disposition(filename),
    'x-content-type-options': 'nosniff',
    'last-modified': info.modified.toUTCString(),
    etag: etagOf(info),
    ...(info.sha256 ? { 'repr-digest': toDigestHeader(info.sha256) } : {})
  })

const etagOf = ({ sha256, size, modified }: TarballInfo): string => `"${sha256 ?? `${size}-${modified.getTime()}`}"`

const gone = (key: string) => new CatalogueError('blob_unknown', `the tarball ${key} is not in the store any more`)

/** Returns a URL as a header can carry it: what is beyond ASCII is percent-encoded; half a surrogate pair becomes U+FFFD. */
const inHeader = (url: string): string =>
  Buffer.from(url)
    .toString()
    .replace(/[^!-~]+/g, encodeURIComponent)

/** Content-Disposition (RFC 6266): an ASCII name, and the real one in UTF-8. */
export const disposition = (filename: string): string =>
  `attachment; filename="${filename.replace(/[^\w.+ -]/g, '_')}"; filename*=UTF-8''${encodeURIComponent(Buffer.from(filename).toString())}`
