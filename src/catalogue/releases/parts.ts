import type { Stores } from '../../stores/document-store.ts'
import type { BuildStatuses } from '../builds/build-statuses.ts'
import type { SiteRules } from '../builds/site-rules.ts'
import type { Batches } from '../containers/batch.ts'
import type { Views } from '../lists/views.ts'
import type { Changes } from '../records/changes.ts'
import type { TarballStatuses } from '../tarballs/tarball-status.ts'

/** What the modules of this folder depend on. */
export interface ReleasesParts {
  stores: Pick<Stores, 'containers' | 'summaries' | 'releases'>
  changes: Pick<Changes, 'find' | 'read'>
  views: Pick<Views, 'gather'>
  buildStatuses: Pick<BuildStatuses, 'find'>
  batches: Pick<Batches, 'all'>
  siteRules: Pick<SiteRules, 'requiredOf'>
  /** Absent where there is no store for tarballs. */
  statuses: TarballStatuses | undefined
  now: () => Date
}
