import { type Architecture, uniqueInTableOrder } from '../../domain/architecture.ts'
import { countSummary, noCounts, type SummaryCounts } from '../../domain/lists/counts.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import { waitAtMost } from '../jobs/concurrency.ts'
import type { Summaries } from './summaries.ts'

/** How many containers there are, by what they are. */
export interface Overview extends Omit<SummaryCounts, 'architectures'> {
  /** The architectures that any container has, in the table's order. */
  architectures: readonly Architecture[]
  /** When the count began, ISO 8601. */
  counted: string
}

interface OverviewParts {
  store: Pick<DocumentStore, 'scan'>
  summaries: Pick<Summaries, 'settled'>
  now: () => Date
}

/** Returns the counts, or undefined where they are counted for the first time and that takes a while. */
export type ReadOverview = () => Promise<Overview | undefined>

/** How long who asks waits for a new count, in milliseconds; after that the one before has to do, if there is one. */
const patienceMs = { first: 200, next: 20 }
/** A count of a large catalogue is kept for so many times as long as it took, so that counting never takes more than a share of the store. */
const keptFor = 20
const settleMs = 2000

/** Counts the summaries, whenever somebody asks and what was counted last is too old. One count at a time. */
export function createOverview(parts: OverviewParts): ReadOverview {
  let latest: Overview | undefined
  let counting: Promise<void> | undefined
  let keptUntil = 0

  async function count(): Promise<void> {
    const began = performance.now()
    const counted = parts.now().toISOString()
    const counts = await countAll(parts)
    latest = { ...counts, architectures: uniqueInTableOrder(counts.architectures), counted }
    const ended = performance.now()
    keptUntil = ended + (ended - began) * keptFor
  }

  return async () => {
    if (!counting && performance.now() >= keptUntil)
      counting = count().finally(() => {
        counting = undefined
      })
    if (counting) await waitAtMost(latest ? patienceMs.next : patienceMs.first, counting)
    return latest
  }
}

async function countAll({ store, summaries }: OverviewParts): Promise<SummaryCounts> {
  await summaries.settled(settleMs)
  const counts = noCounts()
  for await (const batch of store.scan(['state', 'verdicts', 'missing', 'architectures'])) {
    for (const { values } of batch) countSummary(counts, values)
  }
  return counts
}
