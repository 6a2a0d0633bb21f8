import { dueAt } from '../../domain/build/due-time.ts'
import { currentImages } from '../../domain/build/state.ts'
import { fingerprintOf } from '../../domain/container/fingerprint.ts'
import type { Hash } from '../../domain/image/facts.ts'
import type { Sort } from '../../domain/json/query.ts'
import {
  type Filters,
  fromSummaryDocument,
  meets,
  needsSummaries,
  recordConditions,
  type SortField,
  summaryConditions,
  withoutImages
} from '../../domain/lists/summary.ts'
import type { DocumentStore, Stored } from '../../stores/document-store.ts'
import { type StoredRecord, toStoredRecord } from '../records/changes.ts'
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
  views: Pick<Views, 'of' | 'gather' | 'underWay'>
  now: () => Date
}

type SummaryParts = Pick<ContainerListParts, 'now'> & { views: Pick<Views, 'gather' | 'underWay'> }

/** What lists ask of a container. */
export function summariseWith({ views, now }: SummaryParts) {
  return async ({ record }: Pick<StoredRecord, 'record'>, given?: Gathering): Promise<Summarised> => {
    const { known, buildStatus, standing, buildTimeoutMs } = given ?? (await views.gather(record))
    const images = currentImages(record, known)
    const wakes = buildStatus ? dueAt(buildStatus, { buildTimeoutMs, now: now().toISOString() }) : null
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
      wakes,
      updated: buildStatus?.updated ?? null
    }
  }
}

/** The same of what has no record yet. */
export function summariseComingWith({ hash, ...parts }: SummaryParts & { hash: Hash }) {
  return async (id: string): Promise<(Summarised & { created: string; fingerprint: string }) | undefined> => {
    const coming = await parts.views.underWay(id)
    if (!coming) return undefined
    const { record, gathered, created } = coming
    return { ...(await summariseWith(parts)(coming, gathered)), created, fingerprint: fingerprintOf(record, hash) }
  }
}

/** How long a list waits for rows of what was just written here. */
const settleMs = 2000
/** Pages of the store for one of ours, where what it says is behind. */
const maxRounds = 8
const readAtOnce = 100

/** Where a list looks: at the records, and then for what has none yet; or at the rows, for both. */
type Source = 'records' | 'coming' | 'rows'

interface Place {
  source: Source
  cursor?: string | undefined
}

/** Before the cursor of what has no record yet. */
const comingMark = '~'

/**
 * One page of containers. Where to look is told by the records or, for what they do not say, by our rows; what is found is read anew, and
 * left out where it is not what was asked for (any more). What is still to come stands at the end, where records tell the order.
 */
export function containerList(parts: ContainerListParts): (request: ListRequest) => Promise<ContainerPage> {
  const { containers, rows, summaries } = parts

  const read = async ({ source, cursor }: Place, { filters, sort, limit }: ListRequest) => {
    const where = source === 'records' ? recordConditions(filters) : summaryConditions(filters)
    if (source === 'coming') where.push(withoutImages)
    if (source !== 'records') await summaries.settled(settleMs)
    const store = source === 'records' ? containers : rows
    return store.list({ where, sort, fresh: 'own', limit, ...(cursor !== undefined && { cursor }) })
  }

  return async (request) => {
    const { filters, sort, limit } = request
    const items: ContainerView[] = []
    let place: Place | undefined = startOf(request)
    for (let round = 0; place && round < maxRounds && items.length < limit; round++) {
      const { source }: Place = place
      const page = await read(place, { ...request, limit: limit - items.length })
      items.push(...(await checked(parts, { found: page.items, filters, sort, source })))
      if (page.next !== undefined) place = { source, cursor: page.next }
      else place = source === 'records' ? { source: 'coming' } : undefined
    }
    // whoever has all that there are shall not be sent on for nothing
    if (place?.source === 'coming' && place.cursor === undefined) {
      const { items: coming, next } = await read(place, { ...request, limit: 1 })
      if (coming.length === 0 && next === undefined) place = undefined
    }
    return { items, next: place && `${place.source === 'coming' ? comingMark : ''}${place.cursor ?? ''}` }
  }
}

