import type { Stores } from '../../stores/document-store.ts'
import type { TaskQueue } from '../jobs/task-queue.ts'
import { type SingleImage, type SingleImageRequest, verifySingle } from '../lists/single-image.ts'
import type { FactsStore } from '../verification/image-facts.ts'
import type { ReadingParts } from '../verification/tarball-reading.ts'
import type { FsckLine } from './fsck/findings.ts'
import { runFsck } from './fsck/fsck.ts'
import type { FsckOptions, FsckSettings } from './fsck/parts.ts'
import { sweepLeftovers } from './fsck/uploads.ts'
import { createRemovals, type RemovalSettings, type Removals } from './removals.ts'
import { createTarballStatuses, type TarballStatuses } from './tarball-status.ts'

/** The tarballs of our own store: whether they exist, when they are removed, and how they differ from the records. */
export interface Tarballs {
  removals: Removals
  statuses: TarballStatuses
  upkeep: Upkeep
}

/** Operations that an operator starts. */
export interface Upkeep {
  /** Reads the one image of a record that names only `url`. Throws container_unknown, image_missing. */
  verifySingle(request: SingleImageRequest): Promise<SingleImage>
  /** Yields discrepancies between records, facts and tarballs as they are found, and then a summary. */
  fsck(options: FsckOptions): AsyncGenerator<FsckLine>
  /** Removes what killed puts left behind, as fsck's repair would, and returns how many leftovers there were. */
  sweep(signal: AbortSignal): Promise<number>
}

export interface TarballSettings extends FsckSettings, Omit<ReadingParts, 'now'> {
  removal: RemovalSettings
  /** How long a claimed task stays with a replica that shows no sign of life. */
  leaseMs: number
  /** How long an upload may stand still, over restarts; default a day. */
  uploadExpiryMs?: number
}

interface TarballsParts {
  stores: Stores
  facts: FactsStore
  queue: TaskQueue
  now: () => Date
  settings: TarballSettings
}

export function createTarballs({ settings, ...parts }: TarballsParts): Tarballs {
  const { removal, uploadExpiryMs: expiryMs = 24 * 3_600_000 } = settings
  const context = { ...settings, ...removal, ...parts, expiryMs }
  const removals = createRemovals(context)
  const checks = { ...context, removals }
  return {
    removals,
    statuses: createTarballStatuses(checks),
    upkeep: {
      verifySingle: (request) => verifySingle(context, request),
      fsck: (options) => runFsck(checks, options),
      sweep: (signal) => sweepLeftovers(checks, signal)
    }
  }
}
