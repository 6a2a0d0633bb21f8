import { createHash } from 'node:crypto'
import type { ByteSource, OpenBlob } from '../../src/blobs/blob-store.ts'

export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

/** Bytes that repeat only after a prime, so that pieces out of place show. */
export function someBytes(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size)
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i % 251) * seed + seed) & 0xff
  return bytes
}

export async function* from(bytes: Uint8Array | string, chunk = 64 * 1024): AsyncGenerator<Uint8Array> {
  const all = Buffer.from(bytes)
  for (let i = 0; i < all.length; i += chunk) yield all.subarray(i, i + chunk)
}

/** So many bytes without making them: the same chunk again and again, each counted in its first four. */
export async function* many(size: number, onYield: (sent: number) => void = () => {}): AsyncGenerator<Uint8Array> {
  const chunk = 64 * 1024
  for (let sent = 0; sent < size; sent += chunk) {
    const bytes = Buffer.alloc(Math.min(chunk, size - sent), 7)
    if (bytes.length >= 4) bytes.writeUInt32LE(sent / chunk)
    onYield(sent)
    yield bytes
  }
}

/** Breaks off behind these bytes, as a connection does. */
export async function* broken(source: ByteSource, error = new Error('the client went away')): AsyncGenerator<Uint8Array> {
  yield* source
  throw error
}

export async function drain({ stream }: Pick<OpenBlob, 'stream'>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

export async function digestOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of source) hash.update(chunk)
  return hash.digest('hex')
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
