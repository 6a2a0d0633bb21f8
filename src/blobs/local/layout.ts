import { lstat, mkdir, readlink, realpath, rmdir } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { CatalogueError } from '../../domain/errors.ts'
import type { StoredBytes } from '../blob-store.ts'
import { absent, codeOf, makeFolder, succeeds, syncFolder, unless } from './disk.ts'

/** The folders of the store; docs/decisions/0018-blob-layout.md explains them. */
export interface Layout {
  root: string
  /** The keys: a tree of folders with symbolic links into `data`. */
  files: string
  /** The bytes, in files named by digest. */
  data: string
  /** Files that are being written. */
  incoming: string
  /** Uploads in pieces, one folder each. */
  uploads: string
}

export async function openLayout(path: string): Promise<Layout> {
  await makeFolder(path)
  // Names are compared with real paths, and the root itself may be behind a link.
  const root = await realpath(path)
  const at = (name: string) => join(root, name)
  const layout = { root, files: at('files'), data: at('data'), incoming: at('incoming'), uploads: at('uploads') }
  for (const folder of [layout.files, layout.data, layout.incoming, layout.uploads]) await mkdir(folder, { recursive: true })
  await syncFolder(root)
  return layout
}

const dataName = /^([0-9a-f]{64})-(0|[1-9]\d{0,15})-([0-9a-f]{32})$/

/** Returns the path of a data file: digest, size, and an id of the write, so that the same bytes stored twice never share a file. */
export const dataPath = ({ data }: Layout, { sha256, size, by }: StoredBytes & { by: string }): string =>
  join(data, sha256.slice(0, 2), `${sha256}-${size}-${by}`)

export function parseDataName(name: string): StoredBytes | undefined {
  const match = dataName.exec(name)
  return match ? { sha256: match[1]!, size: Number(match[2]) } : undefined
}

export const pathOfKey = ({ files }: Layout, key: string): string => (key === '' ? files : join(files, ...key.split('/')))

/** Returns the target of the link from a key to a data file. It is relative, so that the store can be moved or mounted elsewhere. */
export const linkText = ({ path, data }: { path: string; data: string }): string => relative(dirname(path), data)

export interface DiskEntry {
  /** The file that holds the bytes. */
  file: string
  size: number
  modified: Date
  /** Absent for a plain file that another program placed there. */
  sha256?: string
}

/** Returns the entry at a path of the tree. Of links it follows only those into `data`, by their text in exactly the form written here. */
export async function entryAt(layout: Layout, path: string): Promise<DiskEntry | undefined> {
  const folder = await unless([...absent, 'ELOOP'], realpath(dirname(path)))
  return folder === dirname(path) ? entryInFolder(layout, path) : undefined
}

/** Returns the entry at a path whose folder is known to be a real one. */
export async function entryInFolder(layout: Layout, path: string): Promise<DiskEntry | undefined> {
  const found = await unless(absent, lstat(path))
  if (!found) return undefined
  if (found.isFile()) return { file: path, size: found.size, modified: found.mtime }
  if (!found.isSymbolicLink()) return undefined
  const text = await unless([...absent, 'EINVAL'], readlink(path))
  const name = text?.slice(text.lastIndexOf(sep) + 1) ?? ''
  const stored = parseDataName(name)
  if (!stored) return undefined
  const file = join(layout.data, stored.sha256.slice(0, 2), name)
  return text === linkText({ path, data: file }) ? { file, ...stored, modified: found.mtime } : undefined
}

/** Creates a folder and its parents, durably. Throws blob_conflict, with its name, when one of them is a blob. */
export async function ensureFolder(layout: Layout, key: string): Promise<void> {
  const segments = key === '' ? [] : key.split('/')
  for (let i = 1; i <= segments.length; i++) {
    const folder = segments.slice(0, i).join('/')
    const path = pathOfKey(layout, folder)
    try {
      await mkdir(path)
      await syncFolder(dirname(path))
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
      const found = await unless(absent, lstat(path))
      if (found && !found.isDirectory()) throw new CatalogueError('blob_conflict', `${folder} is a file, not a folder`)
    }
  }
}

/** Removes empty folders, from this one upwards. An explicitly created folder contains its marker, and remains. */
export async function pruneFolders(layout: Layout, folder: string): Promise<void> {
  for (let path = folder; path !== layout.files; path = dirname(path)) {
    try {
      await rmdir(path)
    } catch {
      return
    }
  }
}

/** Makes a change in a folder durable, even when the folder itself has been pruned meanwhile. */
export async function syncChange(layout: Layout, folder: string): Promise<void> {
  for (let path = folder; ; path = dirname(path)) {
    if ((await succeeds(['ENOENT'], syncFolder(path))) || path === layout.root) return
  }
}
