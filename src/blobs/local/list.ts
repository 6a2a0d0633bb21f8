import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlobInfo, BlobPage, BlobQuery } from '../blob-store.ts'
import { isKey } from '../keys.ts'
import { checkListQuery, parseCursor, toCursor } from '../listing.ts'
import { absent, unless } from './disk.ts'
import { entryInFolder, type Layout, pathOfKey } from './layout.ts'

type ListPlace = { place: string; blob: BlobInfo } | { place: string; folder: string }

interface FolderWalk {
  prefix: string
  /** Earlier pages returned the places up to this one. */
  after: string
  shallow: boolean
}

/** Returns one page of the tree, ordered by key. Each folder is read once per page, however many blobs it contains. */
export async function listTree(layout: Layout, query: BlobQuery): Promise<BlobPage> {
  checkListQuery(query)
  const { prefix = '', shallow = false, limit } = query
  const page: BlobPage = { items: [], folders: [] }
  let last = ''
  const folder = prefix.slice(0, Math.max(0, prefix.lastIndexOf('/')))
  for await (const found of walk(layout, folder, { prefix, shallow, after: parseCursor(query.cursor) ?? '' })) {
    if (page.items.length + page.folders.length === limit) return { ...page, next: toCursor(last) }
    if ('blob' in found) page.items.push(found.blob)
    else page.folders.push(found.folder)
    last = found.place
  }
  return page
}

async function* walk(layout: Layout, folder: string, query: FolderWalk): AsyncGenerator<ListPlace> {
  const path = pathOfKey(layout, folder)
  const names = (await unless(absent, readdir(path, { withFileTypes: true }))) ?? []
  const places = names
    .map((entry) => ({ entry, place: (folder && `${folder}/`) + entry.name + (entry.isDirectory() ? '/' : '') }))
    .map((it) => ({ ...it, bytes: Buffer.from(it.place) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
  const after = Buffer.from(query.after)

  for (const { entry, place, bytes } of places) {
    const given = Buffer.compare(bytes, after) <= 0
    if (entry.isDirectory()) {
      const key = place.slice(0, -1)
      if (!isKey(key) || !(place.startsWith(query.prefix) || query.prefix.startsWith(place))) continue
      if (query.shallow) {
        if (!given) yield { place, folder: key }
      } else if (!given || query.after.startsWith(place)) yield* walk(layout, key, query)
    } else if (!given && place.startsWith(query.prefix) && isKey(place)) {
      const found = await entryInFolder(layout, join(path, entry.name))
      if (found) yield { place, blob: { key: place, size: found.size, modified: found.modified } }
    }
  }
}
