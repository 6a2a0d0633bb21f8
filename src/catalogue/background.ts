import { type Policy, permits } from '../domain/policy.ts'
import type { Catalogue } from './catalogue.ts'
import { type Loop, startLoop } from './jobs/loop.ts'
import { createOutage } from './jobs/outage.ts'

export interface BackgroundOptions {
  policy: Policy
  /** Whether any image may be read. */
  reading: boolean
  uploadExpiryMs: number
  deleteGraceMs: number
  /** How often rows are compared with records. */
  sweepMs: number
  /** What nobody foresaw, and what could not be done because of it. */
  onFailure(error: unknown, what: string): void
  /** A store is away, and what is done here waits for it. */
  onAway(error: unknown): void
  onBack(): void
}

/** Two images at once: requests go first. */
const verifying = { everyMs: 15_000, atOnce: 2 }
/** Every image once a day, as far as one batch in ten minutes gets. */
const sweeping = { everyMs: 600_000, olderMs: 24 * 3_600_000, limit: 200 }
/** Batches that a process left half done when it was killed. */
const recovering = { everyMs: 300_000 }
/** A killed process loses what was counted since. */
const counting = { everyMs: 10_000 }
/** Often enough for the shortest expiry. */
const tidying = { everyMs: 60_000 }
/** Batch after batch, and a pause when there is nothing to look at. */
const bounding = { everyMs: 300_000 }
/** So many tarballs for one walk over all containers. */
const removing = { everyMs: 60_000, leastMs: 1_000, atOnce: 200 }

/** What changes by time beside containers: builds that fell silent, images that waited long enough, a server that died between two steps. */
const publishing = { everyMs: 10_000, limit: 200 }

/**
 * What happens without a request: each an entry of its own. Where nobody may write nothing happens to records, tarballs, tasks and history
 * either: they may be another server's, which this one only looks at. Lists and counts are kept up, as reading them needs and makes them.
 */
export function startBackground(
  catalogue: Catalogue,
  { policy, reading, uploadExpiryMs, deleteGraceMs, sweepMs, onFailure, ...telling }: BackgroundOptions
): Loop[] {
  const { verification, sweep, summaries, batches, demand, uploads, removals, journalBounds } = catalogue
  const outage = createOutage(telling)
  const loops: Loop[] = []

  /** As long as there is something to do, and a pause when there is nothing. */
  function always(everyMs: number, { what, work }: { what: string; work: (signal: AbortSignal) => Promise<number> }): Loop {
    const onError = (error: unknown) => onFailure(error, what)
    const loop = startLoop({ everyMs, work, onError, onAway: (error) => outage.away(what, error), onWell: () => outage.well(what) })
    loops.push(loop)
    return loop
  }

  /** A round, and a pause after it. */
  function every(everyMs: number, { what, work }: { what: string; work: (signal: AbortSignal) => Promise<unknown> }): void {
    always(everyMs, { what, work: (signal) => work(signal).then(() => 0) })
  }

  every(counting.everyMs, { what: 'demand could not be written down', work: () => demand.flush() })
  every(sweepMs, {
    what: 'the rows of the lists could not be compared with the records',
    work: (signal) => summaries.run({ everyMs: sweepMs, signal })
  })
  if (!permits(policy, 'container:write')) return loops
  every(recovering.everyMs, { what: 'a batch could not be taken back', work: (signal) => batches.recover({ signal }) })
  every(publishing.everyMs, {
    what: 'images that wait could not be published, or given up',
    work: (signal) => catalogue.publishing.work({ limit: publishing.limit, signal })
  })
  always(bounding.everyMs, { what: 'old entries of the history could not be removed', work: (signal) => journalBounds.work({ signal }) })
  if (uploads) {
    const what = 'an upload could not be completed, or removed'
    const onError = (error: unknown) => onFailure(error, what)
    every(Math.min(tidying.everyMs, uploadExpiryMs), { what, work: (signal) => uploads.tidy({ signal, onError }) })
  }
  if (removals) {
    const what = 'tarballs that no container names could not be removed'
    const work = (signal: AbortSignal) => removals.work({ atOnce: removing.atOnce, signal })
    // a short grace is meant to be over soon
    const everyMs = Math.min(removing.everyMs, Math.max(removing.leastMs, deleteGraceMs))
    removals.onWork(always(everyMs, { what, work }).wake)
  }
  if (reading && verification && sweep) {
    const what = 'an image could not be verified'
    every(sweeping.everyMs, { what: 'images could not be looked at again', work: (signal) => sweep({ ...sweeping, signal }) })
    const work = (signal: AbortSignal) => verification.work({ atOnce: verifying.atOnce, signal })
    verification.onWork(always(verifying.everyMs, { what, work }).wake)
  }
  return loops
}
