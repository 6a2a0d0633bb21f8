import type { Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { Budget } from './budget.ts'
import { fatal, type Problem } from './problems.ts'
import { isTarHeader, isZeroBlock } from './tar-header.ts'
import { createZstdDecompress } from './zstd.ts'
import type { ZstdRefusal } from './zstd-frames.ts'

export type Compression = 'none' | 'gzip' | 'zstd'

export type Content = 'tar' | 'gzip' | 'zstd' | 'bzip2' | 'xz' | 'json' | 'other'

/** Tells the format of bytes by how they begin; one tar block is enough. File names are not trusted. */
export function contentOf(head: Buffer): Content {
  const magic = head.toString('latin1', 0, 6)
  if (magic.startsWith('\x1f\x8b')) return 'gzip'
  if (magic.startsWith('\x28\xb5\x2f\xfd') || (magic.slice(1, 4) === '\x2aM\x18' && (head[0]! & 0xf0) === 0x50)) return 'zstd'
  if (magic.startsWith('BZh')) return 'bzip2'
  if (magic.startsWith('\xfd7zXZ')) return 'xz'
  if (head.length >= 512 && (isTarHeader(head.subarray(0, 512)) || isZeroBlock(head.subarray(0, 512)))) return 'tar'
  return /^\s*[[{]/.test(head.toString('latin1', 0, 512)) ? 'json' : 'other'
}

export function createDecompressor(compression: 'gzip' | 'zstd', budget: Budget): Transform {
  return compression === 'gzip' ? createGunzip({ chunkSize: 64 * 1024 }) : createZstdDecompress(budget)
}

/** The problem behind a decompressor's error; `what` names what was being unpacked. */
export function decompressionProblem(error: NodeJS.ErrnoException, what: string): Problem {
  const code: string | undefined = error.code
  if (code === 'Z_BUF_ERROR' || code === 'truncated') return fatal('truncated', `the compressed data of ${what} breaks off`)
  if (code === ('zstd_window_too_large' satisfies ZstdRefusal['code'])) return fatal(code, `${what}: ${error.message}`)
  return fatal('compressed_data_corrupt', `${what} cannot be unpacked: ${error.message}`)
}