function startOf({ filters, sort, cursor }: ListRequest): Place {
  if (needsSummaries(filters, sort)) return { source: 'rows', cursor }
  if (!cursor?.startsWith(comingMark)) return { source: 'records', cursor }
  return { source: 'coming', cursor: cursor.slice(comingMark.length) || undefined }
}

interface Check {
  found: readonly Stored[]
  filters: Filters
  sort: ListRequest['sort']
  source: Source
}

async function checked(parts: ContainerListParts, { found, ...check }: Check): Promise<ContainerView[]> {
  const items: ContainerView[] = []
  for (let i = 0; i < found.length; i += readAtOnce) {
    const some = found.slice(i, i + readAtOnce)
    const ids = some.map(({ id }) => id)
    // a row tells what would be looked for in the journal; where it was found, it need not be read
    const rows = check.source === 'records' ? parts.rows.getMany(ids) : some
    const [stored, beside] = await Promise.all([parts.containers.getMany(ids), rows])
    const views = await Promise.all(some.map((one, j) => checkedOne(parts, { one, stored: stored[j], row: beside[j], ...check })))
    for (const [j, view] of views.entries()) {
      if (view) items.push(view)
      else if (check.source === 'rows' || (check.source === 'coming' && !stored[j])) parts.summaries.touched(some[j]!.id)
    }
  }
  return items
}

interface CheckOne extends Omit<Check, 'found'> {
  one: Stored
  /** The record as it stands, and its row. */
  stored: Stored | undefined
  row: Stored | undefined
}

async function checkedOne(
  parts: ContainerListParts,
  { one, stored, row: beside, filters, sort, source }: CheckOne
): Promise<ContainerView | undefined> {
  if (!stored) return source === 'records' ? undefined : checkedComing(parts, { one, filters, sort })
  // its record has come, and stands among the others
  if (source === 'coming') return undefined
  const known = toStoredRecord(one.id, stored)
  if (!isInPlace({ one, known, sort, byRows: source === 'rows' })) return undefined
  // both at once, as nearly all that is found is what was asked for
  const gathering = parts.views.gather(known.record)
  const row = beside && fromSummaryDocument(beside.document)
  const [gathered, view] = await Promise.all([gathering, parts.views.of(known, { gathered: gathering, row })])
  if (sort.field === 'created' && row?.created !== view.created) return undefined
  const { summary } = await summariseWith(parts)(known, gathered)
  return meets({ ...summary, created: null, updated: null }, filters) ? view : undefined
}

async function checkedComing(
  parts: ContainerListParts,
  { one, filters, sort }: Pick<CheckOne, 'one' | 'filters' | 'sort'>
): Promise<ContainerView | undefined> {
  const coming = await parts.views.underWay(one.id)
  if (!coming) return undefined
  const { summary } = await summariseWith(parts)(coming, coming.gathered)
  if (!meets({ ...summary, created: null, updated: null }, filters)) return undefined
  const view = await parts.views.of(coming, coming)
  const row = fromSummaryDocument(one.document)
  const there = sort.field === 'created' || sort.field === 'updated' ? row?.[sort.field] === view[sort.field] : row?.version == null
  return there ? view : undefined
}

/** Whether it still belongs where it was found in the order. */
function isInPlace({
  one,
  known,
  sort,
  byRows
}: {
  one: Stored
  known: StoredRecord
  sort: ListRequest['sort']
  byRows: boolean
}): boolean {
  // a change leaves it where it is
  if (sort.field === 'id' || sort.field === 'created') return true
  const row = byRows ? fromSummaryDocument(one.document) : undefined
  if (sort.field !== 'version') return row?.revision === known.revision
  const there = row ? row.version : toStoredRecord(one.id, one).record.version
  return (there ?? null) === (known.record.version ?? null)
}
