import { type Architecture, inTableOrder } from '../domain/architecture.ts'
import { fromDocument } from '../domain/document.ts'
import type { Entry } from '../domain/entry.ts'
import { CatalogueError } from '../domain/errors.ts'
import { type EntryView, toEntryView } from '../domain/history.ts'
import type { DocumentStore } from '../stores/document-store.ts'
import type { Journal } from './journal.ts'

/** A container that is gone, and can be brought back. */
export interface Deleted {
  id: string
  /** What POST …/restore takes to bring it back. */
  revision: string
  version: string | null
  architectures: Architecture[]
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
export type DeletedList = (page: { limit: number; cursor?: string | undefined }) => Promise<DeletedPage>

export interface DeletedParts {
  journal: Pick<Journal, 'entries' | 'ofContainer'>
  containers: Pick<DocumentStore, 'getMany'>
  now: () => Date
  keepMs: number
}

/** What an entry about a removal may be called. */
const removals = ['removed', 'noticed'] as const

export function deletedList({ journal, containers, now, keepMs }: DeletedParts): DeletedList {
  /** Whether the last that the history tells of the container is this. */
  async function isLast({ id, container }: Entry): Promise<boolean> {
    const [last] = (await journal.ofContainer(container, { kind: 'record', limit: 1 })).items
    return last?.id === id
  }

  return async ({ limit, cursor }) => {
    const range = { after: new Date(now().getTime() - keepMs).toISOString(), ...(cursor !== undefined && { before: orderFrom(cursor) }) }
    const pages = await Promise.all(
      removals.map((what) => journal.entries({ kind: 'record', what, ...range, newestFirst: true, limit, fresh: true }))
    )
    const found = pages
      .flat()
      .sort((a, b) => (a.order < b.order ? 1 : -1))
      .slice(0, limit)
    const present = await containers.getMany(found.map(({ container }) => container))
    const gone = found.filter(({ revision, before }, i) => revision === null && before !== null && present[i] === undefined)
    const last = await Promise.all(gone.map(isLast))
    return {
      items: gone.filter((_, i) => last[i]).map((entry) => toDeleted(entry, keepMs)),
      next: found.length === limit ? found.at(-1)!.order : null
    }
  }
}

function toDeleted(entry: Entry, keepMs: number): Deleted {
  const { version = null, images } = fromDocument(entry.container, entry.before!)
  const { by, reason } = toEntryView({ ...entry, before: null, after: null })
  return {
    id: entry.container,
    revision: entry.previous ?? entry.id,
    version,
    architectures: inTableOrder(images.keys()),
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
