import type { BlobStore } from '../../../blobs/blob-store.ts'
import type { Stores } from '../../../stores/document-store.ts'
import type { TaskQueue } from '../../jobs/task-queue.ts'
import type { FactsStore } from '../../verification/image-facts.ts'
import type { Removals } from '../removals.ts'
import type { CheckedCounts, FindingKind } from './findings.ts'

export interface FsckSettings {
  blobs: BlobStore
  /** Returns the SHA-256 of a stream of bytes, hexadecimal. */
  digestOf: (bytes: AsyncIterable<Uint8Array>) => Promise<string>
  /** Addresses under which this server knows itself. */
  addresses: () => readonly string[]
  /** Since when no other process writes tarballs, where that is known: what is older and unfinished is left over. */
  aloneSince: Date | undefined
}

export interface FsckParts extends FsckSettings {
  stores: Pick<Stores, 'containers' | 'buildStatuses' | 'facts' | 'tasks' | 'oci' | 'releases'>
  facts: Pick<FactsStore, 'read'>
  queue: Pick<TaskQueue, 'add'>
  removals: Pick<Removals, 'pending'>
  now: () => Date
  /** How old an object must be to be removed because nothing names it. */
  graceMs: number
  /** How long an upload may stand still before it expires. */
  expiryMs: number
}

export interface FsckOptions {
  /** Read every byte. */
  deep: boolean
  repair: ReadonlySet<FindingKind>
  /** The address of the request. */
  publicUrl: string | undefined
  signal: AbortSignal
  /** How many keys are held in memory; the records are walked once for each stretch of that many keys. */
  stretchSize?: number
}

export interface FsckRun extends FsckParts, FsckOptions {
  checked: CheckedCounts
}
