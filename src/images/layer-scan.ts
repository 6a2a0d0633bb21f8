import { createHash } from 'node:crypto'
import type { Transform } from 'node:stream'
import type { Budget } from './budget.ts'
import { type Compression, contentOf, createDecompressor, decompressionProblem } from './compression.ts'
import type { LayerLog } from './layer-changes.ts'
import { createLayerLog } from './layer-log.ts'
import type { Problem } from './problems.ts'
import { quoted } from './problems.ts'
import { createTarReader } from './tar-reader.ts'

/** What is left of a layer when its bytes have gone by. */
export interface LayerSummary {
  compression: Compression
  /** SHA-256 and size of the tar within. */
  diffId: string
  unpackedSize: number
  log: LayerLog
  problems: Problem[]
}

export interface LayerScan {
  write(chunk: Buffer): void
  end(): void
  /** Resolves when what was written so far has been looked at; undefined when it has been already. */
  settled(): Promise<unknown> | undefined
  /** To be taken when the scan was ended and has settled, with the digest of the bytes as they were written. */
  summary(digest: string): LayerSummary
}

const mostProblems = 5

/** Reads one layer as it goes by, hashing what it unpacks to. `name` is the member's, for messages. */
export function createLayerScan(name: string, { compression, budget }: { compression: Compression; budget: Budget }): LayerScan {
  const problems: Problem[] = []
  const problem = (found: Problem) => {
    if (problems.length < mostProblems || (found.fatal && !problems.some(({ fatal }) => fatal))) {
      problems.push({ ...found, message: `layer ${quoted(name)}: ${found.message}` })
    }
  }
  const { handler, log, close } = createLayerLog(budget, problem)
  const tar = createTarReader({ ...handler, notTar: (head) => notLayer(head, compression) }, budget.limits)
  // what is not compressed is the tar already, and has been hashed by who hands it over
  const hash = compression === 'none' ? undefined : createHash('sha256')
  let unpackedSize = 0

  function unpacked(chunk: Buffer): void {
    unpackedSize += chunk.length
    hash?.update(chunk)
    if (!budget.spent) tar.write(chunk)
  }

  const decompressor = compression === 'none' ? undefined : startDecompressor(createDecompressor(compression, budget))
  let settling: Promise<void> | undefined
  let settle = () => {}

  function startDecompressor(stream: Transform): Transform {
    stream.on('data', (chunk: Buffer) => {
      budget.unpacked(chunk.length)
      unpacked(chunk)
      if (budget.spent) stream.destroy()
    })
    stream.on('error', (error) => problem(decompressionProblem(error, 'it')))
    // zlib never calls back a write that failed
    stream.once('close', () => settle())
    return stream
  }

  return {
    write(chunk) {
      if (decompressor === undefined) return unpacked(chunk)
      if (decompressor.destroyed) return
      settling = new Promise((resolve) => {
        settle = resolve
        decompressor.write(chunk, () => resolve())
      })
    },
    end() {
      if (decompressor === undefined || decompressor.destroyed) return
      settling = new Promise((resolve) => {
        settle = resolve
        decompressor.end()
      })
    },
    settled: () => settling,
    summary(digest) {
      if (problems.every(({ fatal }) => !fatal)) tar.end()
      close()
      return { compression, diffId: hash === undefined ? digest : `sha256:${hash.digest('hex')}`, unpackedSize, log, problems }
    }
  }
}

function notLayer(head: Buffer, compression: Compression): Problem {
  const content = contentOf(head)
  if (content !== 'gzip' && content !== 'zstd') return { code: 'layer_not_tar', message: 'it is no tar', fatal: true }
  return { code: 'compressed_twice', message: `it is ${content} within ${compression}, which no reader of images unpacks`, fatal: true }
}
