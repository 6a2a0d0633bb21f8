import { isCatalogueError } from '../../domain/errors.ts'
import type { JournalEntry } from '../../domain/history/entry.ts'
import { toEntryView } from '../../domain/history/entry-view.ts'
import type { Journal } from '../records/journal.ts'
import type { Ring } from './event-ring.ts'

export interface ReaderParts {
  journal: Pick<Journal, 'entries' | 'onEntry'>
  ring: Ring
  now: () => Date
  everyMs: number
  /**
   * How far behind the last look the journal is read again: an entry gets its time before it is stored, and other replicas' clocks may
   * be late.
   */
  overlapMs: number
  onArrival(): void
  /** What nobody foresaw. */
  onError(error: unknown): void
}

/** After so long without a listener it begins anew, rather than to catch up. */
const forgetMs = 60_000
const pageSize = 500

/**
 * Brings entries into the ring, each once: those that this process tells at once, those of other replicas by looking into the journal.
 * It looks only while somebody listens, and once however many do.
 */
export function createEventReader({ journal, ring, now, everyMs, overlapMs, onArrival, onError }: ReaderParts) {
  /** Ids of what was read, by order, as far back as it is read again. */
  const seen = new Map<string, string>()
  let lookedAt: number | undefined
  let looking: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let running = false

  const time = (ms: number) => new Date(ms).toISOString()
  const isForgotten = () => !running && (lookedAt === undefined || now().getTime() - lookedAt > forgetMs)

  function forget(): void {
    seen.clear()
    ring.clear()
    lookedAt = undefined
  }

  function take(entry: JournalEntry): void {
    if (seen.has(entry.id)) return
    seen.set(entry.id, entry.order)
    ring.push(toEntryView(entry))
    onArrival()
  }

  const stopListening = journal.onEntry((entry) => {
    if (isForgotten()) forget()
    else take(entry)
  })

  async function look(): Promise<void> {
    const started = now().getTime()
    const begins = lookedAt === undefined
    let after = time((lookedAt ?? started) - overlapMs)
    for (let fresh = true; ; fresh = false) {
      const entries = await journal.entries({ after, newestFirst: false, limit: pageSize, fresh })
      for (const entry of entries) {
        // what was there before anybody listened is nobody's
        if (begins && entry.order < time(started)) seen.set(entry.id, entry.order)
        else take(entry)
      }
      if (entries.length < pageSize) break
      after = entries.at(-1)!.order
    }
    lookedAt = started
    for (const [id, order] of seen) if (order < time(started - overlapMs)) seen.delete(id)
  }

  const looked = () => (looking ??= look().finally(() => (looking = undefined)))

  function lookLater(): void {
    timer = setTimeout(async () => {
      try {
        await looked()
      } catch (error) {
        // the store is away: what was missed comes when it is back
        if (!isCatalogueError(error, 'store_unavailable')) onError(error)
      }
      if (running) lookLater()
    }, everyMs)
  }

  return {
    /** From then on entries come; what was told until now is in the ring, or before it. Throws store_unavailable. */
    async start(): Promise<void> {
      if (isForgotten()) forget()
      if (!running) {
        running = true
        lookLater()
      }
      await looked()
    },

    pause(): void {
      running = false
      clearTimeout(timer)
    },

    end(): void {
      this.pause()
      stopListening()
    }
  }
}
