import { isCatalogueError } from '../../domain/errors.ts'
import {
  type EntryKind,
  fromEntryDocument,
  type JournalEntry,
  momentOf,
  orderOf,
  recordEntryId,
  toEntryDocument
} from '../../domain/history/entry.ts'
import type { Hash } from '../../domain/image/facts.ts'
import type { Condition } from '../../domain/json/query.ts'
import { pagesOf } from '../../domain/pages.ts'
import type { DocumentQuery, DocumentStore, WriteCondition } from '../../stores/document-store.ts'
import { createListeners } from '../jobs/listeners.ts'

interface EntryPage {
  items: JournalEntry[]
  next?: string
}

/** `after` and `before` are orders of entries, and not included. */
export interface EntryQuery {
  /** One, or one of several. */
  container?: string | readonly string[]
  kind?: EntryKind
  what?: string | readonly string[]
  after?: string
  before?: string
  newestFirst: boolean
  limit: number
  /** Includes entries that were appended a moment ago, at a price. */
  fresh?: boolean
}

export interface EntryPageQuery {
  kind?: EntryKind | undefined
  limit: number
  cursor?: string | undefined
  fresh?: boolean
}

/** An entry without a place yet. The subject, such as a revision, distinguishes entries that are not about a record. */
export interface NewEntry extends Omit<JournalEntry, 'id' | 'order' | 'at'> {
  at?: string
  subject?: string
}

/** What happened to containers: append-only. */
export interface Journal {
  /** An entry about a change of a record is stored once, whichever process appends it; others each time. */
  append(entry: NewEntry): Promise<JournalEntry>
  /** Appends an entry unless it exists: the process that made the change knows more about it than the one that found it. */
  appendMissed(entry: NewEntry): Promise<JournalEntry>
  /** Returns the entry about the change that made this revision. */
  ofRevision(container: string, revision: string): Promise<JournalEntry | undefined>
  /** Returns the entry about the removal of the record that was at this revision. */
  ofRemoval(container: string, previous: string): Promise<JournalEntry | undefined>
  find(id: string): Promise<JournalEntry | undefined>
  /** Returns one container's entries, the newest first. */
  ofContainer(container: string, page: EntryPageQuery): Promise<EntryPage>
  /** Returns the first `limit` entries, or all where there are fewer. */
  entries(query: EntryQuery): Promise<JournalEntry[]>
  /** Subscribes to every entry that this process writes. Returns how to stop. */
  onEntry(listener: (entry: JournalEntry) => void): () => void
}

export function createJournal(store: DocumentStore, { hash, now }: { hash: Hash; now: () => Date }): Journal {
  const written = createListeners<[JournalEntry]>()
  const placed = createEntries({ hash, now })

  async function find(id: string): Promise<JournalEntry | undefined> {
    const stored = await store.get(id)
    return stored && fromEntryDocument(stored.document)
  }

  async function page(query: DocumentQuery): Promise<EntryPage> {
    const { items, next } = await store.list(query)
    return { items: items.flatMap(({ document }) => fromEntryDocument(document) ?? []), ...(next !== undefined && { next }) }
  }

  async function write(entry: JournalEntry, expected?: WriteCondition): Promise<JournalEntry> {
    await store.put(entry.id, toEntryDocument(entry), expected)
    written.notify(entry)
    return entry
  }

  return {
    append: (entry) => write(placed(entry)),

    async appendMissed(missed) {
      const entry = placed(missed)
      try {
        return await write(entry, { absent: true })
      } catch (error) {
        if (isCatalogueError(error, 'already_exists')) return (await find(entry.id)) ?? entry
        throw error
      }
    },

    ofRevision: (container, revision) => find(recordEntryId({ container, revision, previous: null }, hash)),
    ofRemoval: (container, previous) => find(recordEntryId({ container, revision: null, previous }, hash)),
    find,

    async ofContainer(container, { kind, limit, cursor, fresh = false }) {
      const where = [{ field: 'container', equals: container }, ...(kind ? [{ field: 'kind', equals: kind }] : [])]
      return page({ where, sort: { field: 'order', order: 'desc' }, limit, fresh, ...(cursor !== undefined && { cursor }) })
    },

    async entries({ limit, newestFirst, fresh = false, ...wanted }) {
      const query: DocumentQuery = { where: conditions(wanted), sort: { field: 'order', order: newestFirst ? 'desc' : 'asc' }, limit }
      const found: JournalEntry[] = []
      // a store may end a page short of what there is
      for await (const { items } of pagesOf(page, { ...query, fresh })) {
        found.push(...items)
        if (found.length >= limit) break
      }
      return found.slice(0, limit)
    },

    onEntry: written.listen
  }
}

/** Returns how entries get their id and their place: later than every one before it, also within a millisecond. */
function createEntries({ hash, now }: { hash: Hash; now: () => Date }): (entry: NewEntry) => JournalEntry {
  let last = ''
  return ({ subject, at: given, ...entry }) => {
    const at = given ?? now().toISOString()
    const { container, kind, architecture } = entry
    const id = kind === 'record' ? recordEntryId(entry, hash) : hash([container, kind, at, subject, architecture].join('\n'))
    const order = orderOf({ ...entry, id, at })
    if (given !== undefined) return { id, ...entry, at, order }
    last = order > last ? order : orderOf({ ...entry, id, at: new Date(momentOf(last) + 1).toISOString() })
    return { id, ...entry, at, order: last }
  }
}

function conditions({ container, kind, what, after, before }: Partial<EntryQuery>): Condition[] {
  const equal = Object.entries({ container, kind, what }).flatMap(([field, wanted]): Condition[] => {
    if (wanted === undefined) return []
    return typeof wanted === 'string' ? [{ field, equals: wanted }] : [{ any: wanted.map((equals) => ({ field, equals })) }]
  })
  const field = 'order'
  return [...equal, ...(after === undefined ? [] : [{ field, after }]), ...(before === undefined ? [] : [{ field, before }])]
}
