import type { Hash } from '../domain/facts.ts'
import { fingerprintOf } from '../domain/fingerprint.ts'
import type { Sort } from '../domain/query.ts'
import { standingImages } from '../domain/state.ts'
import { type Filters, fromRowDocument, meets, needsRows, recordConditions, rowConditions, type SortField } from '../domain/summary.ts'
import { wakesAt } from '../domain/wakes.ts'
import type { DocumentStore, ListQuery, Stored } from '../stores/document-store.ts'
import { type Known, knownOf } from './changes.ts'
import type { ContainerView } from './image-views.ts'
import type { Summaries, Summarised } from './summaries.ts'
import type { Gathering, Views } from './views.ts'

export interface ListRequest {
  filters: Filters
  sort: Sort & { field: SortField }
  /** 1 to 1000. */
  limit: number
  cursor?: string | undefined
}

export interface ContainerPage {
  /** May be fewer than wanted, even none, where there is a next page all the same. */
  items: ContainerView[]
  next: string | undefined
}

export interface ContainerListParts {
  containers: DocumentStore
  rows: DocumentStore
  summaries: Pick<Summaries, 'settled' | 'touched'>
  views: Pick<Views, 'of' | 'gather'>
  hash: Hash
  now: () => Date
}

/** What lists ask of a container. */
export function summariseWith({ views, hash, now }: Pick<ContainerListParts, 'views' | 'hash' | 'now'>) {
  return async ({ record }: Known, given?: Gathering): Promise<Summarised> => {
    const { known, assembly, standing, buildTimeoutMs } = given ?? (await views.gather(record))
    const images = standingImages(record, known)
    const wakes = assembly ? wakesAt(assembly, { buildTimeoutMs, now: now().toISOString() }) : null
    const verdicts = new Set([...images.values()].map(({ facts }) => facts?.verdict ?? ('unverified' as const)))
    return {
      summary: {
        id: record.id,
        version: record.version ?? null,
        state: standing.state,
        architectures: [...images.keys()],
        missing: standing.missing,
        verdicts: [...verdicts].sort()
      },
      fingerprint: fingerprintOf(record, hash),
      wakes,
      updated: assembly?.updated ?? null
    }
  }
}

/** How long a list waits for rows of what was just written here. */
const settleMs = 2000
/** Pages of the store for one of ours, where what it says is behind. */
const maxRounds = 8
const readAtOnce = 100

/**
 * One page of containers. Where to look is told by the records or, for what they do not say, by our rows; what is found is read anew, and
 * left out where it is not what was asked for (any more).
 */
export function containerList(parts: ContainerListParts): (request: ListRequest) => Promise<ContainerPage> {
  const { containers, rows, summaries } = parts
  return async ({ filters, sort, limit, cursor }) => {
    const byRows = needsRows(filters, sort)
    if (byRows) await summaries.settled(settleMs)
    const source = byRows ? rows : containers
    const query: Omit<ListQuery, 'limit'> = { where: byRows ? rowConditions(filters) : recordConditions(filters), sort, fresh: 'own' }
    const items: ContainerView[] = []
    let next = cursor
    for (let round = 0; round < maxRounds && items.length < limit; round++) {
      const page = await source.list({ ...query, limit: limit - items.length, ...(next !== undefined && { cursor: next }) })
      items.push(...(await checked(parts, { found: page.items, filters, sort, byRows })))
      next = page.next
      if (next === undefined) break
    }
    return { items, next }
  }
}

interface Check {
  found: readonly Stored[]
  filters: Filters
  sort: ListRequest['sort']
  byRows: boolean
}

async function checked(parts: ContainerListParts, { found, ...check }: Check): Promise<ContainerView[]> {
  const items: ContainerView[] = []
  for (let i = 0; i < found.length; i += readAtOnce) {
    const some = found.slice(i, i + readAtOnce)
    const stored = await parts.containers.getMany(some.map(({ id }) => id))
    const views = await Promise.all(some.map((one, j) => checkedOne(parts, { one, stored: stored[j], ...check })))
    for (const [j, view] of views.entries()) {
      if (view) items.push(view)
      else if (check.byRows) parts.summaries.touched(some[j]!.id)
    }
  }
  return items
}

async function checkedOne(
  parts: ContainerListParts,
  { one, stored, filters, sort, byRows }: Omit<Check, 'found'> & { one: Stored; stored: Stored | undefined }
): Promise<ContainerView | undefined> {
  if (!stored) return undefined
  const known = knownOf(one.id, stored)
  if (!isInPlace({ one, known, sort, byRows })) return undefined
  const gathered = await parts.views.gather(known.record)
  const { summary } = await summariseWith(parts)(known, gathered)
  return meets({ ...summary, created: null, updated: null }, filters) ? parts.views.of(known, gathered) : undefined
}

/** Whether it still belongs where it was found in the order. */
function isInPlace({ one, known, sort, byRows }: { one: Stored; known: Known; sort: ListRequest['sort']; byRows: boolean }): boolean {
  if (sort.field === 'id') return true
  const row = byRows ? fromRowDocument(one.document) : undefined
  if (sort.field !== 'version') return row?.revision === known.revision
  const there = row ? row.version : knownOf(one.id, one).record.version
  return (there ?? null) === (known.record.version ?? null)
}
