import type { ImageLimits } from './limits.ts'
import type { PaxRecords } from './pax.ts'
import { type Problem, quoted } from './problems.ts'
import type { BodyMap, Run } from './sparse-map.ts'

export interface TarMember {
  name: string
  /** 'device' is a device or a pipe; 'unknown' is a type that readers of images refuse. */
  type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'device' | 'unknown'
  /** Where a link points. */
  target: string
  /** Of the whole file, in bytes. */
  size: number
  /** How many of them are zeros that the tar does not hold. */
  holes: number
}

export interface TarHandler {
  member(member: TarMember): void
  /** Bytes of the last member, when it is a file. */
  data(chunk: Buffer): void
  /** A run of zeros in a sparse file. Without this function they come as data. */
  hole?(length: number): void
  memberEnd(): void
  problem(problem: Problem): void
  /** What to say of a stream that does not begin as a tar; `head` is its first block, or less. */
  notTar(head: Buffer): Problem
}

export type TarState = 'header' | 'extension' | 'sparse-map' | 'body' | 'padding' | 'after-end' | 'stopped'

/** Where a reader is in its tar. */
export interface TarReading {
  readonly handler: TarHandler
  readonly limits: ImageLimits
  state: TarState
  /** What was written last, where in it the reader is, and how many bytes of the tar came before it. */
  chunk: Buffer
  at: number
  before: number
  /** Bytes of the current piece that are still to come, and the padding behind it. */
  remaining: number
  padding: number
  zeroBlocks: number
  begun: boolean
  /** A block that comes in pieces. */
  readonly block: Buffer
  filled: number
  extension: { flag: string; body: Buffer; filled: number } | undefined
  /** What extension headers say about the next member. */
  ahead: Ahead
  /** Whether the current member's bytes are handed on. */
  wanted: boolean
  sparse: Sparse | undefined
}

interface Ahead {
  pax?: PaxRecords
  longName?: string
  longTarget?: string
}

/** A sparse file that is being read: its map first where that stands in the body, then its runs. */
export interface Sparse {
  member: TarMember
  map: BodyMap
  mapLength: number
  /** Bytes of the tar that the file takes. */
  stored: number
  runs: Run[]
  /** How many runs were begun. */
  begun: number
  /** Zeros of the current run that are still to be handed on. */
  hole: number
}

/** Gives up, for a reason that makes the tar unreadable. */
export function stopReading(reading: TarReading, { code, message }: Omit<Problem, 'fatal'>): void {
  reading.state = 'stopped'
  reading.handler.problem({ code, message: `${message} (at byte ${reading.before + reading.at} of the tar)`, fatal: true })
}

/** Tells the handler of a member. */
export function announce(reading: TarReading, member: TarMember) {
  const { pathLength } = reading.limits
  const tooLong = member.name.length > pathLength || member.target.length > pathLength
  reading.wanted = !tooLong && member.type !== 'unknown'
  reading.state = 'body'
  if (!tooLong) return reading.handler.member(member)
  const message = `a name of more than ${pathLength} characters was left out: ${quoted(member.name)}`
  reading.handler.problem({ code: 'name_too_long', message, fatal: false })
}

export function endMember(reading: TarReading): void {
  if (reading.wanted) reading.handler.memberEnd()
  reading.sparse = undefined
  endPiece(reading)
}

/** Goes on behind a piece: with its padding, or with the next header. */
export function endPiece(reading: TarReading): void {
  reading.remaining = reading.padding
  reading.state = reading.padding === 0 ? 'header' : 'padding'
}
