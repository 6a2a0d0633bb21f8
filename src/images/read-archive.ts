import { createHash } from 'node:crypto'
import type { Transform } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Budget } from './budget.ts'
import { type Compression, contentOf, createDecompressor, decompressionProblem } from './compression.ts'
import type { MembersReader } from './members.ts'
import { fatal, type Problem, type ProblemList } from './problems.ts'
import { createTarReader } from './tar-reader.ts'

interface ReadArchive {
  reader: MembersReader
  budget: Budget
  problems: ProblemList
  hashed: boolean
}

// small enough that one chunk neither blocks for long nor unpacks to much
const chunkSize = 256 * 1024
const startLength = 512

/** Streams an archive's bytes, decompressed if necessary, through a reader of its members. */
export async function readArchive(source: AsyncIterable<Uint8Array>, { reader, budget, problems, hashed }: ReadArchive) {
  const hash = hashed ? createHash('sha256') : undefined
  let size = 0
  let unpackedSize = 0
  const onRead = (chunk: Buffer) => {
    hash?.update(chunk)
    size += chunk.length
  }
  const { compression, chunks: unpacked } = await openArchive(source, { budget, problems, onRead })
  const tar = createTarReader({ ...reader.handler, notTar: (head) => notArchive(head, compression) }, budget.limits)

  /** Returns whether the rest is needed. */
  async function take(chunk: Buffer): Promise<boolean> {
    unpackedSize += chunk.length
    if (budget.spent || tar.stopped) return false
    for (let done = tar.write(chunk); ; done = tar.resume()) {
      const settled = reader.settled()
      if (settled !== undefined) await settled
      if (done) return true
      if (budget.spent) return false
      await nextTurn()
    }
  }

  let going = true
  // the source is read to its end even when the rest is not needed, because its writer waits for that
  for await (const chunk of unpacked) {
    if (going) going = await take(chunk)
    else if (compression !== 'none') break
  }
  if (going && !problems.fatal) tar.end()
  await reader.settled()
  return { size, sha256: hash === undefined ? null : hash.digest('hex'), compression, unpackedSize }
}

/** Returns an archive's compression, and the tar in chunks of limited size; it ends early, with a problem, where it cannot be decompressed. */
export async function openArchive(
  source: AsyncIterable<Uint8Array>,
  { budget, problems, onRead }: { budget: Budget; problems: ProblemList; onRead?: (chunk: Buffer) => void }
): Promise<{ compression: Compression; chunks: AsyncGenerator<Buffer> }> {
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const bytes of source) {
      const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      for (let at = 0; at < whole.length; at += chunkSize) {
        const chunk = whole.subarray(at, at + chunkSize)
        onRead?.(chunk)
        budget.read(chunk.length)
        yield chunk
      }
    }
  }
  const read = counted()
  const start = await startOf(read)
  const content = contentOf(start)
  const compression = content === 'gzip' || content === 'zstd' ? content : 'none'
  const chunks = joined(start, read)
  return { compression, chunks: compression === 'none' ? chunks : decompress(chunks, { compression, budget, problems }) }
}

function notArchive(head: Buffer, compression: Compression): Problem {
  const content = contentOf(head)
  if (content === 'gzip' || content === 'zstd') {
    return fatal('compressed_twice', `the archive is ${content} inside ${compression}, which no image loader unpacks`)
  }
  if (content === 'bzip2' || content === 'xz') {
    return fatal('compression_unsupported', `the archive is compressed with ${content}; only gzip, zstd and plain tar are supported`)
  }
  if (head.length === 0) return fatal('empty', 'the archive is empty')
  return fatal('not_a_tar', 'the archive is not a tar, neither plain nor compressed with gzip or zstd')
}

/** Takes the first bytes of a stream, enough to tell its format. */
async function startOf(chunks: AsyncGenerator<Buffer>): Promise<Buffer> {
  let start: Buffer = Buffer.alloc(0)
  while (start.length < startLength) {
    const { value, done } = await chunks.next()
    if (done === true) break
    start = start.length === 0 ? value : Buffer.concat([start, value])
  }
  return start
}

async function* joined(start: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (start.length > 0) yield start
  yield* rest
}

interface Decompress {
  compression: 'gzip' | 'zstd'
  budget: Budget
  problems: ProblemList
}

/** Decompresses a stream. When it is corrupt, the result ends early and a problem says why. */
export async function* decompress(chunks: AsyncGenerator<Buffer>, { compression, budget, problems }: Decompress): AsyncGenerator<Buffer> {
  const stream = createDecompressor(compression, budget)
  let sourceError: unknown
  const feeding = feed(chunks, stream).catch((error: unknown) => {
    sourceError = error ?? new Error('the source failed')
    stream.destroy()
  })
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      budget.unpacked(chunk.length)
      if (budget.spent) break
      yield chunk
    }
  } catch (error) {
    if (sourceError === undefined) problems.add(decompressionProblem(error as NodeJS.ErrnoException, 'the archive'))
  } finally {
    stream.destroy()
    await feeding
  }
  if (sourceError !== undefined) throw sourceError
}

/** Writes a source into a decompressor. When the decompressor has failed, the rest is read and discarded. */
async function feed(chunks: AsyncGenerator<Buffer>, stream: Transform): Promise<void> {
  for await (const chunk of chunks) {
    if (stream.destroyed || stream.writableEnded) continue
    if (!stream.write(chunk)) await drained(stream)
  }
  stream.end()
}

const drained = (stream: Transform): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done)
      resolve()
    }
    stream.once('drain', done).once('close', done)
  })
