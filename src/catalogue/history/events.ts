import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { type JournalEntry, momentOf } from '../../domain/history/entry.ts'
import { type EntryView, toEntryView } from '../../domain/history/entry-view.ts'
import type { Journal } from '../records/journal.ts'
import { createEventReader } from './event-reader.ts'
import { createRing } from './event-ring.ts'

export type StreamItem =
  /** `resume` is what to ask for, to go on behind it. */
  | { type: 'entry'; entry: EntryView; resume: string }
  /** Nothing happened for a while. */
  | { type: 'idle' }
  /** It ends, and goes on behind `resume`; null is where it began. */
  | { type: 'end'; code: 'too_slow' | 'server_stops' | 'store_unavailable'; resume: string | null }

export interface StreamOptions {
  /** The order of an entry, or a moment (ISO 8601, in UTC): what came after it is told first. Absent: only what comes. */
  since?: string | undefined
  wanted(entry: Pick<JournalEntry, 'container' | 'kind'>): boolean
  /** The reader is gone. */
  signal: AbortSignal
  /** Lets go of a reader that takes nothing any more. */
  abandon(): void
}

/** What happens, as it happens, in this replica and in others. */
export interface Events {
  /** Throws streams_exhausted, store_unavailable. */
  open(options: StreamOptions): Promise<AsyncIterable<StreamItem>>
  /** Ends all streams. */
  close(): void
}

export interface EventsParts {
  journal: Pick<Journal, 'entries' | 'onEntry'>
  now: () => Date
  onError(error: unknown): void
  bounds?: Partial<EventBounds> | undefined
}

export interface EventBounds {
  streams: number
  /** How many entries a reader may lag behind. */
  lag: number
  /** How often the journal is looked into for what other replicas told. */
  everyMs: number
  /** How far behind the last look. */
  overlapMs: number
  /**
   * A reader that this process does not know is told again what happened so shortly before: the replica that it comes from may not have
   * heard of all by then.
   */
  resumeOverlapMs: number
  idleMs: number
  /** A reader that takes nothing for so long is let go of. */
  stallMs: number
}

const usual: EventBounds = {
  streams: 200,
  lag: 1000,
  everyMs: 1000,
  overlapMs: 5000,
  resumeOverlapMs: 3000,
  idleMs: 15_000,
  stallMs: 60_000
}

const pageSize = 200
/** How many of what was told from the journal are remembered, to not tell them again as they arrive. */
const remembered = 4096

interface Stream extends StreamOptions {
  /** In the ring: what it had. */
  position: number
  /** Since when something is there that the reader does not take. */
  offeredAt: number | undefined
  wake(): void
}

export function createEvents({ journal, now, onError, bounds = {} }: EventsParts): Events {
  const { streams: most, lag, idleMs, stallMs, resumeOverlapMs, ...reading } = { ...usual, ...bounds }
  const ring = createRing(lag)
  const streams = new Set<Stream>()
  let closed = false

  function letGoOfStalled(longMs: number): void {
    for (const { offeredAt, abandon } of streams) if (offeredAt !== undefined && performance.now() - offeredAt >= longMs) abandon()
  }

  function wakeAll(): void {
    letGoOfStalled(stallMs)
    for (const stream of streams) stream.wake()
  }

  const reader = createEventReader({ ...reading, journal, ring, now, onError, onArrival: wakeAll })

  function leave(stream: Stream): void {
    streams.delete(stream)
    stream.wake()
    if (streams.size === 0) reader.pause()
  }

  /** Until something arrives, or the stream shall end; false after a while in which nothing did. */
  const arrival = (stream: Stream): Promise<boolean> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), idleMs)
      stream.wake = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })

  /** What the journal knows of the time since the reader was there. */
  async function* replay({ since = '', wanted, signal }: Stream, told: Set<string>): AsyncGenerator<StreamItem & { type: 'entry' }> {
    let after = isOrder(since) && resumeOverlapMs > 0 ? new Date(momentOf(since) - resumeOverlapMs).toISOString() : since
    let resume = since
    for (let more = true, fresh = true; more && !signal.aborted; fresh = false) {
      const entries = await journal.entries({ after, newestFirst: false, limit: pageSize, fresh })
      for (const entry of entries) {
        after = entry.order
        if (entry.order === since) continue
        if (entry.order > resume) resume = entry.order
        told.add(entry.id)
        if (told.size > remembered) told.delete(told.values().next().value!)
        if (wanted(entry)) yield { type: 'entry', entry: toEntryView(entry), resume }
      }
      more = entries.length === pageSize
    }
  }

  async function* follow(stream: Stream): AsyncGenerator<StreamItem> {
    const { since, wanted, signal } = stream
    let last = since ?? null
    const told = new Set<string>()
    const known = since === undefined ? stream.position : ring.positionOf(since)
    if (known === undefined) {
      for await (const item of replay(stream, told)) {
        last = item.resume
        yield item
      }
    } else stream.position = known
    // a moment may lie ahead
    const from = known === undefined && !isOrder(since!) ? since! : ''
    while (!signal.aborted) {
      const arrivals = ring.after(stream.position)
      if (closed || arrivals === undefined) return yield { type: 'end', code: closed ? 'server_stops' : 'too_slow', resume: last }
      for (const { position, entry, resume } of arrivals) {
        stream.position = position
        if (told.has(entry.id) || entry.order < from || !wanted(entry)) continue
        last = resume
        yield { type: 'entry', entry, resume }
      }
      if (arrivals.length === 0 && !(await arrival(stream))) yield { type: 'idle' }
    }
  }

  async function* watched(stream: Stream): AsyncGenerator<StreamItem> {
    let resume = stream.since ?? null
    try {
      for await (const item of follow(stream)) {
        if (item.type === 'entry') resume = item.resume
        stream.offeredAt = performance.now()
        yield item
        stream.offeredAt = undefined
      }
    } catch (error) {
      if (!isCatalogueError(error, 'store_unavailable')) throw error
      yield { type: 'end', code: 'store_unavailable', resume }
    } finally {
      leave(stream)
    }
  }

  return {
    async open(options) {
      letGoOfStalled(stallMs)
      if (closed || streams.size >= most) {
        const why = closed ? 'the server stops' : `${most} readers listen to events already, and no more may`
        throw new CatalogueError('streams_exhausted', `${why}; try again, or read GET /api/v1/containers/{id}/history`)
      }
      const stream: Stream = { ...options, position: 0, offeredAt: undefined, wake() {} }
      streams.add(stream)
      options.signal.addEventListener('abort', () => leave(stream), { once: true })
      try {
        await reader.start()
      } catch (error) {
        leave(stream)
        throw error
      }
      stream.position = ring.head()
      return watched(stream)
    },

    close() {
      closed = true
      reader.end()
      wakeAll()
      // whoever does not even take the end of it
      setTimeout(() => letGoOfStalled(0), 500).unref()
    }
  }
}

const isOrder = (since: string): boolean => since.includes('/')
