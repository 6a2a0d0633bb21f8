import type { Policy } from '../domain/policy.ts'
import type { Catalogue } from './catalogue.ts'
import { type Loop, startLoop } from './jobs/loop.ts'

interface BackgroundOptions {
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

interface LoopWork {
  /** What failed, for the log. */
  what: string
  /** The longest pause. */
  everyMs: number
  work(signal: AbortSignal): Promise<unknown>
  /** Repeats the work without a pause while it returns more than 0. */
  untilNone?: true
  /** Sets what ends the pause. */
  onWork?(wake: () => void): void
}

/**
 * Starts the work that needs no request, each kind in its own loop. A read-only server leaves records, tarballs, tasks and history alone,
 * as they may be another server's; summaries and demand counts it keeps, as reading needs and makes them.
 */
export function startBackground(catalogue: Catalogue, options: BackgroundOptions): Loop[] {
  const writing = options.policy === 'read-only' ? [] : [...documentWork(catalogue), ...tarballWork(catalogue, options)]
  /** What waits for a store: an outage is reported once, and its end when the last loop works again. */
  const waiting = new Set<string>()
  return [...readWork(catalogue, options), ...writing].map(({ what, everyMs, work, untilNone, onWork }) => {
    const loop = startLoop({
      everyMs,
      async work(signal) {
        const done = await work(signal)
        return untilNone && typeof done === 'number' ? done : 0
      },
      onError: (error) => options.onFailure(error, what),
      onAway(error) {
        if (waiting.size === 0) options.onAway(error)
        waiting.add(what)
      },
      onWell() {
        if (waiting.delete(what) && waiting.size === 0) options.onBack()
      }
    })
    onWork?.(loop.wake)
    return loop
  })
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs

const readWork = ({ demand, summaries }: Catalogue, { sweepMs }: BackgroundOptions): LoopWork[] => [
  // a killed process loses what it counted since
  { what: 'the demand counts could not be written', everyMs: 10_000, work: () => demand.flush() },
  {
    what: 'the summaries of the lists could not be compared with the records',
    everyMs: sweepMs,
    work: (signal) => summaries.run({ everyMs: sweepMs, signal })
  }
]

const documentWork = ({ batches, publishing, journalBounds, containerfiles }: Catalogue): LoopWork[] => [
  { what: 'a batch could not be undone', everyMs: 15_000, work: (signal) => batches.recover({ signal }) },
  {
    // for what time alone changes: builds that fell silent, pending images that expire, a server that died between two steps
    what: 'pending images could not be published, or given up',
    everyMs: 10_000,
    work: (signal) => publishing.work({ limit: 200, signal })
  },
  {
    what: 'old entries of the history could not be removed',
    everyMs: 5 * minuteMs,
    work: (signal) => journalBounds.work({ signal }),
    untilNone: true
  },
  {
    what: 'Containerfiles that no build names could not be removed',
    everyMs: 10 * minuteMs,
    work: (signal) => containerfiles.sweep({ everyMs: 6 * hourMs, signal })
  }
]

function tarballWork({ oci, removals, sweep, upkeep, uploads, verifier }: Catalogue, options: BackgroundOptions): LoopWork[] {
  const { reading, uploadExpiryMs, deleteGraceMs, onFailure, onSwept } = options
  const all: LoopWork[] = []
  if (uploads) {
    const what = 'an upload could not be completed, or removed'
    const onError = (error: unknown) => onFailure(error, what)
    all.push({ what, everyMs: Math.min(minuteMs, uploadExpiryMs), work: (signal) => uploads.tidy({ signal, onError }) })
  }
  if (upkeep) {
    const swept = (leftovers: number) => (leftovers > 0 ? onSwept?.(leftovers) : undefined)
    // it lists every object, and most leftovers are found at the start
    const work = (signal: AbortSignal) => upkeep.sweep(signal).then(swept)
    all.push({ what: 'what killed puts left behind could not be removed', everyMs: hourMs, work })
  }
  if (oci) {
    const work = (signal: AbortSignal) => oci.cleanUp({ everyMs: hourMs, signal })
    all.push({ what: 'what no repository names any more could not be removed', everyMs: 10 * minuteMs, work })
  }
  if (removals) {
    // a short grace is to end on time
    const everyMs = Math.min(minuteMs, Math.max(1000, deleteGraceMs))
    // one walk over all containers serves this many tarballs
    const work = (signal: AbortSignal) => removals.work({ atOnce: 200, signal })
    const what = 'tarballs that no container names could not be removed'
    all.push({ what, everyMs, work, untilNone: true, onWork: removals.onWork })
  }
  if (reading && verifier && sweep) {
    // every image once a day, as far as a batch every ten minutes gets
    const look = (signal: AbortSignal) => sweep({ olderMs: 24 * hourMs, limit: 200, signal })
    all.push({ what: 'images could not be checked again', everyMs: 10 * minuteMs, work: look })
    // two images at once, to leave the machine to requests
    const verify = (signal: AbortSignal) => verifier.work({ atOnce: 2, signal })
    all.push({ what: 'an image could not be verified', everyMs: 15_000, work: verify, untilNone: true, onWork: verifier.onWork })
  }
  return all
}
