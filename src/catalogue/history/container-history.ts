import { fromDocument } from '../../domain/container/document.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { diffOf, summaryOf } from '../../domain/history/diff.ts'
import { toEntryView } from '../../domain/history/entry-view.ts'
import type { DiffAnswer, HistoryEntry, HistoryPage } from '../../schemas.ts'
import type { EntryPageQuery } from '../records/journal.ts'
import type { JournalBounds } from './journal-bounds.ts'
import type { HistoryParts } from './parts.ts'
import { type Restored, type RestoreRequest, restoreRevision } from './restore.ts'
import { createRevisions } from './revisions.ts'

/** One entry with whole documents, as JSON text. */
export interface WholeEntry {
  view: Omit<HistoryEntry, 'before' | 'after'>
  before: string | null
  after: string | null
}

/** The history of each container, including removed ones, and the restoring of earlier revisions. */
export interface ContainerHistory {
  /** Returns the newest entries first. Throws container_unknown, cursor_invalid. */
  list(id: string, request: Omit<EntryPageQuery, 'fresh'>): Promise<HistoryPage>
  /** Returns one entry with its documents. Throws container_unknown, revision_unknown. */
  entry(id: string, reference: string): Promise<WholeEntry>
  /** Compares two revisions, or ids of entries, or `current`. Throws container_unknown, revision_unknown. */
  compare(id: string, between: { from: string; to: string }): Promise<DiffAnswer>
  /** Registers a revision again. Throws container_unknown, revision_unknown, restore_refused, precondition_failed. */
  restore(request: RestoreRequest): Promise<Restored>
}

export function createContainerHistory(parts: HistoryParts & { bounds: Pick<JournalBounds, 'cutOf'> }): ContainerHistory {
  const { journal, bounds, changes } = parts
  const revisions = createRevisions(parts)

  async function recordAt(id: string, reference: string) {
    if (reference !== 'current') return { revision: reference, record: fromDocument(id, await revisions.document(id, reference)) }
    const { revision = null, record } = (await changes.find(id)) ?? {}
    return { revision, record }
  }

  return {
    async list(id, { kind, limit, cursor }) {
      const { items, next = null } = await journal.ofContainer(id, { kind, limit, cursor, fresh: true })
      if (items.length === 0 && cursor === undefined && kind === undefined && !(await changes.find(id))) {
        throw new CatalogueError('container_unknown', `container not found: ${id}; it has no history either`)
      }
      return { items: items.map(toEntryView), next, cut: await bounds.cutOf(id) }
    },

    async entry(id, reference) {
      const found = await revisions.entry(id, reference)
      const { before, after } = found
      const { before: _, after: __, ...view } = toEntryView({ ...found, before: null, after: null })
      return { view, before, after }
    },

    async compare(id, between) {
      const [from, to] = await Promise.all([recordAt(id, between.from), recordAt(id, between.to)])
      const changes = diffOf(from.record, to.record)
      return { container: id, from: from.revision, to: to.revision, same: changes.length === 0, summary: summaryOf(changes), changes }
    },

    restore: (request) => restoreRevision({ ...parts, revisions }, request)
  }
}
