import type { Stats } from 'node:fs'
import { boundedStream } from './bounded-stream.ts'
import { bytesOf, openFile } from './file.ts'
import type { Opening } from './http.ts'
import type { FileLocation } from './location.ts'
import { shownAddress, sourceError } from './refusals.ts'
import type { OpenSource, SourceInfo } from './source.ts'

export async function openFileSource(
  { path }: FileLocation,
  { policy, patience: { idleMs }, life, maxBytes }: Opening
): Promise<OpenSource> {
  const file = await openFile(path, policy.roots)
  const what = shownAddress(path)
  try {
    const { size } = file.stats
    if (size > maxBytes) throw sourceError('too_large', `${what} has ${size} bytes; at most ${maxBytes} are read`)
    const stream = boundedStream(bytesOf(file), { what, life, idleMs, maxBytes, expected: size })
    return { stream, ...infoOf(file.stats, file.path) }
  } catch (error) {
    await file.handle.close()
    throw error
  }
}

export async function probeFile({ path }: FileLocation, roots: readonly string[]): Promise<SourceInfo> {
  const { handle, stats, path: found } = await openFile(path, roots)
  await handle.close()
  return infoOf(stats, found)
}

const infoOf = ({ size, ino, mtime, mtimeMs }: Stats, path: string): SourceInfo => ({
  size,
  etag: `"${ino.toString(36)}-${size.toString(36)}-${mtimeMs.toString(36)}"`,
  modified: mtime.toISOString(),
  via: shownAddress(path)
})
