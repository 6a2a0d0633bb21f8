import { CatalogueError } from '../../domain/errors.ts'
import { createBell } from '../jobs/bell.ts'
import { createPlaces, type Places } from '../jobs/places.ts'
import type { Journal } from '../records/journal.ts'
import type { ListReadings } from '../verification/readings.ts'
import { createEventBuffer } from './event-buffer.ts'
import { createEventReader } from './event-reader.ts'
import { type EventStream, type StreamItem, type StreamOptions, streamItems } from './event-stream.ts'

/** Streams journal entries as this replica and others append them, and how far images have been read. */
export interface Events {
  /** Throws streams_exhausted, share_exceeded, store_unavailable. */
  open(options: StreamOptions): Promise<AsyncIterable<StreamItem>>
  /** Ends all streams. */
  close(): void
  places: Pick<Places, 'taken' | 'refused'>
}

export interface EventsParts {
  journal: Pick<Journal, 'entries' | 'onEntry'>
  listReadings: ListReadings
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
  /** By how much the journal is read again before the last reading: entries get their time before they are stored, and clocks differ. */
  overlapMs: number
  /** By how much entries before a resuming reader's position are sent again where this process does not know it: replicas may lag. */
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

export function createEvents({ journal, listReadings, now, onError, bounds = {} }: EventsParts): Events {
  const { streams: maxStreams, lag, idleMs, stallMs, resumeOverlapMs, ...reading } = { ...usualBounds, ...bounds }
  const buffer = createEventBuffer(lag)
  const streams = new Set<EventStream>()
  const places = createPlaces({ most: maxStreams, what: 'readers that follow the events', instead, code: 'streams_exhausted' })
  let closed = false
  const parts = { journal, buffer, idleMs, resumeOverlapMs, isClosed: () => closed }

  function wakeAll(): void {
    abandonStalled(streams, stallMs)
    for (const stream of streams) stream.bell.ring()
  }

  const onRead = readingTeller(streams, listReadings)
  const reader = createEventReader({ ...reading, journal, buffer, now, onError, onArrival: wakeAll, onRead })

  function leave(stream: EventStream): void {
    streams.delete(stream)
    stream.giveBack()
    stream.bell.ring()
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
    places,
    async open(options) {
      abandonStalled(streams, stallMs)
      if (closed) throw new CatalogueError('streams_exhausted', `the server stops; ${instead}, or try again later`)
      const giveBack = places.take(options.client)
      const begun = { position: 0, readings: [], readingsDue: false, offeredAt: undefined }
      const stream: EventStream = { ...options, ...begun, bell: createBell(), giveBack }
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
      setTimeout(() => abandonStalled(streams, 0), 500).unref()
    }
  }
}

/** Returns what tells the streams how far images have been read, where that has changed since the last call. */
function readingTeller(streams: Iterable<EventStream>, listReadings: ListReadings): () => Promise<void> {
  let told = '[]'
  return async () => {
    const readings = await listReadings()
    const before = told
    told = JSON.stringify(readings)
    if (told === before) return
    for (const stream of streams) {
      const wanted = readings.filter(({ container }) => stream.wanted({ container, kind: 'reading' }))
      if (wanted.length + stream.readings.length === 0) continue
      Object.assign(stream, { readings: wanted, readingsDue: true })
      stream.bell.ring()
    }
  }
}

const instead = 'read GET /api/v1/containers/{id}/history'

function abandonStalled(streams: Iterable<EventStream>, longMs: number): void {
  for (const { offeredAt, abandon } of streams) if (offeredAt !== undefined && performance.now() - offeredAt >= longMs) abandon()
}
