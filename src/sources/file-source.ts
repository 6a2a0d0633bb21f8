import type { Stats } from 'node:fs'
import { boundedStream } from './bounded-stream.ts'
import { bytesOf, openFile } from './file.ts'
import type { Life } from './life.ts'
import type { FileLocation } from './location.ts'
import { shownAddress, sourceError } from './refusals.ts'
import type { OpenSource, SourceInfo, SourceRange } from './source.ts'

export async function openFileSource(
  { path }: FileLocation,
  {
    roots,
    range,
    life,
    maxBytes,
    idleMs
  }: { roots: readonly string[]; range?: SourceRange | undefined; life: Life; maxBytes: number; idleMs: number }
): Promise<OpenSource> {
  const file = await openFile(path, roots)
  const what = shownAddress(path)
  try {
    const { size } = file.stats
    const first = range?.first ?? 0
    const last = Math.min(range?.last ?? size - 1, size - 1)
    if (range && first > last)
      throw sourceError('range_invalid', `${what} has ${size} bytes: none of them lies in the range ${first}-${range.last ?? ''}`)
    if (size > maxBytes) throw sourceError('too_large', `${what} has ${size} bytes; at most ${maxBytes} are read`)
    const stream = boundedStream(bytesOf(file, { first, last }), { what, life, idleMs, maxBytes, expected: last - first + 1 })
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
