import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline as piped, Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'

/** What a file held when it was written. */
export interface Seal {
  lines: number
  /** Of the file. */
  size: number
  /** Hexadecimal, of the file. */
  sha256: string
}

/** Writes lines into a compressed file, durably, and returns its seal. */
export async function writeLines(path: string, lines: AsyncIterable<string>): Promise<Seal> {
  const hash = createHash('sha256')
  const seal = { lines: 0, size: 0 }
  async function* counted() {
    for await (const line of lines) {
      seal.lines += 1
      yield `${line}\n`
    }
  }
  const sealing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      seal.size += chunk.length
      done(null, chunk)
    }
  })
  await pipeline(Readable.from(counted()), createGzip(), sealing, createWriteStream(path, { flush: true }))
  return { ...seal, sha256: hash.digest('hex') }
}

/** Yields the lines of such a file. */
export async function* readLines(path: string): AsyncGenerator<string> {
  // an error of the file destroys the last stream, which the loop reports
  const text = piped(createReadStream(path), createGunzip(), () => {}).setEncoding('utf8') as AsyncIterable<string>
  let parts: string[] = []
  for await (const chunk of text) {
    const pieces = chunk.split('\n')
    const last = pieces.pop()!
    for (const piece of pieces) {
      yield [...parts, piece].join('')
      parts = []
    }
    parts.push(last)
  }
}

/** Returns what a file is now: its size and its digest. */
export async function sealOf(path: string): Promise<Omit<Seal, 'lines'>> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    size += chunk.length
  }
  return { size, sha256: hash.digest('hex') }
}
