import type { Hash } from '../../domain/image/facts.ts'
import type { Stores } from '../../stores/document-store.ts'
import type { BuildStatuses } from '../builds/build-statuses.ts'
import type { SiteRules } from '../builds/site-rules.ts'
import type { Leases } from '../jobs/leases.ts'
import type { Records } from '../records/records.ts'
import type { FactsStore } from '../verification/image-facts.ts'
import type { Verifier } from '../verification/verifier.ts'

/** What the modules of this folder depend on. */
export interface ListsParts extends Records {
  stores: Pick<Stores, 'containers' | 'summaries' | 'facts' | 'buildStatuses'>
  facts: FactsStore
  buildStatuses: BuildStatuses
  siteRules: SiteRules
  leases: Leases
  verifier: Pick<Verifier, 'registered'> | undefined
  /** The addresses under which clients reach this server. */
  addresses: () => readonly string[]
  hash: Hash
  now: () => Date
  /** How long an entry may take to reach the journal. */
  graceMs: number
  onAppendFailed(error: unknown, id: string): void
  onFailure(error: unknown, what: string): void
}
