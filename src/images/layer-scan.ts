import { createHash } from 'node:crypto'
import type { Transform } from 'node:stream'
import type { Budget } from './budget.ts'
import { type Compression, contentOf, createDecompressor, decompressionProblem } from './compression.ts'
import type { LayerLog } from './layer-changes.ts'
import { createLayerLog } from './layer-log.ts'
import { fatal, type Problem, quoted } from './problems.ts'
import { createTarReader } from './tar-reader.ts'

/** What is kept of a layer after it was read. */
export interface LayerSummary {
  compression: Compression
  /** SHA-256 digest and size, in bytes, of the uncompressed tar. */
  diffId: string
  unpackedSize: number
  log: LayerLog
  problems: Problem[]
}

export type LayerScan = ReturnType<typeof createLayerScan>

const mostProblems = 5

/** Reads one layer as a stream and hashes its uncompressed tar. Messages mention the member's `name`. */
export function createLayerScan(name: string, { compression, budget }: { compression: Compression; budget: Budget }) {
  const problems: Problem[] = []
  const problem = (found: Problem) => {
    if (problems.length >= mostProblems && (!found.fatal || problems.some(({ fatal }) => fatal))) return
    problems.push({ ...found, message: `layer ${quoted(name)}: ${found.message}` })
  }
  const { handler, log, close } = createLayerLog(budget, problem)
  const tar = createTarReader({ ...handler, notTar: (head) => notLayer(head, compression) }, budget.limits)
  // an uncompressed layer is its own tar, which the caller has hashed already
  const hash = compression === 'none' ? undefined : createHash('sha256')
  let unpackedSize = 0

  function unpacked(chunk: Buffer): void {
    unpackedSize += chunk.length
    hash?.update(chunk)
    if (!budget.spent) tar.write(chunk)
  }

  const decompressor = compression === 'none' ? undefined : createDecompressor(compression, budget)
  let settling: Promise<void> | undefined
  let settle = () => {}
  decompressor?.on('data', (chunk: Buffer) => {
    budget.unpacked(chunk.length)
    unpacked(chunk)
    if (budget.spent) decompressor.destroy()
  })
  decompressor?.on('error', (error) => problem(decompressionProblem(error, 'it')))
  // zlib never calls back for a write that failed
  decompressor?.once('close', () => settle())

  /** Sends the decompressor a chunk, or its end. */
  function send(stream: Transform, chunk?: Buffer): void {
    if (stream.destroyed) return
    settling = new Promise((resolve) => {
      settle = resolve
      if (chunk === undefined) stream.end()
      else stream.write(chunk, () => resolve())
    })
  }

  return {
    write: (chunk: Buffer): void => (decompressor === undefined ? unpacked(chunk) : send(decompressor, chunk)),
    end(): void {
      if (decompressor !== undefined) send(decompressor)
    },
    /** Resolves when everything written so far has been processed; undefined when it already has been. */
    settled: () => settling,
    /** Returns the result. Call it once the scan has ended and settled. `digest` is the digest of the compressed bytes. */
    summary(digest: string): LayerSummary {
      if (problems.every(({ fatal }) => !fatal)) tar.end()
      close()
      return { compression, diffId: hash === undefined ? digest : `sha256:${hash.digest('hex')}`, unpackedSize, log, problems }
    }
  }
}

function notLayer(head: Buffer, compression: Compression): Problem {
  const content = contentOf(head)
  if (content !== 'gzip' && content !== 'zstd') return fatal('layer_not_tar', 'it is not a tar')
  return fatal('compressed_twice', `it is ${content} inside ${compression}, which no image loader unpacks`)
}
