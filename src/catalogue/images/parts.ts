import type { BaseImages } from '../builds/base-images.ts'
import type { BuildStatuses } from '../builds/build-statuses.ts'
import type { TarballRemovals } from '../builds/parts.ts'
import type { Publishing } from '../builds/publication.ts'
import type { Views } from '../lists/views.ts'
import type { Records } from '../records/records.ts'
import type { LearningParts } from '../verification/tarball-reading.ts'
import type { Verifier } from '../verification/verifier.ts'

/** What everything in this room is made of. */
export interface ImageParts extends Records, LearningParts {
  buildStatuses: BuildStatuses
  publishing: Publishing
  baseImages: BaseImages
  views: Views
  verifier: Verifier
  removals: TarballRemovals
  /** The addresses that this server knows itself by, besides that of a request. */
  addresses: () => readonly string[]
  /** Whether a tarball is refused that is not proven to be what it is said to be. */
  strict?: boolean | undefined
  /** After so long without a byte an upload is removed; so is the note of one that has ended. Default a day. */
  uploadExpiryMs?: number
}
