import { CatalogueError } from '../../domain/errors.ts'
import type { JournalEntry } from '../../domain/history/entry.ts'
import type { Changes } from '../records/changes.ts'
import type { Journal } from '../records/journal.ts'

export interface RevisionsParts {
  journal: Pick<Journal, 'find' | 'ofRevision' | 'ofRemoval' | 'ofContainer'>
  changes: Pick<Changes, 'find'>
}

const isEntryId = (reference: string): boolean => /^[0-9a-f]{64}$/.test(reference)

/** What a caller calls a revision: one of the record, or the id of an entry, which every entry has. */
export function revisionsOf({ journal, changes }: RevisionsParts) {
  /** The entry that made this revision; else the one that ended it, by removing or replacing what stood there. */
  async function entryOf(id: string, reference: string): Promise<JournalEntry | undefined> {
    if (isEntryId(reference)) {
      const entry = await journal.find(reference)
      return entry?.container === id ? entry : undefined
    }
    return (await journal.ofRevision(id, reference)) ?? (await journal.ofRemoval(id, reference)) ?? (await entryAfter(id, reference))
  }

  /** A write that meant the same made a revision that no entry is about: then the next one tells what stood there. */
  async function entryAfter(id: string, previous: string): Promise<JournalEntry | undefined> {
    let cursor: string | undefined
    do {
      const page = await journal.ofContainer(id, { kind: 'record', limit: 500, cursor, fresh: cursor === undefined })
      const found = page.items.find((entry) => entry.previous === previous)
      if (found) return found
      cursor = page.next
    } while (cursor !== undefined)
    return undefined
  }

  async function unknown(id: string, reference: string): Promise<CatalogueError> {
    const nothing = (await journal.ofContainer(id, { limit: 1, fresh: true })).items.length === 0 && !(await changes.find(id))
    if (nothing) return new CatalogueError('container_unknown', `container not found: ${id}; nor does the history know it`)
    return new CatalogueError(
      'revision_unknown',
      `the history of ${id} does not know the revision ${JSON.stringify(reference.slice(0, 100))}; GET …/history names those that it knows`
    )
  }

  return {
    /** Throws container_unknown, revision_unknown. */
    async entry(id: string, reference: string): Promise<JournalEntry> {
      const entry = await entryOf(id, reference)
      if (entry) return entry
      throw await unknown(id, reference)
    },

    /** What stood there; of the id of a removal's entry, what it removed. Throws container_unknown, revision_unknown. */
    async document(id: string, reference: string): Promise<string> {
      const now = await changes.find(id)
      if (now?.revision === reference) return now.document
      const entry = await entryOf(id, reference)
      if (entry?.kind === 'record') {
        const made = entry.revision === reference || isEntryId(reference)
        const document = made ? (entry.after ?? entry.before) : entry.before
        if (document !== null) return document
      }
      throw await unknown(id, reference)
    }
  }
}

export type Revisions = ReturnType<typeof revisionsOf>
