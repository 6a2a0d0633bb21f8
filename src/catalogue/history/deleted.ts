import { inTableOrder } from '../../domain/architecture.ts'
import { type ContainerRecord, fromDocument } from '../../domain/container/document.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { JournalEntry } from '../../domain/history/entry.ts'
import { toEntryView } from '../../domain/history/entry-view.ts'
import type { DeletedContainer, DeletedPage, TarballStanding } from '../../schemas.ts'
import { entryBatches } from './entry-batches.ts'
import type { HistoryParts } from './parts.ts'

/** Returns the containers that were removed within a period and do not exist now, the latest removal first. Throws cursor_invalid. */
export type DeletedList = (request: { limit: number; cursor?: string | undefined; publicUrl: string }) => Promise<DeletedPage>

/** The entries that may record a removal. */
const removalQuery = { kind: 'record', what: ['removed', 'noticed'], newestFirst: true, fresh: true } as const
const batchSize = 500

export function createDeletedList({ journal, stores, tarballs, now }: HistoryParts, keepMs: number): DeletedList {
  return async ({ limit, cursor, publicUrl }) => {
    const range = { after: new Date(now().getTime() - keepMs).toISOString(), ...(cursor !== undefined && { before: orderFrom(cursor) }) }
    const found = await journal.entries({ ...removalQuery, ...range, limit })
    const removed = found.filter(isRemoval)
    const ids = removed.map(({ container }) => container)
    const [present, last] = await Promise.all([stores.containers.getMany(ids), lastRemovals(journal, removed, cursor)])
    const gone = removed.filter(({ container, id }, i) => present[i] === undefined && last.get(container) === id)
    const records = gone.map(({ container, before }) => fromDocument(container, before!))
    const statuses = await tarballs?.(records, publicUrl)
    return {
      items: gone.map((entry, i) => toDeleted(entry, { record: records[i]!, tarballs: statuses?.[i] ?? [], keepMs })),
      next: found.length === limit ? found.at(-1)!.order : null
    }
  }
}

const isRemoval = ({ revision, before }: JournalEntry): boolean => revision === null && before !== null

/** Returns the id of each container's last removal, the newest first: an earlier page may have listed the container already. */
async function lastRemovals(journal: HistoryParts['journal'], removed: readonly JournalEntry[], cursor: string | undefined) {
  const last = new Map<string, string>()
  const container = [...new Set(removed.map((entry) => entry.container))]
  if (cursor !== undefined && container.length > 0) {
    const query = { ...removalQuery, container, after: cursor, limit: batchSize }
    for await (const later of entryBatches(journal, query)) {
      for (const entry of later) if (isRemoval(entry) && !last.has(entry.container)) last.set(entry.container, entry.id)
      if (last.size === container.length) break
    }
  }
  for (const { container, id } of removed) if (!last.has(container)) last.set(container, id)
  return last
}

interface DeletedDetails {
  record: ContainerRecord
  tarballs: TarballStanding[]
  keepMs: number
}

function toDeleted(entry: JournalEntry, { record, tarballs, keepMs }: DeletedDetails): DeletedContainer {
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
  const message = 'the cursor is not one of this list; start without a cursor, or take `next` of the page before'
  throw new CatalogueError('cursor_invalid', message)
}
