import type { FastifyReply } from 'fastify'
import type { BlobStore } from '../../blobs/blob-store.ts'
import { escapeMarkup } from '../shared/escape-markup.ts'
import { encodePath } from './paths.ts'

type ShownFolder = { blobs: BlobStore; key: string; root: string }

const entriesAPage = 500

/** Lists a folder for a browser. */
export async function folderPage(reply: FastifyReply, { blobs, key, root }: ShownFolder): Promise<FastifyReply> {
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
