import type { Stores } from '../../stores/document-store.ts'
import type { BuildsContext } from '../builds/parts.ts'
import type { Leases } from '../jobs/leases.ts'
import type { ListReadings } from '../verification/readings.ts'
import type { Verifier } from '../verification/verifier.ts'

/** What the modules of this folder depend on. */
export interface ListsParts extends Omit<BuildsContext, 'stores' | 'guarded' | 'verifier' | 'removals'> {
  stores: Pick<Stores, 'containers' | 'summaries' | 'facts' | 'buildStatuses'>
  leases: Leases
  verifier: Pick<Verifier, 'registered'> | undefined
  listReadings: ListReadings
  /** How long an entry may take to reach the journal. */
  graceMs: number
  onFailure(error: unknown, what: string): void
}
