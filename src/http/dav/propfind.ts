import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { BlobInfo, BlobStore } from '../../blobs/blob-store.ts'
import { pagesOf } from '../../domain/pages.ts'
import { escapeMarkup } from '../shared/escape-markup.ts'
import { encodePath, namedBy } from './paths.ts'
import { blobUnknown, contentTypeOf, currentOf, type DavReading } from './read.ts'

const xml = 'application/xml; charset=utf-8'
const declaration = '<?xml version="1.0" encoding="utf-8"?>\n'

/** PROPFIND: the properties of a file or folder and, with `Depth: 1`, of what is in the folder. Always all of them: the request's body is not read. */
export const createPropfind =
  ({ blobs, rootFor }: DavReading) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { depth } = request.headers
    if (depth !== '0' && depth !== '1') {
      const error = `${declaration}<D:error xmlns:D="DAV:"><D:propfind-finite-depth/></D:error>\n`
      return reply.code(403).header('content-type', xml).send(error)
    }
    const { key, slash } = namedBy(request)
    const root = rootFor(request)
    const info = slash ? undefined : await blobs.head(key)
    if (!info && !(await blobs.folders.exists(key))) throw blobUnknown(key)
    const described = info ? [response(root, { info })] : folder({ blobs, key, root, children: depth === '1' })
    return reply
      .code(207)
      .header('content-type', xml)
      .send(Readable.from(multistatus(described)))
  }

async function* multistatus(responses: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  yield `${declaration}<D:multistatus xmlns:D="DAV:">\n`
  yield* responses
  yield '</D:multistatus>\n'
}

/** Reads one page of the list at a time, so that memory does not depend on the size of the folder. */
async function* folder({ blobs, key, root, children }: { blobs: BlobStore; key: string; root: string; children: boolean }) {
  const room = await blobs.available()
  yield response(root, { folder: key, ...(room === undefined ? {} : { room }) })
  if (!children) return
  for await (const page of pagesOf(blobs.list, { prefix: key && `${key}/`, shallow: true, limit: 500 })) {
    for (const folder of page.folders) yield response(root, { folder })
    for (const info of page.items) yield response(root, { info })
  }
}

type DescribedPath = { info: BlobInfo } | { folder: string; room?: number }

function response(root: string, described: DescribedPath): string {
  const key = 'info' in described ? described.info.key : described.folder && `${described.folder}/`
  const properties = 'info' in described ? fileProperties(described.info) : folderProperties(described)
  const name = escapeMarkup(key.replace(/\/$/, '').split('/').at(-1)!)
  return `<D:response><D:href>${escapeMarkup(`${root}/${encodePath(key)}`)}</D:href><D:propstat><D:prop><D:displayname>${name}</D:displayname>${properties}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>\n`
}

/** Lists have no digests, so a file in a list has no ETag. */
function fileProperties(info: BlobInfo): string {
  const { key, size, modified, sha256 } = info
  const etag = sha256 === undefined ? '' : `<D:getetag>${escapeMarkup(currentOf(info).etag)}</D:getetag>`
  return `<D:resourcetype/><D:getcontentlength>${size}</D:getcontentlength><D:getcontenttype>${contentTypeOf(key)}</D:getcontenttype><D:getlastmodified>${modified.toUTCString()}</D:getlastmodified>${etag}`
}

const folderProperties = ({ room }: { room?: number }): string =>
  `<D:resourcetype><D:collection/></D:resourcetype>${room === undefined ? '' : `<D:quota-available-bytes>${room}</D:quota-available-bytes>`}`
