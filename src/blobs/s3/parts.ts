import type { ByteSource } from '../blob-store.ts'
import { readSource } from '../source.ts'

const mega = 1024 * 1024

/**
 * Returns the size of a part by its number, so that a continued upload is cut at the same places. S3 requires at least 5 MB and accepts
 * 10,000 parts: 40 GB in small ones, then 300 GB more. Some servers require equal parts, which they are up to 40 GB.
 */
export const partSize = (number: number): number => (number <= 5000 ? 8 : 64) * mega

/** Returns how many bytes the first parts contain. */
export const sizeOfParts = (count: number): number => (Math.min(count, 5000) * 8 + Math.max(0, count - 5000) * 64) * mega

export interface UploadPart {
  number: number
  body: Buffer
}

export interface Cutting {
  /** The number of the first part. */
  number: number
  /** The bytes that the first part begins with. */
  carried?: Uint8Array
  onChunk(chunk: Uint8Array): void
  /** Called with every full part but the last. It may use the buffer until it calls `free`. */
  take(part: UploadPart, free: () => void): Promise<void>
}

/** Cuts a source into parts. Returns the last one, which may be empty: how the source ended decides what is done with it. */
export async function cutParts(source: ByteSource, { number, carried, onChunk, take }: Cutting) {
  const spare: Buffer[] = []
  let current = number
  let filled = 0
  let buffer = fresh()

  // Buffers of this size become garbage faster than it is collected, so they are reused.
  function fresh(): Buffer {
    const size = partSize(current)
    const index = spare.findIndex(({ length }) => length === size)
    return index < 0 ? Buffer.allocUnsafeSlow(size) : spare.splice(index, 1)[0]!
  }

  async function add(chunk: Uint8Array): Promise<void> {
    for (let from = 0; from < chunk.length; ) {
      if (filled === buffer.length) {
        const full = buffer
        await take({ number: current, body: full }, () => spare.push(full))
        current++
        buffer = fresh()
        filled = 0
      }
      const some = chunk.subarray(from, from + buffer.length - filled)
      buffer.set(some, filled)
      filled += some.length
      from += some.length
      onChunk(some)
    }
  }

  if (carried) {
    buffer.set(carried)
    filled = carried.length
  }
  const ending = await readSource(source, add)
  const last: UploadPart = { number: current, body: buffer.subarray(0, filled) }
  return { ending, last }
}

/** Starts work a few items at a time. A failure is thrown at the next start, or at the end. */
export function createQueue(atOnce: number): { start(work: () => Promise<void>): Promise<void>; settle(): Promise<void> } {
  const underWay = new Set<Promise<void>>()
  let failure: { error: unknown } | undefined
  const check = () => {
    if (failure) throw failure.error
  }
  return {
    async start(work) {
      while (underWay.size >= atOnce) await Promise.race(underWay)
      check()
      const running = work()
        .catch((error) => {
          failure ??= { error }
        })
        .finally(() => underWay.delete(running))
      underWay.add(running)
    },
    async settle() {
      await Promise.all(underWay)
      check()
    }
  }
}
