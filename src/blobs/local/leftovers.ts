import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Leftover } from '../blob-store.ts'
import { onDisk, unless } from './disk.ts'
import { entryInFolder, type Layout, parseDataName } from './layout.ts'

/** How many files are held in memory. The tree of paths is walked once for each such batch. */
const atOnce = 20_000

interface FoundLeftover extends Leftover {
  path: string
}

/** Yields what interrupted writes left. Data files are listed before links, so that a blob placed meanwhile is not taken for one. */
export async function* localLeftovers(
  layout: Layout,
  { before, remove = false }: { before: Date; remove?: boolean }
): AsyncGenerator<Leftover> {
  const suspects: FoundLeftover[] = []
  const live = new Set<string>()
  for (const name of await namesIn(layout.incoming)) await suspect('incoming', name, 'a blob that was never finished')
  for (const name of await namesIn(layout.uploads)) {
    if ((await unless(['ENOENT', 'ENOTDIR'], lstat(join(layout.uploads, name, 'state.json')))) === undefined) {
      await suspect('uploads', name, 'an upload without a state')
    } else live.add(name)
  }
  const bytes: FoundLeftover[] = []
  for (const folder of await namesIn(layout.data)) {
    for (const name of await namesIn(join(layout.data, folder))) {
      // An upload whose finish was interrupted can still be finished.
      if (live.has(name.slice(-32))) continue
      await suspect(join('data', folder), name, 'bytes that no path refers to', bytes)
      if (bytes.length >= atOnce) suspects.push(...(await unnamed(layout, bytes.splice(0))))
    }
  }
  suspects.push(...(await unnamed(layout, bytes)))

  for (const { path, ...leftover } of suspects) {
    yield leftover
    if (remove) await onDisk(rm(path, { recursive: true, force: true }))
  }

  async function suspect(folder: string, name: string, what: string, into = suspects): Promise<void> {
    const path = join(layout.root, folder, name)
    const found = await onDisk(unless(['ENOENT'], lstat(path)))
    if (!found) return
    // A finished upload keeps the modification time of its last byte when it is moved; the move sets its change time.
    const modified = found.ctime > found.mtime ? found.ctime : found.mtime
    if (modified >= before) return
    const size = found.isFile() ? { size: parseDataName(name)?.size ?? found.size } : {}
    into.push({ path, name: join(folder, name), what, modified, ...size })
  }
}

const namesIn = async (folder: string): Promise<string[]> => (await onDisk(unless(['ENOENT', 'ENOTDIR'], readdir(folder)))) ?? []

/** Returns the files that no path leads to. */
async function unnamed(layout: Layout, bytes: FoundLeftover[]): Promise<FoundLeftover[]> {
  if (bytes.length === 0) return []
  const left = new Map(bytes.map((suspect) => [suspect.path, suspect]))
  for await (const file of namedFiles(layout, layout.files)) left.delete(file)
  return [...left.values()]
}

async function* namedFiles(layout: Layout, folder: string): AsyncGenerator<string> {
  for (const entry of (await onDisk(unless(['ENOENT'], readdir(folder, { withFileTypes: true })))) ?? []) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* namedFiles(layout, path)
    else if (entry.isSymbolicLink()) {
      const target = await onDisk(entryInFolder(layout, path))
      if (target) yield target.file
    }
  }
}
