import type { BlobStore } from '../../../blobs/blob-store.ts'
import type { DocumentStore } from '../../../stores/document-store.ts'
import type { TaskQueue } from '../../jobs/task-queue.ts'
import type { FactsStore } from '../../verification/image-facts.ts'
import type { Naming } from '../naming.ts'
import type { Removals } from '../removals.ts'
import type { Checked, FindingKind } from './findings.ts'

export interface FsckParts {
  containers: DocumentStore
  buildStatuses: DocumentStore
  factsStore: DocumentStore
  tasks: DocumentStore
  facts: FactsStore
  blobs: BlobStore
  naming: Naming
  queue: TaskQueue
  removals: Pick<Removals, 'pending'>
  now: () => Date
  /** SHA-256 of bytes as they come, hexadecimal. */
  digestOf: (bytes: AsyncIterable<Uint8Array>) => Promise<string>
  /** Addresses under which this server knows itself. */
  addresses: () => readonly string[]
  /** How old an object must be to be removed because nobody names it. */
  graceMs: number
  /** How long an upload may stand still before it is given up. */
  expiryMs: number
  /**
   * Since when nobody but this process writes tarballs, where that is known: whatever an earlier process left unfinished then is
   * known to be left.
   */
  aloneSince: Date | undefined
}

export interface FsckOptions {
  /** Read every byte. */
  deep: boolean
  /** What to mend; nothing by default. */
  repair: ReadonlySet<FindingKind>
  /** The address that it was asked under. */
  publicUrl: string | undefined
  signal: AbortSignal
  /** How many keys are held at once; the records are walked once for each such stretch of keys. */
  stretchSize?: number
}

export interface Run extends FsckParts, FsckOptions {
  checked: Checked
}

/** What is younger may be about to be registered, and is not judged. */
export const youngMs = 15 * 60_000
