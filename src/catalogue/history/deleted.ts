import { type Architecture, inTableOrder } from '../../domain/architecture.ts'
import { type ContainerRecord, fromDocument } from '../../domain/container/document.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { JournalEntry } from '../../domain/history/entry.ts'
import { type EntryView, toEntryView } from '../../domain/history/entry-view.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import type { Journal } from '../records/journal.ts'
import type { TarballStatus, TarballStatuses } from '../tarballs/tarball-status.ts'

/** A container that is gone, and can be brought back. */
export interface Deleted {
  id: string
  /** What POST …/restore takes to bring it back. */
  revision: string
  version: string | null
  architectures: Architecture[]
  /** Where its tarballs are: what is gone a restore does not bring back. */
  tarballs: TarballStatus[]
  removed: string
  /** Whether it was removed in the store itself, and not through this service. */
  noticed: boolean
  by: EntryView['by']
  reason: string | null
  /** Until when it is listed here. */
  until: string
}

export interface DeletedPage {
  items: Deleted[]
  next: string | null
}

/** The containers that were removed within a period and have not come back, the last one first. Throws cursor_invalid. */
export type DeletedList = (page: { limit: number; cursor?: string | undefined; publicUrl: string }) => Promise<DeletedPage>

export interface DeletedParts {
  journal: Pick<Journal, 'entries'>
  containers: Pick<DocumentStore, 'getMany'>
  /** Absent where there is nowhere to keep tarballs. */
  tarballs: TarballStatuses | undefined
  now: () => Date
  keepMs: number
}

/** What an entry about a removal may be called. */
const removals = { kind: 'record', what: ['removed', 'noticed'], newestFirst: true, fresh: true } as const
/** Later removals of a page's containers that are read at once. */
const batch = 500

/** However long a page is: so many reads, and a look at each tarball. */
export function deletedList({ journal, containers, tarballs, now, keepMs }: DeletedParts): DeletedList {
  /** The last removal of each container, by its entry. A page before this one may have told of it. */
  async function lastOf(found: readonly JournalEntry[], cursor: string | undefined): Promise<Map<string, string>> {
    const last = new Map<string, string>()
    const container = [...new Set(found.map((entry) => entry.container))]
    if (cursor !== undefined && container.length > 0) {
      for (let before: string | undefined; ; ) {
        const later = await journal.entries({
          ...removals,
          container,
          after: cursor,
          limit: batch,
          ...(before !== undefined && { before })
        })
        for (const entry of later) if (isRemoval(entry) && !last.has(entry.container)) last.set(entry.container, entry.id)
        if (later.length < batch || last.size === container.length) break
        before = later.at(-1)!.order
      }
    }
    for (const { container, id } of found) if (!last.has(container)) last.set(container, id)
    return last
  }

  return async ({ limit, cursor, publicUrl }) => {
    const range = { after: new Date(now().getTime() - keepMs).toISOString(), ...(cursor !== undefined && { before: orderFrom(cursor) }) }
    const found = await journal.entries({ ...removals, ...range, limit })
    const removed = found.filter(isRemoval)
    const [present, last] = await Promise.all([containers.getMany(removed.map(({ container }) => container)), lastOf(removed, cursor)])
    const gone = removed.filter(({ container, id }, i) => present[i] === undefined && last.get(container) === id)
    const records = gone.map(({ container, before }) => fromDocument(container, before!))
    const standings = await tarballs?.(records, publicUrl)
    return {
      items: gone.map((entry, i) => toDeleted(entry, { record: records[i]!, tarballs: standings?.[i] ?? [], keepMs })),
      next: found.length === limit ? found.at(-1)!.order : null
    }
  }
}

const isRemoval = ({ revision, before }: JournalEntry): boolean => revision === null && before !== null

function toDeleted(
  entry: JournalEntry,
  { record, tarballs, keepMs }: { record: ContainerRecord; tarballs: TarballStatus[]; keepMs: number }
): Deleted {
  const { by, reason } = toEntryView({ ...entry, before: null, after: null })
  return {
    id: entry.container,
    revision: entry.previous ?? entry.id,
    version: record.version ?? null,
    architectures: inTableOrder(record.images.keys()),
    tarballs,
    removed: entry.at,
    noticed: entry.what === 'noticed',
    by,
    reason,
    until: new Date(Date.parse(entry.at) + keepMs).toISOString()
  }
}

function orderFrom(cursor: string): string {
  if (/^\d{4}-\d\d-\d\dT[\d:.]+Z\/[0-9a-z]+\/[0-9a-f]{8}$/.test(cursor)) return cursor
  throw new CatalogueError(
    'cursor_invalid',
    'the cursor is not one that this list gave; start without one, or take `next` of the page before'
  )
}
