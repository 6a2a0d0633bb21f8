import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CatalogueError } from '../../domain/errors.ts'
import type { ByteSource } from '../blob-store.ts'
import { uniqueName } from '../keys.ts'
import { type Ending, readSource } from '../source.ts'
import type { Room } from './room.ts'

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

export const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)

/** Returns undefined when the operation fails with one of the expected codes. */
export async function unless<T>(codes: readonly string[], operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation
  } catch (error) {
    if (codes.includes(String(codeOf(error)))) return undefined
    throw error
  }
}

/** Returns false when the operation fails with one of the expected codes. */
export async function succeeds(codes: readonly string[], operation: Promise<unknown>): Promise<boolean> {
  const succeeded = operation.then(() => true)
  return (await unless(codes, succeeded)) === true
}

export const absent = ['ENOENT', 'ENOTDIR'] as const

/** Translates errors of the file system into CatalogueErrors. */
export async function onDisk<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation
  } catch (error) {
    if (error instanceof CatalogueError) throw error
    const { message } = error as Error
    if (full.has(String(codeOf(error))))
      throw new CatalogueError('store_full', `the object store is full (${String(codeOf(error))})`, { cause: error })
    throw new CatalogueError('store_unavailable', `the object store does not work: ${message}`, { cause: error })
  }
}

/** Creates a folder and its parents. Node's own recursion never ends in an existing folder where nothing can be created, such as /proc. */
export async function makeFolder(path: string): Promise<void> {
  const isThere = async () => (await unless(absent, stat(path)))?.isDirectory() === true
  if (await isThere()) return
  if (dirname(path) !== path) await makeFolder(dirname(path))
  try {
    await mkdir(path)
  } catch (error) {
    // another program created it first
    if (!(await isThere())) throw error
  }
}

/** Makes creations, renames and removals in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export interface Replacing {
  mode?: number
  /** Called with the new file before it is written. */
  onOpened?(handle: FileHandle): Promise<void>
}

/** Replaces a small file atomically and durably. */
export async function replaceFile(path: string, content: string, { mode, onOpened }: Replacing = {}): Promise<void> {
  const part = `${path}.${uniqueName()}`
  try {
    const handle = await open(part, 'wx', mode)
    try {
      await onOpened?.(handle)
      await handle.writeFile(content)
      await handle.datasync()
    } finally {
      await handle.close()
    }
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

const batchSize = 1024 * 1024
const checkEvery = 64 * 1024 * 1024

export interface FileWriting {
  handle: FileHandle
  at: number
  room: Pick<Room, 'check'>
  /** Called with every chunk before it is written. When it throws, writing ends. */
  onChunk(chunk: Uint8Array): void
  /** Called about every so many bytes, when no write is in progress and all `written` bytes are in the file. */
  checkpoint?: { every: number; call(written: number): Promise<void> }
}

/** Writes a source into a file, up to where it fails. While one batch is being written, the next chunks are received and digested. */
export async function writeSource(source: ByteSource, { handle, at, room, onChunk, checkpoint }: FileWriting): Promise<Ending> {
  let batch: Uint8Array[] = []
  let size = 0
  let written = at
  let checked = at
  let marked = at
  let pending: Promise<void> = Promise.resolve()

  async function flush(): Promise<void> {
    await pending
    if (written - checked >= checkEvery) {
      checked = written
      await room.check(size)
    }
    pending = onDisk(writeWhole(handle, batch, written))
    pending.catch(() => {}) // awaited later; until then a rejection must not count as unhandled
    written += size
    batch = []
    size = 0
    if (checkpoint && written - marked >= checkpoint.every) {
      await pending
      marked = written
      await checkpoint.call(written)
    }
  }

  try {
    const ending = await readSource(source, (chunk) => {
      onChunk(chunk)
      batch.push(chunk)
      size += chunk.length
      return size >= batchSize ? flush() : undefined
    })
    if (size > 0) await flush()
    return ending
  } finally {
    await pending // the file must stay open until the write has ended
  }
}

// A single writev may write less than it was given, for example when the disk becomes full.
async function writeWhole(handle: FileHandle, batch: Uint8Array[], at: number): Promise<void> {
  let { bytesWritten: left } = await handle.writev(batch, at)
  let position = at
  for (const chunk of batch) {
    const done = Math.min(left, chunk.length)
    left -= done
    position += done
    for (let from = done; from < chunk.length; ) {
      const { bytesWritten } = await handle.write(chunk, from, chunk.length - from, position)
      from += bytesWritten
      position += bytesWritten
    }
  }
}
