import type { FastifyReply, FastifyRequest } from 'fastify'
import type { BlobInfo, BlobStore } from '../../blobs/blob-store.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { toDigestHeader } from '../shared/digest-headers.ts'
import { escapeMarkup } from '../shared/escape-markup.ts'
import { type CurrentBytes, parseRange, rangeApplies, unmetCondition } from '../shared/ranges.ts'
import { encodePath, namedBy } from './paths.ts'

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

type ShownFolder = { blobs: BlobStore; key: string; root: string }

const entriesAPage = 500

/** Lists a folder for a browser. */
async function folderPage(reply: FastifyReply, { blobs, key, root }: ShownFolder): Promise<FastifyReply> {
  const { request } = reply
  const { cursor } = request.query as { cursor?: string }
  const prefix = key && `${key}/`
  const page = await blobs.list({ prefix, shallow: true, limit: entriesAPage, ...(cursor ? { cursor } : {}) })
  const rows = [
    ...page.folders.map((folder) => ({ name: `${folder.slice(prefix.length)}/`, size: '', modified: '' })),
    ...page.items.map((item) => ({ name: item.key.slice(prefix.length), size: String(item.size), modified: item.modified.toISOString() }))
  ].sort((a, b) => (a.name < b.name ? -1 : 1))
  const path = `${root}/${encodePath(prefix)}`
  const title = escapeMarkup(`/storage/${prefix}`)
  const body = `${doctype}
<html><head><meta charset="utf-8"><title>${title}</title><base href="${escapeMarkup(path)}"></head><body><h1>${title}</h1><table>
${key === '' ? '' : `<tr><td><a href="../">../</a></td></tr>\n`}${rows.map(row).join('\n')}
</table>${page.next ? `<p><a href="?cursor=${page.next}">more</a></p>` : ''}</body></html>\n`
  reply.headers({
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'content-security-policy': "default-src 'none'",
    'x-content-type-options': 'nosniff'
  })
  return reply.send(request.method === 'HEAD' ? undefined : body)
}

/** osaka recognises a folder by this line, and then follows each href. */
const doctype = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN">'

const row = ({ name, size, modified }: { name: string; size: string; modified: string }): string =>
  `<tr><td><a href="${escapeMarkup(encodePath(name))}">${escapeMarkup(name)}</a></td><td>${size}</td><td>${modified}</td></tr>`
