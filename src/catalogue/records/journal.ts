import { isCatalogueError } from '../../domain/errors.ts'
import { fromEntryDocument, type JournalEntry, momentOf, orderOf, recordEntryId, toEntryDocument } from '../../domain/history/entry.ts'
import type { Hash } from '../../domain/image/facts.ts'
import type { Condition } from '../../domain/json/query.ts'
import { pagesOf } from '../../domain/pages.ts'
import type { DocumentQuery, DocumentStore, WriteCondition } from '../../stores/document-store.ts'

/** Bounded page of entries; `next` where there are more. */
export interface EntryPage {
  items: JournalEntry[]
  next?: string
}

/** Which entries, in which order: that of `order`, from both sides of which the range is open. */
export interface EntryQuery {
  /** One, or one of several. */
  container?: string | readonly string[]
  kind?: JournalEntry['kind']
  what?: string | readonly string[]
  after?: string
  before?: string
  newestFirst: boolean
  limit: number
  /** Also those that were told a moment ago, at a price. */
  fresh?: boolean
}

/** What happened to containers: append-only. */
export interface Journal {
  /** Writes one down. An entry about a change of a record is told once, whoever tells it; others each time. */
  append(told: NewEntry): Promise<JournalEntry>
  /** The same, unless it was told: who made the change knows more of it than who found it. */
  appendMissed(told: NewEntry): Promise<JournalEntry>
  /** The entry about the change that made this revision. */
  ofRevision(container: string, revision: string): Promise<JournalEntry | undefined>
  /** The entry about the removal of what stood at this revision. */
  ofRemoval(container: string, previous: string): Promise<JournalEntry | undefined>
  find(id: string): Promise<JournalEntry | undefined>
  /** One container's, the newest first; of one kind where that is given. */
  ofContainer(
    container: string,
    page: { kind?: JournalEntry['kind'] | undefined; limit: number; cursor?: string | undefined; fresh?: boolean }
  ): Promise<EntryPage>
  /** The first so many, or all where there are fewer. */
  entries(query: EntryQuery): Promise<JournalEntry[]>
  /** Hears of every entry that this process writes. Returns how to stop. */
  onEntry(listener: (entry: JournalEntry) => void): () => void
}

/** An entry before its place is known. What is not about a record is told apart by its subject: a revision of an assembly, say. */
export interface NewEntry extends Omit<JournalEntry, 'id' | 'order' | 'at'> {
  at?: string
  subject?: string
}

export function createJournal(store: DocumentStore, { hash, now }: { hash: Hash; now: () => Date }): Journal {
  const listeners = new Set<(entry: JournalEntry) => void>()
  let last = ''

  /** What this process tells later comes later, also within a millisecond: who reads from one entry on misses none. */
  function next(entry: Parameters<typeof orderOf>[0]): string {
    const order = orderOf(entry)
    const following = () => orderOf({ ...entry, at: new Date(momentOf(last) + 1).toISOString() })
    last = order > last ? order : following()
    return last
  }

  async function find(id: string): Promise<JournalEntry | undefined> {
    const stored = await store.get(id)
    return stored && fromEntryDocument(stored.document)
  }

  async function page(query: DocumentQuery): Promise<EntryPage> {
    const { items, next } = await store.list(query)
    return { items: items.flatMap(({ document }) => fromEntryDocument(document) ?? []), ...(next !== undefined && { next }) }
  }

  function entryOf({ subject, at: given, ...told }: NewEntry): JournalEntry {
    const at = given ?? now().toISOString()
    const id =
      told.kind === 'record' ? recordEntryId(told, hash) : hash([told.container, told.kind, at, subject, told.architecture].join('\n'))
    return { id, ...told, at, order: given === undefined ? next({ ...told, id, at }) : orderOf({ ...told, id, at }) }
  }

  async function write(entry: JournalEntry, expected?: WriteCondition): Promise<JournalEntry> {
    await store.put(entry.id, toEntryDocument(entry), expected)
    for (const listener of listeners) listener(entry)
    return entry
  }

  return {
    append: (told) => write(entryOf(told)),

    async appendMissed(told) {
      const entry = entryOf(told)
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

    onEntry(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    }
  }
}

function conditions({ container, kind, what, after, before }: Omit<EntryQuery, 'limit' | 'newestFirst' | 'fresh'>): Condition[] {
  const equal = Object.entries({ container, kind, what }).flatMap(([field, wanted]): Condition[] => {
    if (wanted === undefined) return []
    return typeof wanted === 'string' ? [{ field, equals: wanted }] : [{ any: wanted.map((equals) => ({ field, equals })) }]
  })
  const field = 'order'
  return [...equal, ...(after === undefined ? [] : [{ field, after }]), ...(before === undefined ? [] : [{ field, before }])]
}
