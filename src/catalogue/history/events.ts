import { CatalogueError } from '../../domain/errors.ts'
import type { Journal } from '../records/journal.ts'
import { createEventBuffer } from './event-buffer.ts'
import { createEventReader } from './event-reader.ts'
import { type EventStream, type StreamItem, type StreamOptions, streamItems } from './event-stream.ts'

/** Streams journal entries as this replica and others append them. */
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
  /** How often the journal is read for entries of other replicas. */
  everyMs: number
  /** By how much the journal is read again before the time of the last reading. */
  overlapMs: number
  /** By how much entries before the position of a resuming reader are sent again, when this process does not know the position. */
  resumeOverlapMs: number
  idleMs: number
  /** A reader that reads nothing for this long is disconnected. */
  stallMs: number
}

const usualBounds: EventBounds = {
  streams: 200,
  lag: 1000,
  everyMs: 1000,
  overlapMs: 5000,
  resumeOverlapMs: 3000,
  idleMs: 15_000,
  stallMs: 60_000
}

export function createEvents({ journal, now, onError, bounds = {} }: EventsParts): Events {
  const { streams: maxStreams, lag, idleMs, stallMs, resumeOverlapMs, ...reading } = { ...usualBounds, ...bounds }
  const buffer = createEventBuffer(lag)
  const streams = new Set<EventStream>()
  let closed = false
  const parts = { journal, buffer, idleMs, resumeOverlapMs, isClosed: () => closed }

  function abandonStalled(longMs: number): void {
    for (const { offeredAt, abandon } of streams) if (offeredAt !== undefined && performance.now() - offeredAt >= longMs) abandon()
  }

  function wakeAll(): void {
    abandonStalled(stallMs)
    for (const stream of streams) stream.wake()
  }

  const reader = createEventReader({ ...reading, journal, buffer, now, onError, onArrival: wakeAll })

  function leave(stream: EventStream): void {
    streams.delete(stream)
    stream.wake()
    if (streams.size === 0) reader.pause()
  }

  async function* itemsUntilLeft(stream: EventStream): AsyncGenerator<StreamItem> {
    try {
      yield* streamItems(parts, stream)
    } finally {
      leave(stream)
    }
  }

  return {
    async open(options) {
      abandonStalled(stallMs)
      if (closed || streams.size >= maxStreams) {
        throw refusal(closed ? 'the server stops' : `${maxStreams} readers follow the events already, and no more may`)
      }
      const stream: EventStream = { ...options, position: 0, offeredAt: undefined, wake() {} }
      streams.add(stream)
      options.signal.addEventListener('abort', () => leave(stream), { once: true })
      try {
        await reader.start()
      } catch (error) {
        leave(stream)
        throw error
      }
      stream.position = buffer.head()
      return itemsUntilLeft(stream)
    },

    close() {
      closed = true
      reader.end()
      wakeAll()
      // for readers that do not even read the end of the stream
      setTimeout(() => abandonStalled(0), 500).unref()
    }
  }
}

const refusal = (why: string): CatalogueError =>
  new CatalogueError('streams_exhausted', `${why}; try again later, or read GET /api/v1/containers/{id}/history`)
