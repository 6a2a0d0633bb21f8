import type { BuildsContext } from '../builds/parts.ts'
import type { ListReadings } from '../verification/readings.ts'

/** What the modules of this folder depend on. */
export interface ListsParts extends BuildsContext {
  listReadings: ListReadings
  /** How long an entry may take to reach the journal. */
  graceMs: number
}
