import { lstat, mkdir, rename, rm, symlink, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CatalogueError } from '../../domain/errors.ts'
import { createKeyedMutex } from '../../domain/keyed-mutex.ts'
import { alreadyThere } from '../expectations.ts'
import { uniqueName } from '../keys.ts'
import type { Placing } from '../uploads.ts'
import { absent, codeOf, succeeds, syncFolder, unless } from './disk.ts'
import { dataPath, ensureFolder, entryAt, type Layout, linkText, pathOfKey, pruneFolders, syncChange } from './layout.ts'

export type Links = ReturnType<typeof createLinks>

/** Links keys to data files and unlinks them. No other code does. */
export function createLinks(layout: Layout) {
  const alone = createKeyedMutex()
  return {
    /** Makes a finished file the blob of its key. Returns whether the key is new, rather than overwritten. */
    place: (placing: FilePlacing): Promise<boolean> => alone(placing.key, () => place(layout, placing)),
    remove: (key: string): Promise<boolean> => alone(key, () => remove(layout, key))
  }
}

/** A finished file that becomes a blob. */
interface FilePlacing extends Placing {
  by: string
  part: string
}

async function place(layout: Layout, { part, key, onlyIfAbsent, ...found }: FilePlacing): Promise<boolean> {
  const path = pathOfKey(layout, key)
  const data = dataPath(layout, found)
  if (await mkdir(dirname(data), { recursive: true })) await syncFolder(layout.data)
  const moved = await succeeds(['ENOENT'], rename(part, data))
  if (!moved && !(await unless(absent, lstat(data)))) throw new Error(`${part} is gone`)
  await syncFolder(dirname(data))
  let created: boolean
  try {
    created = await retried(() => link(layout, data, { key, onlyIfAbsent }))
  } catch (error) {
    await rename(data, part) // back to where its owner finds it, to try again or to discard it
    throw error
  }
  await syncChange(layout, dirname(path))
  return created
}

async function link(layout: Layout, data: string, { key, onlyIfAbsent }: Pick<Placing, 'key' | 'onlyIfAbsent'>): Promise<boolean> {
  const path = pathOfKey(layout, key)
  await ensureFolder(layout, key.slice(0, Math.max(0, key.lastIndexOf('/'))))
  const text = linkText({ path, data })
  try {
    await symlink(text, path) // fails when the path exists, so that exactly one of several writers succeeds
    return true
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
  if (await isFolder(path)) throw new CatalogueError('blob_conflict', `${key} is a folder`)
  const former = await entryAt(layout, path)
  if (former?.file === data) return true // repeats a finish that was interrupted after the link was made
  if (onlyIfAbsent) throw alreadyThere(key)
  const part = join(layout.incoming, uniqueName())
  await symlink(text, part)
  await rename(part, path)
  if (former && former.file !== path) await rm(former.file, { force: true })
  return former === undefined
}

async function remove(layout: Layout, key: string): Promise<boolean> {
  const path = pathOfKey(layout, key)
  const former = await entryAt(layout, path)
  if (!former) return false
  if (!(await succeeds(absent, unlink(path)))) return false
  await pruneFolders(layout, dirname(path))
  await syncChange(layout, dirname(path))
  if (former.file !== path) await rm(former.file, { force: true })
  return true
}

const isFolder = async (path: string): Promise<boolean> => (await unless(absent, lstat(path)))?.isDirectory() ?? false

// A folder may be pruned after we create it and before we use it, when its last blob is removed at that moment.
async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (let i = 0; i < 20; i++) {
    const done = await unless(['ENOENT'], work())
    if (done !== undefined) return done
  }
  return work()
}
