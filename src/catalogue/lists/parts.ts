import type { BuildsContext } from '../builds/parts.ts'

/** What the modules of this folder depend on. */
export interface ListsParts extends BuildsContext {
  /** How long an entry may take to reach the journal. */
  graceMs: number
}
