import type { JournalEntry } from '../../domain/history/entry.ts'
import { cutId, fromCutDocument, type HistoryCut, toCutDocument } from '../../domain/history/history-cut.ts'
import type { Hash } from '../../domain/image/facts.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import type { Leases, Note } from '../jobs/leases.ts'
import type { Journal } from '../records/journal.ts'

export interface JournalBoundsParts {
  store: DocumentStore
  journal: Pick<Journal, 'entries' | 'ofContainer'>
  containers: Pick<DocumentStore, 'getMany'>
  leases: Leases
  hash: Hash
  now: () => Date
  /** The most entries of one container. */
  entries: number
  /** For how long entries are kept. */
  keepMs: number
}

/**
 * Keeps the journal from growing without end: so many entries a container, and none older than a period. The newest about the record
 * itself stays as long as there is the record, because what others changed is told by comparing with it.
 */
export interface JournalBounds {
  /** Looks at a batch; how many entries it looked at. By one replica at a time. */
  work(options: { signal: AbortSignal }): Promise<number>
  /** What a container's history has lost. */
  cutOf(container: string): Promise<HistoryCut | null>
}

const batch = 500
/** Entries that are so young may still get others before them. */
const settledMs = 60_000
const leaseName = 'journal-bounds'

export function createJournalBounds(parts: JournalBoundsParts): JournalBounds {
  const { store, journal, containers, leases, hash, now, keepMs } = parts
  const moment = (beforeMs: number) => new Date(now().getTime() - beforeMs).toISOString()

  const next = (after: string, { before, limit = batch }: { before: string; limit?: number }) =>
    journal.entries({ after, before, newestFirst: false, limit })

  /** Before anything is written: mostly there is nothing to do. */
  async function isDue(): Promise<boolean> {
    const { touched = '', aged = '' } = await leases.note(leaseName)
    const found = await Promise.all([
      next(touched, { before: moment(settledMs), limit: 1 }),
      next(aged, { before: moment(keepMs), limit: 1 })
    ])
    return found.flat().length > 0
  }

  async function remove(container: string, entries: readonly JournalEntry[]): Promise<void> {
    if (entries.length === 0) return
    await Promise.all(entries.map(({ id }) => store.remove(id)))
    const id = cutId(container, hash)
    const { items } = await journal.ofContainer(container, { limit: 1, fresh: true })
    if (items.length === 0) return void (await store.remove(id))
    const before = await cutOf(container)
    const until = entries.reduce((last, { at }) => (at > last ? at : last), before?.until ?? '')
    await store.put(id, toCutDocument(id, { container, entries: entries.length + (before?.entries ?? 0), until }))
  }

  async function cutOf(container: string): Promise<HistoryCut | null> {
    const stored = await store.get(cutId(container, hash))
    return (stored && fromCutDocument(stored.document)) ?? null
  }

  /** One container's: beyond the number, and too old. It has a newer one than those that are too old. */
  async function bound(container: string): Promise<void> {
    const oldest = moment(keepMs)
    let kept = 0
    let recordSeen = false
    let cursor: string | undefined
    do {
      const page = await journal.ofContainer(container, { limit: batch, cursor })
      const surplus: JournalEntry[] = []
      for (const entry of page.items) {
        const newestOfRecord: boolean = entry.kind === 'record' && !recordSeen
        recordSeen ||= newestOfRecord
        if (newestOfRecord || (kept < parts.entries && entry.order >= oldest)) kept++
        else surplus.push(entry)
      }
      await remove(container, surplus)
      cursor = page.next
    } while (cursor !== undefined)
  }

  /** The containers that something was told about since; undefined when it did not come to an end. */
  async function boundTouched({ extend }: Held, { touched = '' }: Note): Promise<Done | undefined> {
    const entries = await next(touched, { before: moment(settledMs) })
    for (const container of new Set(entries.map(({ container }) => container))) {
      await bound(container)
      if (!(await extend())) return undefined
    }
    return { looked: entries.length, last: entries.at(-1)?.order ?? touched }
  }

  /** What grew too old since: each entry is met here once. */
  async function removeAged({ extend }: Held, { aged = '' }: Note): Promise<Done | undefined> {
    const entries = await next(aged, { before: moment(keepMs) })
    const ids = [...new Set(entries.map(({ container }) => container))]
    const present = await containers.getMany(ids)
    for (const [i, container] of ids.entries()) {
      const [newest] = (await journal.ofContainer(container, { kind: 'record', limit: 1 })).items
      const needed = present[i] && newest?.id
      const old = entries.filter((entry) => entry.container === container && entry.id !== needed)
      await remove(container, old)
      if (!(await extend())) return undefined
    }
    return { looked: entries.length, last: entries.at(-1)?.order ?? aged }
  }

  return {
    cutOf,

    async work({ signal }) {
      if (!(await isDue())) return 0
      const lease = await leases.acquire(leaseName)
      if (!lease) return 0
      const { note } = lease
      const held: Held = { extend: async () => !signal.aborted && lease.extend() }
      const touched = await boundTouched(held, note)
      const aged = touched && (await removeAged(held, note))
      await lease.release({ ...note, ...(touched && { touched: touched.last }), ...(aged && { aged: aged.last }) })
      return touched && aged ? touched.looked + aged.looked : 0
    }
  }
}

/** Whether to go on: not when another replica took over, or this one stops. */
interface Held {
  extend(): Promise<boolean>
}

interface Done {
  looked: number
  last: string
}
