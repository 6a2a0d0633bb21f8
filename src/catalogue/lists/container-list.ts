import type { Architecture } from '../../domain/architecture.ts'
import { type Standing, standingsOf } from '../../domain/build/standing.ts'
import { currentImages } from '../../domain/build/state.ts'
import { type ContainerRecord, fromDocument } from '../../domain/container/document.ts'
import {
  type Filters,
  fromSummaryDocument,
  needsSummaries,
  recordConditions,
  summaryConditions,
  withoutImages
} from '../../domain/lists/summary.ts'
import type { Page, StoredDocument } from '../../stores/document-store.ts'
import { toStoredRecord } from '../records/changes.ts'
import type { ContainerView } from './image-views.ts'
import { isShown, type ListSort, type ListSource, type SortValues } from './list-rules.ts'
import type { ListsParts } from './parts.ts'
import { type Summaries, summarise } from './summaries.ts'
import type { Gathered, Views } from './views.ts'

export interface ListRequest {
  filters: Filters
  sort: ListSort
  /** 1 to 1000. */
  limit: number
  cursor?: string | undefined
}

export interface ListedContainer {
  view: ContainerView
  /** How each architecture stands that it has, waits for or is expected to have. */
  standings: ReadonlyMap<Architecture, Standing>
}

export interface ContainerPage {
  /** May be shorter than the limit, or even empty, when there is a next page. */
  items: ListedContainer[]
  next: string | undefined
}

interface ContainerListParts extends ListsParts {
  summaries: Summaries
  views: Views
}

/** How long a list waits for the summaries of this process's latest writes. */
const settleMs = 2000
/** The most pages of the store that are read for one page of a list, where summaries lag behind. */
const maxRounds = 8
const readAtOnce = 100

interface ListPlace {
  source: ListSource
  cursor?: string | undefined
}

/** The prefix of cursors among containers without a record. */
const comingMark = '~'

/**
 * Finds containers by their records or, for fields that records lack, by their summaries. Each container that was found is read again, and
 * left out when it no longer matches the request. Containers without a record come last where the order comes from the records.
 */
export async function listContainers(parts: ContainerListParts, request: ListRequest): Promise<ContainerPage> {
  const { limit } = request
  const items: ListedContainer[] = []
  let place: ListPlace | undefined = startOf(request)
  for (let round = 0; place && round < maxRounds && items.length < limit; round++) {
    const { source }: ListPlace = place
    const page: Page = await read(parts, place, { ...request, limit: limit - items.length })
    items.push(...(await shownOf(parts, { page: page.items, source, request })))
    if (page.next !== undefined) place = { source, cursor: page.next }
    else place = source === 'records' ? { source: 'coming' } : undefined
  }
  // no cursor when only an empty page would follow
  if (place?.source === 'coming' && place.cursor === undefined) {
    const { items: coming, next } = await read(parts, place, { ...request, limit: 1 })
    if (coming.length === 0 && next === undefined) place = undefined
  }
  return { items, next: place && `${place.source === 'coming' ? comingMark : ''}${place.cursor ?? ''}` }
}

function startOf({ filters, sort, cursor }: ListRequest): ListPlace {
  if (needsSummaries(filters, sort)) return { source: 'summaries', cursor }
  if (!cursor?.startsWith(comingMark)) return { source: 'records', cursor }
  return { source: 'coming', cursor: cursor.slice(comingMark.length) || undefined }
}

async function read({ stores, summaries }: ContainerListParts, place: ListPlace, request: ListRequest): Promise<Page> {
  const { source, cursor } = place
  const { filters, sort, limit } = request
  const where = source === 'records' ? recordConditions(filters) : summaryConditions(filters)
  if (source === 'coming') where.push(withoutImages)
  if (source !== 'records') await summaries.settled(settleMs)
  const collection = source === 'records' ? stores.containers : stores.summaries
  return collection.list({ where, sort, fresh: 'own', limit, ...(cursor !== undefined && { cursor }) })
}

interface FoundPage {
  page: readonly StoredDocument[]
  source: ListSource
  request: ListRequest
}

async function shownOf(parts: ContainerListParts, { page, source, request }: FoundPage): Promise<ListedContainer[]> {
  const { stores } = parts
  const items: ListedContainer[] = []
  for (let i = 0; i < page.length; i += readAtOnce) {
    const some = page.slice(i, i + readAtOnce)
    const ids = some.map(({ id }) => id)
    // the summary spares looking up these values in the journal
    const [records, summaries] = await Promise.all([
      stores.containers.getMany(ids),
      source === 'records' ? stores.summaries.getMany(ids) : some
    ])
    const shown = (found: StoredDocument, j: number) =>
      shownView(parts, { found, record: records[j], summary: summaries[j], source, request })
    for (const [j, view] of (await Promise.all(some.map(shown))).entries()) {
      if (view) items.push(view)
      else if (source === 'summaries' || (source === 'coming' && !records[j])) parts.summaries.touched(some[j]!.id)
    }
  }
  return items
}

interface FoundDocument extends Omit<FoundPage, 'page'> {
  found: StoredDocument
  record: StoredDocument | undefined
  summary: StoredDocument | undefined
}

/** Returns a container that was found; undefined when the list does not show it. */
async function shownView(parts: ContainerListParts, one: FoundDocument): Promise<ListedContainer | undefined> {
  const { found, record, source, request } = one
  const { filters, sort } = request
  // its record was removed, or has been created and is listed among the others
  if (record ? source === 'coming' : source === 'records') return undefined
  const summary = one.summary && fromSummaryDocument(one.summary.document)
  const coming = record ? undefined : await parts.views.coming(found.id)
  const stored = record ? toStoredRecord(found.id, record) : coming
  if (!stored) return undefined
  const gathering = coming?.gathered ?? parts.views.gather(stored.record)
  const [gathered, view] = await Promise.all([gathering, parts.views.of(stored, { gathered: gathering, summary })])
  const { content } = summarise(stored.record, { gathered, now: parts.now() })
  const values = source === 'records' ? recordValues(found) : summary && { ...summary, revision: summary.revision || null }
  if (!isShown({ source, found: values, current: view, content, filters, sort })) return undefined
  return { view, standings: gatheredStandings(stored.record, gathered) }
}

export const gatheredStandings = (record: ContainerRecord, { facts, buildStatus, expected, status }: Gathered) =>
  standingsOf({ images: currentImages(record, facts), expected: expected.architectures, buildStatus, reasons: status.reasons })

function recordValues({ id, document, revision }: StoredDocument): SortValues {
  return { revision, version: fromDocument(id, document).version ?? null, created: null, updated: null }
}
