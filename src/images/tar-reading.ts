import type { ImageLimits } from './limits.ts'
import type { PaxRecords } from './pax.ts'
import { type Problem, quoted } from './problems.ts'
import type { BodyMap, Run } from './sparse-map.ts'
import { blockSize } from './tar-header.ts'

export interface TarMember {
  name: string
  /** 'device' includes pipes; 'unknown' is any type that image loaders refuse. */
  type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'device' | 'unknown'
  /** The target of a link. */
  target: string
  /** Size of the expanded file, in bytes. */
  size: number
  /** Whether anybody may execute it. */
  executable: boolean
  /** How many of them are zeros in holes, which the tar does not store. */
  holes: number
  /** Where its bytes begin in the tar; undefined for a sparse file, whose bytes are not in one piece. */
  offset: number | undefined
}

export interface TarHandler {
  member(member: TarMember): void
  /** Bytes of the last member, when it is a file. */
  data(chunk: Buffer): void
  /** A run of zeros in a sparse file. Handlers without this method receive the zeros as data. */
  hole?(length: number): void
  memberEnd(): void
  problem(problem: Problem): void
  /** Describes a stream that does not begin like a tar; `head` is its first block, or less. */
  notTar(head: Buffer): Problem
}

export type TarReading = ReturnType<typeof beginReading>

type TarState = 'header' | 'extension' | 'sparse-map' | 'body' | 'padding' | 'after-end' | 'stopped'

/** Returns the state of a tar reader at the beginning. */
export const beginReading = (handler: TarHandler, limits: ImageLimits) => ({
  handler,
  limits,
  state: 'header' as TarState,
  /** The current chunk, the reader's position in it, and the number of bytes before the chunk. */
  chunk: Buffer.alloc(0) as Buffer,
  at: 0,
  before: 0,
  /** Bytes left of the current body or padding, and the padding that follows the body. */
  remaining: 0,
  padding: 0,
  zeroBlocks: 0,
  begun: false,
  /** A block that is split across chunks, and how much of it has arrived. */
  block: Buffer.allocUnsafe(blockSize),
  filled: 0,
  extension: undefined as { flag: string; body: Buffer; filled: number } | undefined,
  /** What extension headers said about the next member. */
  ahead: {} as { pax?: PaxRecords; longName?: string; longTarget?: string },
  /** Whether the handler receives the current member's bytes. */
  wanted: false,
  sparse: undefined as Sparse | undefined
})

/** A sparse file that is being read: first its map, if that is in the body, then its runs. */
export interface Sparse {
  member: TarMember
  map: BodyMap
  mapLength: number
  /** Bytes that the tar stores for the file. */
  stored: number
  runs: Run[]
  /** How many runs have begun. */
  begun: number
  /** Zeros left to deliver for the current hole. */
  hole: number
}

/** Stops reading for a problem that makes the tar unreadable. */
export function stopReading(reading: TarReading, problem: Problem): void {
  reading.state = 'stopped'
  reading.handler.problem({ ...problem, message: `${problem.message} (at byte ${reading.before + reading.at} of the tar)` })
}

/** Passes a member to the handler. */
export function announce(reading: TarReading, member: TarMember) {
  const { pathLength } = reading.limits
  const tooLong = member.name.length > pathLength || member.target.length > pathLength
  reading.wanted = !tooLong && member.type !== 'unknown'
  reading.state = 'body'
  if (!tooLong) return reading.handler.member(member)
  const message = `a file whose name has more than ${pathLength} characters was ignored: ${quoted(member.name)}`
  reading.handler.problem({ code: 'name_too_long', message, fatal: false })
}

export function endMember(reading: TarReading): void {
  if (reading.wanted) reading.handler.memberEnd()
  reading.sparse = undefined
  endPiece(reading)
}

/** Continues after a body: with its padding, or with the next header. */
export function endPiece(reading: TarReading): void {
  reading.remaining = reading.padding
  reading.state = reading.padding === 0 ? 'header' : 'padding'
}
