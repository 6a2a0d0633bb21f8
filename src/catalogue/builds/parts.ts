import type { Architecture } from '../../domain/architecture.ts'
import type { Hash } from '../../domain/image/facts.ts'
import type { Release } from '../../domain/image/task.ts'
import type { Stores } from '../../stores/document-store.ts'
import type { Leases } from '../jobs/leases.ts'
import type { Records } from '../records/records.ts'
import type { FactsStore } from '../verification/image-facts.ts'
import type { Verifier } from '../verification/verifier.ts'
import type { BuildStatuses } from './build-statuses.ts'
import type { SiteRules } from './site-rules.ts'

/** What the build statuses depend on. */
export interface BuildsParts extends Records {
  stores: Stores
  facts: FactsStore
  leases: Leases
  siteRules: SiteRules
  guarded: readonly Architecture[]
  /** Absent where no object store is configured; then nothing is removed either. */
  verifier: Verifier | undefined
  removals: TarballRemovals | undefined
  /** The addresses under which clients reach this server. */
  addresses: () => readonly string[]
  hash: Hash
  now: () => Date
  /** Called when a change is stored but the journal could not take its entry. */
  onAppendFailed(error: unknown, id: string): void
  /** Called when work behind the requests failed unexpectedly. */
  onFailure(error: unknown, what: string): void
}

export interface TarballRemovals {
  /** Keeps tarballs that would be removed because no record names them. */
  keep(urls: readonly string[]): Promise<void>
  /** Releases tarballs that are no longer pending: published, given up, or replaced. Never throws. */
  releaseTarballs(id: string, urls: readonly string[]): Promise<readonly Release[]>
}

/** What the other modules of this folder depend on. */
export interface BuildsContext extends BuildsParts {
  buildStatuses: BuildStatuses
}
