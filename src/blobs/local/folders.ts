import { lstat, readdir, realpath, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CatalogueError } from '../../domain/errors.ts'
import type { Folders } from '../blob-store.ts'
import { checkKey, folderMarker } from '../keys.ts'
import { absent, codeOf, onDisk, syncFolder, unless } from './disk.ts'
import { ensureFolder, type Layout, pathOfKey, pruneFolders, syncChange } from './layout.ts'

export function localFolders(layout: Layout): Folders {
  async function isFolder(key: string): Promise<boolean> {
    const path = pathOfKey(layout, key)
    const real = await unless([...absent, 'ELOOP'], realpath(path))
    return real === path && (await lstat(path)).isDirectory()
  }

  async function make(key: string): Promise<boolean> {
    const path = pathOfKey(layout, key)
    if (await isFolder(key)) return false
    await ensureFolder(layout, key)
    await writeFile(join(path, folderMarker), '')
    await syncFolder(path)
    return true
  }

  async function remove(key: string): Promise<boolean> {
    const path = pathOfKey(layout, key)
    if (!(await isFolder(key))) return false
    const full = () => new CatalogueError('blob_conflict', `${key} is not empty`)
    if ((await readdir(path)).some((name) => name !== folderMarker)) throw full()
    await rm(join(path, folderMarker), { force: true })
    await rmdir(path).catch((error) => {
      throw codeOf(error) === 'ENOTEMPTY' ? full() : error
    })
    await pruneFolders(layout, dirname(path))
    await syncChange(layout, dirname(path))
    return true
  }

  return {
    exists: async (key) => key === '' || onDisk(isFolder(checkKey(key))),
    make: async (key) => onDisk(make(checkKey(key))),
    remove: async (key) => onDisk(remove(checkKey(key)))
  }
}
