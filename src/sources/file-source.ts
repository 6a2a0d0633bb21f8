import { constants, type Stats } from 'node:fs'
import { type FileHandle, open, readlink, realpath, stat } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import { Readable } from 'node:stream'
import { isCatalogueError } from '../domain/errors.ts'
import { boundedStream } from './bounded-stream.ts'
import type { Opening } from './http.ts'
import type { FileLocation } from './location.ts'
import { failureReason, shownAddress, sourceError } from './refusals.ts'
import type { OpenSource, SourceInfo } from './source.ts'

export async function openFileSource({ path }: FileLocation, opening: Opening): Promise<OpenSource> {
  const file = await openFile(path, opening.policy.roots)
  try {
    const stream = boundedStream(bytesOf(file), { ...opening, what: shownAddress(path), expected: file.stats.size })
    return { stream, ...infoOf(file) }
  } catch (error) {
    await file.handle.close()
    throw error
  }
}

export async function probeFile({ path }: FileLocation, { policy }: Opening): Promise<SourceInfo> {
  const file = await openFile(path, policy.roots)
  await file.handle.close()
  return infoOf(file)
}

const infoOf = ({ stats: { size, ino, mtime, mtimeMs }, path }: OpenedFile): SourceInfo => ({
  size,
  etag: `"${ino.toString(36)}-${size.toString(36)}-${mtimeMs.toString(36)}"`,
  modified: mtime.toISOString(),
  via: shownAddress(path)
})

interface OpenedFile {
  handle: FileHandle
  /** The path with all links resolved. */
  path: string
  stats: Stats
}

/** Opens a regular file under a root; checked before, so that no device is opened, and after, as a folder may have become a link. */
async function openFile(path: string, roots: readonly string[]): Promise<OpenedFile> {
  const root = rootOf(resolve(path), roots)
  // outside the roots a client must not even learn whether a file exists
  if (root === undefined) throw outside(path, resolve(path))
  const real = await realpath(path).catch((error) => absent(path, { root, error }))
  const realRoots = await Promise.all(roots.map((each) => realpath(each).catch(() => each)))
  if (!rootOf(real, realRoots)) throw outside(path, real)
  checkRegular(path, await stat(real).catch((error) => absent(path, { root, error })))
  const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((error) =>
    absent(path, { root, error })
  )
  try {
    const stats = await handle.stat()
    checkRegular(path, stats)
    const opened = await pathOf(handle, real)
    if (!rootOf(opened, realRoots)) throw outside(path, opened)
    return { handle, path: opened, stats }
  } catch (error) {
    await handle.close()
    if (isCatalogueError(error)) throw error
    return absent(path, { root, error })
  }
}

/** Streams the bytes that the file had when it was opened, and closes the handle with the stream. */
const bytesOf = ({ handle, stats: { size } }: OpenedFile): Readable =>
  size === 0 ? nothing(handle) : handle.createReadStream({ start: 0, end: size - 1, highWaterMark: 256 * 1024 })

function nothing(handle: FileHandle): Readable {
  return new Readable({
    read() {
      this.push(null)
    },
    destroy(error, done) {
      handle.close().then(() => done(error), done)
    }
  })
}

const rootOf = (path: string, roots: readonly string[]) =>
  roots.find((root) => path === root || path.startsWith(root.endsWith(sep) ? root : root + sep))

/** Returns the current path of an open file. Only Linux provides it; elsewhere the path must still lead to the same file. */
async function pathOf(handle: FileHandle, path: string): Promise<string> {
  if (process.platform === 'linux') return await readlink(`/proc/self/fd/${handle.fd}`)
  const again = await realpath(path)
  const [ours, there] = await Promise.all([handle.stat(), stat(again)])
  if (ours.ino !== there.ino || ours.dev !== there.dev) throw Object.assign(new Error('changed'), { code: 'ECHANGED' })
  return again
}

const outside = (path: string, found: string) =>
  sourceError(
    'source_forbidden',
    `${shownAddress(path)} ${found === path ? 'is' : 'leads'} outside the directories in LEPORELLO_VERIFY_ROOTS; add a directory that contains it to allow it`
  )

function checkRegular(path: string, stats: Stats): void {
  if (stats.isFile()) return
  const found = stats.isDirectory() ? 'a directory' : stats.isFIFO() ? 'a pipe' : stats.isSocket() ? 'a socket' : 'a device'
  throw sourceError('source_unsupported', `${shownAddress(path)} is ${found}; only regular files are read`)
}

/** Throws source_gone for a missing file, but source_unavailable when its root is missing, too: the file system may not be mounted. */
async function absent(path: string, { root, error }: { root: string; error: unknown }): Promise<never> {
  const reason = failureReason(error)
  const missing = reason === 'ENOENT' || reason === 'ENOTDIR'
  if (!missing) throw sourceError('source_unavailable', `${shownAddress(path)} cannot be read (${reason})`, error)
  if (await stat(root).catch(() => undefined)) throw sourceError('source_gone', `${shownAddress(path)} does not exist`, error)
  const message = `${shownAddress(path)} cannot be looked for: ${root}, from LEPORELLO_VERIFY_ROOTS, is not there; is it mounted?`
  throw sourceError('source_unavailable', message, error)
}
