import { CatalogueError } from '../../domain/errors.ts'
import type { JournalEntry } from '../../domain/history/entry.ts'
import { itemsOf } from '../../domain/pages.ts'
import type { HistoryParts } from './parts.ts'

export type Revisions = ReturnType<typeof createRevisions>

const isEntryId = (reference: string): boolean => /^[0-9a-f]{64}$/.test(reference)

/** Finds entries by a revision of the record, or by the id of an entry, which every entry has. */
export function createRevisions({ journal, changes }: HistoryParts) {
  /** Returns the entry of the change that created this revision; otherwise the entry of the change that removed or replaced it. */
  async function entryOf(id: string, reference: string): Promise<JournalEntry | undefined> {
    if (isEntryId(reference)) {
      const entry = await journal.find(reference)
      return entry?.container === id ? entry : undefined
    }
    return (await journal.ofRevision(id, reference)) ?? (await journal.ofRemoval(id, reference)) ?? (await entryAfter(id, reference))
  }

  /** Returns the entry after a revision without its own, as of a write without a change of meaning: it holds the document. */
  async function entryAfter(id: string, previous: string): Promise<JournalEntry | undefined> {
    const query = { kind: 'record', limit: 500, fresh: true } as const
    const entries = itemsOf((page) => journal.ofContainer(id, page), query)
    for await (const entry of entries) if (entry.previous === previous) return entry
    return undefined
  }

  async function unknownError(id: string, reference: string): Promise<CatalogueError> {
    const isEmpty = (await journal.ofContainer(id, { limit: 1, fresh: true })).items.length === 0
    if (isEmpty && !(await changes.find(id))) {
      return new CatalogueError('container_unknown', `container not found: ${id}; it has no history either`)
    }
    const revision = JSON.stringify(reference.slice(0, 100))
    return new CatalogueError('revision_unknown', `the history of ${id} has no revision ${revision}; GET …/history lists those that it has`)
  }

  return {
    /** Returns the entry of a revision. Throws container_unknown, revision_unknown. */
    async entry(id: string, reference: string): Promise<JournalEntry> {
      const entry = await entryOf(id, reference)
      if (entry) return entry
      throw await unknownError(id, reference)
    },

    /** Returns the text of the record at a revision; for a removal, of the record that was removed. Throws container_unknown, revision_unknown. */
    async document(id: string, reference: string): Promise<string> {
      const stored = await changes.find(id)
      if (stored?.revision === reference) return stored.document
      const entry = await entryOf(id, reference)
      if (entry?.kind === 'record') {
        const made = entry.revision === reference || isEntryId(reference)
        const document = made ? (entry.after ?? entry.before) : entry.before
        if (document !== null) return document
      }
      throw await unknownError(id, reference)
    }
  }
}
