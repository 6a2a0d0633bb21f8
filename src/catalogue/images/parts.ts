import type { BaseImages } from '../builds/base-images.ts'
import type { BuildsContext, TarballRemovals } from '../builds/parts.ts'
import type { Publishing } from '../builds/publication.ts'
import type { Views } from '../lists/views.ts'
import type { Records } from '../records/records.ts'
import type { LearningParts } from '../verification/tarball-reading.ts'
import type { Verifier } from '../verification/verifier.ts'

/** What the modules of this folder depend on. */
export interface ImageParts extends Pick<BuildsContext, keyof Records | 'buildStatuses' | 'addresses'>, LearningParts {
  publishing: Publishing
  baseImages: BaseImages
  views: Views
  verifier: Verifier
  removals: TarballRemovals
  /** Whether a tarball that is not proven to be what it claims is refused. */
  strict?: boolean | undefined
  /** How long an upload may make no progress, and how long the note of an ended one is kept; default one day. */
  uploadExpiryMs?: number
}
