import { isCatalogueError } from '../../domain/errors.ts'
import { type EntryKind, momentOf } from '../../domain/history/entry.ts'
import { toEntryView } from '../../domain/history/entry-view.ts'
import type { HistoryEntry } from '../../schemas.ts'
import type { createBell } from '../jobs/bell.ts'
import type { Reading } from '../verification/readings.ts'
import { entryBatches } from './entry-batches.ts'
import type { EventBuffer } from './event-buffer.ts'
import type { EventBounds, EventsParts } from './events.ts'

/** `idle` is sent when nothing has happened for a while. */
export type StreamItem = StreamEntry | { type: 'reading'; readings: readonly Reading[] } | { type: 'idle' } | StreamEnd

interface StreamEntry {
  type: 'entry'
  entry: HistoryEntry
  /** The value of `since` that continues after this entry. */
  resume: string
}

interface StreamEnd {
  type: 'end'
  code: 'too_slow' | 'server_stops' | 'store_unavailable'
  /** The value of `since` that continues the stream; null when the stream began without one and has sent nothing. */
  resume: string | null
}

export interface StreamOptions {
  /** The client whose share of the places the stream counts against. */
  client?: string
  /** The order of an entry, or a time (ISO 8601, in UTC): the entries after it are sent first. When absent, only new entries are sent. */
  since?: string | undefined
  wanted(event: { container: string; kind: EntryKind | 'reading' }): boolean
  /** Aborts when the reader disconnects. */
  signal: AbortSignal
  /** Disconnects a reader that has stopped reading. */
  abandon(): void
}

export interface EventStream extends StreamOptions {
  /** The buffer position of the last entry that was sent to the reader. */
  position: number
  /** The images that are being read, as the reader is to be told, and whether it is not told yet. */
  readings: readonly Reading[]
  readingsDue: boolean
  /** Since when an item has been waiting for the reader, in milliseconds. */
  offeredAt: number | undefined
  /** Rings when an entry arrived or the stream must end. */
  bell: ReturnType<typeof createBell>
  giveBack(): void
}

interface StreamParts extends Pick<EventsParts, 'journal'>, Pick<EventBounds, 'idleMs' | 'resumeOverlapMs'> {
  buffer: EventBuffer
  isClosed(): boolean
}

const batchSize = 200
/** How many entries of the journal are remembered, so that they are not sent again when they arrive in the buffer. */
const maxRemembered = 4096

/** Yields the items of a stream, and notes since when an item has been waiting for the reader. */
export async function* streamItems(parts: StreamParts, stream: EventStream): AsyncGenerator<StreamItem> {
  let resume = stream.since ?? null
  try {
    for await (const item of followed(parts, stream)) {
      if (item.type === 'entry') resume = item.resume
      stream.offeredAt = performance.now()
      yield item
      stream.offeredAt = undefined
    }
  } catch (error) {
    if (!isCatalogueError(error, 'store_unavailable')) throw error
    yield { type: 'end', code: 'store_unavailable', resume }
  }
}

/** Yields the journal's entries after `since`, and then the buffer's entries as they arrive. */
async function* followed(parts: StreamParts, stream: EventStream): AsyncGenerator<StreamItem> {
  const { buffer, isClosed } = parts
  const { since, wanted, signal } = stream
  let last = since ?? null
  const sent = new Set<string>()
  const position = since === undefined ? stream.position : buffer.positionOf(since)
  if (position === undefined) {
    for await (const item of replayed(parts, stream, sent)) {
      last = item.resume
      yield item
    }
  } else stream.position = position
  // a time may be in the future
  const from = position === undefined && !isOrder(since!) ? since! : ''
  while (!signal.aborted) {
    const entries = buffer.after(stream.position)
    if (isClosed() || entries === undefined) return yield { type: 'end', code: isClosed() ? 'server_stops' : 'too_slow', resume: last }
    for (const { position, entry, resume } of entries) {
      stream.position = position
      if (sent.has(entry.id) || entry.order < from || !wanted(entry)) continue
      last = resume
      yield { type: 'entry', entry, resume }
    }
    if (stream.readingsDue) {
      stream.readingsDue = false
      yield { type: 'reading', readings: stream.readings }
    } else if (entries.length === 0 && !(await stream.bell.heard(parts.idleMs))) yield { type: 'idle' }
  }
}

async function* replayed({ journal, resumeOverlapMs }: StreamParts, stream: EventStream, sent: Set<string>): AsyncGenerator<StreamEntry> {
  const { since = '', wanted, signal } = stream
  const after = isOrder(since) && resumeOverlapMs > 0 ? new Date(momentOf(since) - resumeOverlapMs).toISOString() : since
  let resume = since
  for await (const entries of entryBatches(journal, { after, newestFirst: false, limit: batchSize, fresh: true })) {
    for (const entry of entries) {
      if (entry.order === since) continue
      if (entry.order > resume) resume = entry.order
      sent.add(entry.id)
      if (sent.size > maxRemembered) sent.delete(sent.values().next().value!)
      if (wanted(entry)) yield { type: 'entry', entry: toEntryView(entry), resume }
    }
    if (signal.aborted) return
  }
}

const isOrder = (since: string): boolean => since.includes('/')
