import type { Architecture } from '../../domain/architecture.ts'
import type { Hash } from '../../domain/image/facts.ts'
import type { Release } from '../../domain/image/task.ts'
import type { Stores } from '../../stores/document-store.ts'
import type { Records } from '../records/records.ts'
import type { FactsStore } from '../verification/image-facts.ts'
import type { Verifier } from '../verification/verifier.ts'
import type { BuildStatuses } from './build-statuses.ts'
import type { SiteRules } from './site-rules.ts'

/** What the build statuses are made of. */
export interface BuildsParts extends Records {
  stores: Pick<Stores, 'buildStatuses' | 'jobSpecs'>
  facts: FactsStore
  siteRules: SiteRules
  guarded: readonly Architecture[]
  /** Absent where there is no store for tarballs; so are the removals. */
  verifier: Verifier | undefined
  removals: TarballRemovals | undefined
  /** The addresses that this server knows itself by. */
  addresses: () => readonly string[]
  hash: Hash
  now: () => Date
  /** The change is stored, but the journal could not take its entry. */
  onAppendFailed(error: unknown, id: string): void
}

export interface TarballRemovals {
  /** Keeps tarballs that are to be removed because no record names them. */
  keep(urls: readonly string[]): Promise<void>
  /** Hears of tarballs that are not pending any more: published, given up, or replaced. It never throws. */
  releaseTarballs(id: string, urls: readonly string[]): Promise<readonly Release[]>
}

/** What the rest of this room is made of. */
export interface BuildsContext extends BuildsParts {
  buildStatuses: BuildStatuses
}
