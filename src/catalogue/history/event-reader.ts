import { isCatalogueError } from '../../domain/errors.ts'
import type { JournalEntry } from '../../domain/history/entry.ts'
import { toEntryView } from '../../domain/history/entry-view.ts'
import { entryBatches } from './entry-batches.ts'
import type { EventBuffer } from './event-buffer.ts'
import type { EventBounds, EventsParts } from './events.ts'

interface EventReaderParts extends Omit<EventsParts, 'bounds' | 'listReadings'>, Pick<EventBounds, 'everyMs' | 'overlapMs'> {
  buffer: EventBuffer
  onArrival(): void
  /** Called each time that the journal was read. */
  onRead(): Promise<void>
}

/** After this time without listeners, the reader starts anew instead of catching up. */
const forgetMs = 60_000
const batchSize = 500

interface ReaderState extends EventReaderParts {
  /** The orders of the entries that were read, by id, as far back as the journal is read again. */
  seen: Map<string, string>
  /** When the journal was last read, in milliseconds. */
  readAt: number | undefined
}

/** Adds entries to the buffer, each once: this process's at once, and other replicas' by reading the journal while any listen. */
export function createEventReader(parts: EventReaderParts) {
  const state: ReaderState = { ...parts, seen: new Map(), readAt: undefined }
  let reading: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let running = false

  const isForgotten = () => !running && (state.readAt === undefined || parts.now().getTime() - state.readAt > forgetMs)
  const read = () => (reading ??= readJournal(state).finally(() => (reading = undefined)))

  const stopListening = parts.journal.onEntry((entry) => {
    if (isForgotten()) forget(state)
    else take(state, entry)
  })

  function readLater(): void {
    timer = setTimeout(async () => {
      try {
        await read()
        await parts.onRead()
      } catch (error) {
        // while the store is unavailable; the missed entries are read when it is back
        if (!isCatalogueError(error, 'store_unavailable')) parts.onError(error)
      }
      if (running) readLater()
    }, parts.everyMs)
  }

  function pause(): void {
    running = false
    clearTimeout(timer)
  }

  return {
    /** Starts reading. When it resolves, every entry so far is in the buffer or older than it. Throws store_unavailable. */
    async start(): Promise<void> {
      if (isForgotten()) forget(state)
      if (!running) {
        running = true
        readLater()
      }
      await read()
    },
    pause,
    end(): void {
      pause()
      stopListening()
    }
  }
}

function forget(state: ReaderState): void {
  state.seen.clear()
  state.buffer.clear()
  state.readAt = undefined
}

function take({ seen, buffer, onArrival }: ReaderState, entry: JournalEntry): void {
  if (seen.has(entry.id)) return
  seen.set(entry.id, entry.order)
  buffer.push(toEntryView(entry))
  onArrival()
}

async function readJournal(state: ReaderState): Promise<void> {
  const { journal, seen, now, overlapMs, readAt } = state
  const started = now().getTime()
  const isFirst = readAt === undefined
  const time = (ms: number) => new Date(ms).toISOString()
  const query = { after: time((readAt ?? started) - overlapMs), newestFirst: false, limit: batchSize, fresh: true }
  for await (const entries of entryBatches(journal, query)) {
    for (const entry of entries) {
      // no listener expects entries from before the first listener
      if (isFirst && entry.order < time(started)) seen.set(entry.id, entry.order)
      else take(state, entry)
    }
  }
  state.readAt = started
  for (const [id, order] of seen) if (order < time(started - overlapMs)) seen.delete(id)
}
