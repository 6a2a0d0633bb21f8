import type { Policy } from '../domain/policy.ts'
import type { Catalogue } from './catalogue.ts'
import { type Loop, startLoop } from './jobs/loop.ts'
import { createOutage } from './jobs/outage.ts'

export interface BackgroundOptions {
  policy: Policy
  /** Whether any image may be read. */
  reading: boolean
  uploadExpiryMs: number
  deleteGraceMs: number
  /** How often summaries are compared with records. */
  sweepMs: number
  /** Hears of errors that do not mean that a store is away, and of what could not be done. */
  onFailure(error: unknown, what: string): void
  /** A store is away, and the work waits for it. */
  onAway(error: unknown): void
  onBack(): void
  /** Hears how many leftovers of killed puts were removed. */
  onSwept?(leftovers: number): void
}

/** Two images at once, to leave the machine to requests. */
const verifying = { everyMs: 15_000, atOnce: 2 }
/** Every image once a day, as far as a batch every ten minutes gets. */
const sweeping = { everyMs: 600_000, olderMs: 24 * 3_600_000, limit: 200 }
/** For batches that a killed process left half done. */
const recovering = { everyMs: 15_000 }
/** A killed process loses what it counted since. */
const counting = { everyMs: 10_000 }
/** Often enough for the shortest expiry. */
const tidying = { everyMs: 60_000 }
/** For all that `/v2/` keeps. `sweepMs` is over all replicas, of which one does it. */
const cleaning = { everyMs: 600_000, sweepMs: 3_600_000 }
/** For Containerfiles that no build status names. `sweepMs` is over all replicas, of which one does it. */
const pruning = { everyMs: 600_000, sweepMs: 6 * 3_600_000 }
/** Batch after batch, and a pause when there is nothing to check. */
const bounding = { everyMs: 300_000 }
/** At the start, when there is most to find, and then now and then: every object is listed for it. */
const sweepingUp = { everyMs: 3_600_000 }
/** This many tarballs share one walk over all containers. */
const removing = { everyMs: 60_000, leastMs: 1_000, atOnce: 200 }

/** For what time alone changes: builds that fell silent, pending images that expire, a server that died between two steps. */
const publishing = { everyMs: 10_000, limit: 200 }

interface LoopWork<Result> {
  /** What failed, for the log. */
  what: string
  work(signal: AbortSignal): Promise<Result>
}

/**
 * Starts the work that needs no request, each kind in its own loop. A read-only server leaves records, tarballs, tasks and history alone,
 * as they may be another server's; summaries and demand counts it keeps, as reading needs and makes them.
 */
export function startBackground(
  catalogue: Catalogue,
  { policy, reading, uploadExpiryMs, deleteGraceMs, sweepMs, onFailure, onAway, onBack, onSwept }: BackgroundOptions
): Loop[] {
  const { verifier, sweep, summaries, batches, demand, uploads, removals, upkeep, journalBounds } = catalogue
  const outage = createOutage({ onAway, onBack })
  const loops: Loop[] = []

  /** Repeats work without a pause while it returns more than 0. */
  function always(everyMs: number, { what, work }: LoopWork<number>): Loop {
    const onError = (error: unknown) => onFailure(error, what)
    const loop = startLoop({ everyMs, work, onError, onAway: (error) => outage.away(what, error), onWell: () => outage.well(what) })
    loops.push(loop)
    return loop
  }

  /** Repeats work with a pause after each round. */
  function every(everyMs: number, { what, work }: LoopWork<unknown>): void {
    always(everyMs, { what, work: (signal) => work(signal).then(() => 0) })
  }

  every(counting.everyMs, { what: 'the demand counts could not be written', work: () => demand.flush() })
  every(sweepMs, {
    what: 'the summaries of the lists could not be compared with the records',
    work: (signal) => summaries.run({ everyMs: sweepMs, signal })
  })
  if (policy === 'read-only') return loops
  every(recovering.everyMs, { what: 'a batch could not be undone', work: (signal) => batches.recover({ signal }) })
  every(publishing.everyMs, {
    what: 'pending images could not be published, or given up',
    work: (signal) => catalogue.publishing.work({ limit: publishing.limit, signal })
  })
  always(bounding.everyMs, { what: 'old entries of the history could not be removed', work: (signal) => journalBounds.work({ signal }) })
  every(pruning.everyMs, {
    what: 'Containerfiles that no build names could not be removed',
    work: (signal) => catalogue.containerfiles.sweep({ everyMs: pruning.sweepMs, signal })
  })
  if (uploads) {
    const what = 'an upload could not be completed, or removed'
    const onError = (error: unknown) => onFailure(error, what)
    every(Math.min(tidying.everyMs, uploadExpiryMs), { what, work: (signal) => uploads.tidy({ signal, onError }) })
  }
  if (upkeep) {
    const swept = (leftovers: number) => (leftovers > 0 ? onSwept?.(leftovers) : undefined)
    const work = (signal: AbortSignal) => upkeep.sweep(signal).then(swept)
    every(sweepingUp.everyMs, { what: 'what killed puts left behind could not be removed', work })
  }
  if (catalogue.oci) {
    const { cleanUp } = catalogue.oci
    const what = 'what no repository names any more could not be removed'
    every(cleaning.everyMs, { what, work: (signal) => cleanUp.run({ everyMs: cleaning.sweepMs, signal }) })
  }
  if (removals) {
    const what = 'tarballs that no container names could not be removed'
    const work = (signal: AbortSignal) => removals.work({ atOnce: removing.atOnce, signal })
    // a short grace is to end on time
    const everyMs = Math.min(removing.everyMs, Math.max(removing.leastMs, deleteGraceMs))
    removals.onWork(always(everyMs, { what, work }).wake)
  }
  if (reading && verifier && sweep) {
    const what = 'an image could not be verified'
    every(sweeping.everyMs, { what: 'images could not be checked again', work: (signal) => sweep({ ...sweeping, signal }) })
    const work = (signal: AbortSignal) => verifier.work({ atOnce: verifying.atOnce, signal })
    verifier.onWork(always(verifying.everyMs, { what, work }).wake)
  }
  return loops
}
