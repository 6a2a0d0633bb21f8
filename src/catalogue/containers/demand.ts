import {
  createDemandTally,
  type Demand,
  type DemandRow,
  dayOf,
  demandRows,
  fromDemandDocument,
  type ImageDemand,
  mergedDemand,
  noDemand,
  toDemandDocument
} from '../../domain/build/demand.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import { compareAndSwap } from '../jobs/compare-and-swap.ts'

/** Counts which architectures machines asked for, and which containers did not have them. */
export interface DemandCounts {
  count(demand: ImageDemand): void
  /** Writes what was counted since the last time. Returns whether there was anything. */
  flush(): Promise<boolean>
  /** Reads the last so many days, today included; `since` is the first of them. */
  read(days: number): Promise<{ since: string; rows: DemandRow[] }>
}

const dayMs = 24 * 3_600_000
/** How many containers are shown for each architecture. */
const shown = 50

/** One document a day, to which every replica adds now and then: a resolve costs no write. */
export function createDemandCounts(store: DocumentStore, { now }: { now: () => Date }): DemandCounts {
  const tally = createDemandTally()
  // counts that could not be written yet, because the store was unavailable
  let waiting = noDemand
  let counted = false

  const add = (day: string, taken: Demand) =>
    compareAndSwap(store, {
      id: day,
      subject: `the demand of ${day}`,
      decide(stored) {
        const before = stored ? fromDemandDocument(stored.document) : noDemand
        return { document: toDemandDocument(day, mergedDemand(before, taken)) }
      }
    })

  return {
    count(demand) {
      tally.count(demand)
      counted = true
    },

    async flush() {
      if (!counted) return false
      waiting = mergedDemand(waiting, tally.take())
      // what is counted during the write belongs to the next one
      counted = false
      try {
        await add(dayOf(now().toISOString()), waiting)
      } catch (error) {
        counted = true
        throw error
      }
      waiting = noDemand
      return true
    },

    async read(days) {
      const names = Array.from({ length: days }, (_, i) => dayOf(new Date(now().getTime() - i * dayMs).toISOString()))
      const stored = await store.getMany(names)
      const sum = mergedDemand(...stored.flatMap((one) => (one ? [fromDemandDocument(one.document)] : [])))
      return { since: names.at(-1)!, rows: demandRows(sum, { limit: shown }) }
    }
  }
}
