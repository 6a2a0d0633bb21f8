import type { FastifyReply, FastifyRequest } from 'fastify'
import type { BlobInfo, BlobStore } from '../../blobs/blob-store.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { toDigestHeader } from '../shared/digest-headers.ts'
import { type CurrentBytes, parseRange, rangeApplies, unmetCondition } from '../shared/ranges.ts'
import { folderPage } from './folder-page.ts'
import { namedBy } from './paths.ts'

export interface DavReading {
  blobs: BlobStore
  /** The path of the root as the client sees it. */
  rootFor(request: FastifyRequest): string
}

/** GET and HEAD: a file, or a page that lists a folder. */
export function createRead({ blobs, rootFor }: DavReading) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { key, slash } = namedBy(request)
    const info = slash ? undefined : await blobs.head(key)
    if (info) return sendFile(request, reply, info)
    if (await blobs.folders.exists(key)) return folderPage(reply, { blobs, key, root: rootFor(request) })
    throw blobUnknown(key)
  }

  async function sendFile(request: FastifyRequest, reply: FastifyReply, head: BlobInfo): Promise<FastifyReply> {
    const unmet = unmetCondition(request.method, request.headers, currentOf(head))
    if (unmet === 304) return reply.code(304).headers(headersOf(head)).send()
    if (unmet)
      throw new CatalogueError('precondition_failed', `${head.key} is ${currentOf(head).etag}, which the conditions of the request exclude`)
    if (request.method === 'HEAD') return reply.headers(headersOf(head)).header('content-length', head.size).send()
    const asked = parseRange(request.headers.range)
    const range = asked && rangeApplies(request.headers, currentOf(head)) ? asked : undefined
    reply.header('content-range', `bytes */${head.size}`) // for a refused range; corrected below
    const blob = await blobs.get(head.key, range ? { range } : {})
    if (!blob) throw blobUnknown(head.key)
    const { first, last, size, stream } = blob
    if (range && blob.sha256 !== head.sha256 && request.headers['if-range'] !== undefined) {
      // it was replaced after head(): a part of the new file would be appended to the client's part of the old one
      stream.destroy()
      return sendFile(request, reply, (await blobs.head(head.key)) ?? head)
    }
    reply.headers(headersOf(blob)).header('content-length', last - first + 1)
    if (range) reply.code(206).header('content-range', `bytes ${first}-${last}/${size}`)
    else reply.removeHeader('content-range')
    return reply.send(stream)
  }
}

export const blobUnknown = (key: string): CatalogueError => new CatalogueError('blob_unknown', `there is no ${key}`)

/** The ETag is strong if the digest is known: it is the digest. */
export const currentOf = ({ sha256, size, modified }: BlobInfo): CurrentBytes => ({
  etag: sha256 === undefined ? `W/"${size}-${modified.getTime()}"` : `"${sha256}"`,
  modified
})

function headersOf(info: BlobInfo): Record<string, string> {
  const { key, modified, sha256 } = info
  return {
    'accept-ranges': 'bytes',
    'content-type': contentTypeOf(key),
    'x-content-type-options': 'nosniff',
    'last-modified': modified.toUTCString(),
    etag: currentOf(info).etag,
    ...(sha256 === undefined ? {} : { 'repr-digest': toDigestHeader(sha256) })
  }
}

const types: readonly (readonly [ending: RegExp, type: string])[] = [
  [/\.tar$/, 'application/x-tar'],
  [/\.(tgz|gz)$/, 'application/gzip'],
  [/\.(zst|tzst)$/, 'application/zstd'],
  [/\.bz2$/, 'application/x-bzip2'],
  [/\.xz$/, 'application/x-xz'],
  [/\.zip$/, 'application/zip'],
  [/\.json$/, 'application/json'],
  [/\.(txt|md|log|sha256|sha256sum)$/, 'text/plain; charset=utf-8']
]

/** The type of a file by its name; never one that a browser runs, or anybody who may upload could publish web pages from this server. */
export const contentTypeOf = (name: string): string =>
  types.find(([ending]) => ending.test(name.toLowerCase()))?.[1] ?? 'application/octet-stream'
