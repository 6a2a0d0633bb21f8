import { parseArchitecture } from '../../domain/architecture.ts'
import {
  createDemandTally,
  type Demand,
  type DemandRow,
  dayOf,
  demandRows,
  fromDemandDocument,
  mergedDemand,
  noDemand,
  toDemandDocument
} from '../../domain/build/demand.ts'
import { isCatalogueError } from '../../domain/errors.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import type { Containers } from './containers.ts'

/** What machines asked for: which architectures, and which containers did not have them. */
export interface DemandBook {
  /** The same use case, counted. */
  counted(resolve: Containers['resolve']): Containers['resolve']
  /** Writes down what was counted since the last time. Whether there was anything. */
  flush(): Promise<boolean>
  /** Of so many days, today the last; `since` is the first of them. */
  read(days: number): Promise<{ since: string; rows: DemandRow[] }>
}

const attempts = 20
const dayMs = 24 * 3_600_000
/** Containers that are shown of an architecture. */
const shown = 50

/** One document a day, which every replica adds to now and then: a resolve costs no write. */
export function createDemandBook(store: DocumentStore, { now }: { now: () => Date }): DemandBook {
  const tally = createDemandTally()
  // what is not written down yet, because the store was away
  let waiting = noDemand
  let counted = false

  function count(asked: { id: string; name: string; answered: boolean }): void {
    tally.count({ architecture: parseArchitecture(asked.name), container: asked.id, answered: asked.answered })
    counted = true
  }

  async function add(day: string, taken: Demand): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const stored = await store.get(day)
      const sum = mergedDemand(stored ? fromDemandDocument(stored.document) : noDemand, taken)
      try {
        await store.put(day, toDemandDocument(day, sum), stored ? { revision: stored.revision } : { absent: true })
        return
      } catch (error) {
        if (!isCatalogueError(error, 'revision_conflict', 'already_exists') || attempt === attempts) throw error
      }
    }
  }

  return {
    counted: (resolve) => async (id, architecture, options) => {
      try {
        const answer = await resolve(id, architecture, options)
        count({ id, name: architecture, answered: true })
        return answer
      } catch (error) {
        if (isCatalogueError(error, 'image_missing', 'image_mislabelled', 'image_gone')) count({ id, name: architecture, answered: false })
        throw error
      }
    },

    async flush() {
      if (!counted) return false
      waiting = mergedDemand(waiting, tally.take())
      // what is counted while it is written is for the next time
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
