import type { JournalEntry } from '../../domain/history/entry.ts'
import { cutId, fromCutDocument, type HistoryCut, toCutDocument } from '../../domain/history/history-cut.ts'
import type { Hash } from '../../domain/image/facts.ts'
import { pagesOf } from '../../domain/pages.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import type { Leases, Note } from '../jobs/leases.ts'
import type { Journal } from '../records/journal.ts'

interface JournalBoundsParts {
  store: DocumentStore
  journal: Pick<Journal, 'entries' | 'ofContainer'>
  containers: Pick<DocumentStore, 'getMany'>
  leases: Leases
  hash: Hash
  now: () => Date
  /** The most entries of one container. */
  entries: number
  /** How long entries are kept. */
  keepMs: number
}

/** Limits entries by number and age. A record's newest stays as long as it does: other programs' changes are found by it. */
export interface JournalBounds {
  /** Checks a batch of entries; only one replica at a time does. Returns the number of checked entries. */
  work(options: { signal: AbortSignal }): Promise<number>
  /** Returns which part of a container's history was removed. */
  cutOf(container: string): Promise<HistoryCut | null>
}

const batchSize = 500
/** Entries younger than this may still be preceded by new ones. */
const settledMs = 60_000
const leaseName = 'journal-bounds'

export function createJournalBounds(parts: JournalBoundsParts): JournalBounds {
  const { leases } = parts
  return {
    cutOf: (container) => cutOf(parts, container),

    async work({ signal }) {
      if (!(await isDue(parts))) return 0
      const lease = await leases.acquire(leaseName)
      if (!lease) return 0
      const { note } = lease
      const goOn = async () => !signal.aborted && lease.extend()
      const touched = await boundTouched(parts, note, goOn)
      const aged = touched && (await removeAged(parts, note, goOn))
      await lease.release({ ...note, ...(touched && { touched: touched.last }), ...(aged && { aged: aged.last }) })
      return touched && aged ? touched.checked + aged.checked : 0
    }
  }
}

/** Returns entries between two orders. */
const batchOf = ({ journal }: JournalBoundsParts, range: { after: string; before: string }, limit = batchSize) =>
  journal.entries({ ...range, newestFirst: false, limit })

const moment = ({ now }: JournalBoundsParts, beforeMs: number): string => new Date(now().getTime() - beforeMs).toISOString()

/** Checks before taking a lease, because usually there is nothing to do. */
async function isDue(parts: JournalBoundsParts): Promise<boolean> {
  const { touched = '', aged = '' } = await parts.leases.note(leaseName)
  const found = await Promise.all([
    batchOf(parts, { after: touched, before: moment(parts, settledMs) }, 1),
    batchOf(parts, { after: aged, before: moment(parts, parts.keepMs) }, 1)
  ])
  return found.flat().length > 0
}

/** Returns whether to continue: not when another replica took over, or this one is stopping. */
type GoesOn = () => Promise<boolean>

/** Trims the containers that got entries since the last holder of the lease stopped. Returns undefined when it was interrupted. */
async function boundTouched(parts: JournalBoundsParts, note: Note, goOn: GoesOn) {
  const { touched = '' } = note
  const entries = await batchOf(parts, { after: touched, before: moment(parts, settledMs) })
  for (const container of new Set(entries.map((entry) => entry.container))) {
    await boundContainer(parts, container)
    if (!(await goOn())) return undefined
  }
  return { checked: entries.length, last: entries.at(-1)?.order ?? touched }
}

/** Removes the entries that have become too old since then. Returns undefined when it was interrupted. */
async function removeAged(parts: JournalBoundsParts, note: Note, goOn: GoesOn) {
  const { aged = '' } = note
  const entries = await batchOf(parts, { after: aged, before: moment(parts, parts.keepMs) })
  const ids = [...new Set(entries.map(({ container }) => container))]
  const present = await parts.containers.getMany(ids)
  for (const [i, container] of ids.entries()) {
    const [newest] = (await parts.journal.ofContainer(container, { kind: 'record', limit: 1 })).items
    const needed = present[i] && newest?.id
    const old = entries.filter((entry) => entry.container === container && entry.id !== needed)
    await removeEntries(parts, container, old)
    if (!(await goOn())) return undefined
  }
  return { checked: entries.length, last: entries.at(-1)?.order ?? aged }
}

/** Removes the excess entries of a container, and those that are too old. */
async function boundContainer(parts: JournalBoundsParts, container: string): Promise<void> {
  const oldest = moment(parts, parts.keepMs)
  let kept = 0
  let recordSeen = false
  for await (const { items } of pagesOf((page) => parts.journal.ofContainer(container, page), { limit: batchSize })) {
    const surplus: JournalEntry[] = []
    for (const entry of items) {
      const newestOfRecord: boolean = entry.kind === 'record' && !recordSeen
      recordSeen ||= newestOfRecord
      if (newestOfRecord || (kept < parts.entries && entry.order >= oldest)) kept++
      else surplus.push(entry)
    }
    await removeEntries(parts, container, surplus)
  }
}

async function removeEntries(parts: JournalBoundsParts, container: string, entries: readonly JournalEntry[]): Promise<void> {
  if (entries.length === 0) return
  const { store, journal, hash } = parts
  await Promise.all(entries.map(({ id }) => store.remove(id)))
  const id = cutId(container, hash)
  const { items } = await journal.ofContainer(container, { limit: 1, fresh: true })
  if (items.length === 0) return void (await store.remove(id))
  const before = await cutOf(parts, container)
  const until = entries.reduce((last, { at }) => (at > last ? at : last), before?.until ?? '')
  await store.put(id, toCutDocument(id, { container, entries: entries.length + (before?.entries ?? 0), until }))
}

async function cutOf({ store, hash }: JournalBoundsParts, container: string): Promise<HistoryCut | null> {
  const stored = await store.get(cutId(container, hash))
  return (stored && fromCutDocument(stored.document)) ?? null
}
