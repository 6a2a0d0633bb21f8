import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { Download, Images } from '../../catalogue/images/images.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { toDigestHeader } from '../shared/digest-headers.ts'
import { parseRange, rangeApplies, unmetCondition } from '../shared/ranges.ts'
import type { ApiParts, DeclareRoute } from './route.ts'

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

/** The bytes that are made before the client has taken those before them. */
const ahead = 512 * 1024

/** A whole container in one file. */
export function layoutRoutes(route: DeclareRoute, { layout }: ApiParts): void {
  if (!layout) return
  route('GET /containers/:id/download', {
    action: 'container:read',
    tag: 'containers',
    summary: 'All images as one OCI layout',
    description:
      'One tar with every architecture under one index, for `skopeo copy oci-archive:…`, `crane push` and the like. An image that was uploaded as docker-archive has the manifest that its report names, over its layers as they are unpacked. There are no ranges.',
    params: 'id-parameter.json',
    query: 'layout-query.json',
    answers: {
      200: { description: 'The tar.', content: { 'application/x-tar': { schema: { type: 'string' } } } },
      403: 'One of its images is where this site does not read (LEPORELLO_VERIFY).',
      404: 'There is no such container.',
      409: 'One of its images is not proven to be what it is registered as, or is gone.',
      422: 'The bytes of one of its images cannot be read.'
    },
    async handler({ request, reply, params: { id }, publicUrl }) {
      const { filename, digest, size, bytes } = await layout({ id, publicUrl })
      reply.headers({
        'content-type': 'application/x-tar',
        'content-length': size,
        'content-disposition': disposition(filename),
        'x-content-type-options': 'nosniff',
        'accept-ranges': 'none',
        etag: `"${digest}"`
      })
      if (request.method === 'HEAD') return reply.send()
      return reply.send(Readable.from(bytes(), { objectMode: false, highWaterMark: ahead }))
    }
  })
}
