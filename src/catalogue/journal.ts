import { type Entry, fromEntryDocument, orderOf, recordEntryId, toEntryDocument } from '../domain/entry.ts'
import type { Hash } from '../domain/facts.ts'
import type { DocumentStore } from '../stores/document-store.ts'

/** Bounded page of entries; `next` where there are more. */
export interface EntryPage {
  items: Entry[]
  next?: string
}

/** What happened to containers: append-only. */
export interface Journal {
  /** Writes one down. An entry about a change of a record is told once, whoever tells it; others each time. */
  tell(told: Told): Promise<Entry>
  /** The entry about the change that made this revision. */
  ofRevision(container: string, revision: string): Promise<Entry | undefined>
  /** The entry about the removal of what stood at this revision. */
  ofRemoval(container: string, previous: string): Promise<Entry | undefined>
  /** One container's, the newest first; of one kind where that is given. */
  ofContainer(container: string, page: { kind?: Entry['kind']; limit: number; cursor?: string | undefined }): Promise<EntryPage>
  /** Hears of every entry that this process writes. Returns how to stop. */
  onEntry(listener: (entry: Entry) => void): () => void
}

/** An entry before its place is known. What is not about a record is told apart by its subject: a revision of an assembly, say. */
export interface Told extends Omit<Entry, 'id' | 'order' | 'at'> {
  at?: string
  subject?: string
}

export function createJournal(store: DocumentStore, { hash, now }: { hash: Hash; now: () => Date }): Journal {
  const listeners = new Set<(entry: Entry) => void>()

  async function find(id: string): Promise<Entry | undefined> {
    const stored = await store.get(id)
    return stored && fromEntryDocument(stored.document)
  }

  return {
    async tell({ subject, at = now().toISOString(), ...told }) {
      const id =
        told.kind === 'record' ? recordEntryId(told, hash) : hash([told.container, told.kind, at, subject, told.architecture].join('\n'))
      const entry: Entry = { id, ...told, at, order: orderOf({ ...told, id, at }) }
      await store.put(id, toEntryDocument(entry))
      for (const listener of listeners) listener(entry)
      return entry
    },

    ofRevision: (container, revision) => find(recordEntryId({ container, revision, previous: null }, hash)),
    ofRemoval: (container, previous) => find(recordEntryId({ container, revision: null, previous }, hash)),

    async ofContainer(container, { kind, limit, cursor }) {
      const where = [{ field: 'container', equals: container }, ...(kind ? [{ field: 'kind', equals: kind }] : [])]
      const { items, next } = await store.list({
        where,
        sort: { field: 'order', order: 'desc' },
        limit,
        ...(cursor !== undefined && { cursor })
      })
      return { items: items.flatMap(({ document }) => fromEntryDocument(document) ?? []), ...(next !== undefined && { next }) }
    },

    onEntry(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    }
  }
}
