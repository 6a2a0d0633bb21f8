import { createHash } from 'node:crypto'
import { CatalogueError } from '../../domain/errors.ts'
import { itemsAt, membersAt } from '../../domain/json/json-scan.ts'
import { type Condition, fieldsOf, matches, sortableLength, widened } from '../../domain/json/query.ts'
import { parsedJson } from '../../domain/json/reading.ts'
import type { DocumentQuery, Page, StoredDocument } from '../document-store.ts'
import { type Engine, engineFault } from './engine.ts'
import type { IndexState, IndexWatch } from './index-state.ts'
import { readItem } from './reads.ts'

/*
 * Paging over an index with HySDS's mapping: `_id` cannot be sorted, `id.keyword` lacks ids over 256 characters and records without the
 * field, and sequence numbers are unique within a shard only. So a list has two parts: first the records with a sortable id, in order; then
 * the others, shard by shard, by sequence number.
 */

/** Where a list continues: after the sort values of the last record; in the second part, within one shard. */
interface SortPlace {
  /** Identifies the query and the index that the cursor belongs to. */
  list: string
  shard?: number
  after?: unknown[]
  /** Ids of records that an earlier page returned and that may come after `after`: its last record, and those with the same sort values. */
  given?: string[]
}

interface Hit {
  stored: StoredDocument
  /** Sort values as JSON text, for comparison. */
  place: string
}

interface Listing {
  engine: Engine
  index: string
  state: IndexState
  fields: Map<string, string>
  query: DocumentQuery
}

export async function listPage(
  engine: Engine,
  { index, watch, query, keywords }: { index: string; watch: IndexWatch; query: DocumentQuery; keywords?: readonly string[] | undefined }
): Promise<Page> {
  const names = [...new Set(['id', ...fieldsOf(query.where ?? []), ...(query.sort ? [query.sort.field] : [])])]
  const [state, fields] = keywords
    ? [await watch.recent(), new Map(keywords.map((name) => [name, name]))]
    : await Promise.all([watch.now(), keywordFields(engine, { index, names })])
  const place = startOf(query, state)
  if (!state) return { items: [] }
  const listing: Listing = { engine, index, state, query, fields }
  const items: StoredDocument[] = []
  let next: SortPlace | undefined = place
  while (next && items.length < query.limit) {
    const part: QueryPart = await readPart(listing, next, query.limit - items.length)
    items.push(...part.items)
    next = part.next
  }
  return { items, ...(next && { next: Buffer.from(JSON.stringify(next)).toString('base64url') }) }
}

interface QueryPart {
  items: StoredDocument[]
  next: SortPlace | undefined
}

async function readPart(listing: Listing, place: SortPlace, limit: number): Promise<QueryPart> {
  const { state, query } = listing
  const given = place.given ?? []
  // one more than requested, to know whether the page ends among equal sort values
  const size = limit + given.length + 1
  const hits = (await searchHits(listing, place, size)).filter(({ stored }) => !given.includes(stored.id))
  const page = hits.slice(0, limit)
  const items = page.map(({ stored }) => stored).filter(({ document }) => matches(document, query.where ?? []))
  if (hits.length > limit) return { items, next: placeAfter(place, page, hits[limit]) }
  if (place.shard === undefined) {
    // in a single shard, checking for them costs no less than reading them
    const others = (state.shards === 1 && items.length < limit) || (await hasUnsortable(listing))
    return { items, next: others ? { list: place.list, shard: 0 } : undefined }
  }
  const shard = place.shard + 1
  return { items, next: shard < state.shards ? { list: place.list, shard } : undefined }
}

/**
 * Sequence numbers are unique within a shard only, so records with the same `id` may have equal sort values, and search_after skips all of
 * them at once. A page that ends among equal sort values continues before them, and leaves out the records that were already returned.
 */
function placeAfter({ list, shard, after, given }: SortPlace, page: Hit[], following: Hit | undefined): SortPlace {
  const start = { list, ...(shard !== undefined && { shard }) }
  const last = page.at(-1)!.place
  // a record that is written meanwhile moves behind its old place, because its sequence number grows
  if (following?.place !== last) return { ...start, after: JSON.parse(last), given: [page.at(-1)!.stored.id] }
  const before = page.findLast(({ place }) => place !== last)
  const equals = page.flatMap(({ place, stored }) => (place === last ? [stored.id] : []))
  if (before) return { ...start, after: JSON.parse(before.place), given: equals }
  return { ...start, ...(after && { after }), given: [...(given ?? []), ...equals] }
}

/** Returns the answer to a search; undefined where there is no index any more. */
async function search({ engine, index }: Listing, options: string, body: object): Promise<string | undefined> {
  const query = `allow_partial_search_results=false${options}`
  const answer = await engine.send({ method: 'POST', path: `/${index}/_search`, query, body: JSON.stringify(body) })
  if (answer.status === 404) return undefined
  if (answer.status !== 200) throw engineFault(`the search engine cannot list ${index}`, answer)
  return answer.body
}

async function searchHits(listing: Listing, place: SortPlace, size: number): Promise<Hit[]> {
  const { state, fields, query } = listing
  const idField = fields.get('id')
  const sortable = place.shard === undefined
  if (sortable && !idField) return []
  const conditions = (query.where ?? []).map((condition) => narrowed(condition, fields))
  const body = {
    size,
    track_total_hits: false,
    seq_no_primary_term: true,
    query: { bool: { filter: idField ? [existence(idField, sortable), ...conditions] : conditions } },
    sort: sortable ? sortOf(query, fields) : [{ _seq_no: 'asc' }],
    ...(place.after && { search_after: place.after })
  }
  const preference = sortable ? '' : `&preference=_shards:${place.shard}`
  const answer = await search(listing, preference, body)
  if (answer === undefined) return []
  const hits = membersAt(membersAt(answer, 0).get('hits')!, 0).get('hits') ?? '[]'
  return itemsAt(hits, 0).map((hit) => ({ stored: readItem(hit, state) as StoredDocument, place: membersAt(hit, 0).get('sort')! }))
}

const existence = (field: string, wanted: boolean) => ({ bool: { [wanted ? 'filter' : 'must_not']: { exists: { field } } } })

/** Returns a query for a superset of the matches: values too long to be keywords are filtered out when the document is read. */
function narrowed(condition: Condition, fields: Map<string, string>): object {
  if ('any' in condition) return { bool: { should: condition.any.map((one) => narrowed(one, fields)), minimum_should_match: 1 } }
  const field = fields.get(condition.field)
  if (!field) return { match_all: {} }
  if ('after' in condition) return { range: { [field]: { gt: condition.after } } }
  if ('before' in condition) return { range: { [field]: { lt: condition.before } } }
  const query =
    'equals' in condition ? { term: { [field]: condition.equals } } : { wildcard: { [field]: { value: escaped(widened(condition.glob)) } } }
  return { bool: { should: [query, existence(field, false)], minimum_should_match: 1 } }
}

const escaped = (glob: string) => glob.replaceAll('\\', '\\\\')

function sortOf({ sort }: DocumentQuery, fields: Map<string, string>): object[] {
  const field = sort && fields.get(sort.field)
  const byId = { [fields.get('id')!]: field === fields.get('id') ? sort!.order : 'asc' }
  const bySequence = { _seq_no: 'asc' }
  if (!sort || !field || field === fields.get('id')) return [byId, bySequence]
  // a custom value for what is missing: search_after null is an error on OpenSearch and ends the list early elsewhere
  return [{ [field]: { order: sort.order, missing: '' } }, byId, bySequence]
}

/** Returns the names by which fields are sorted and filtered: HySDS's mapping has `id.keyword`, a site's own may have a plain keyword. */
async function keywordFields(engine: Engine, { index, names }: { index: string; names: string[] }): Promise<Map<string, string>> {
  const asked = names.flatMap((name) => [name, `${name}.keyword`])
  const answer = await engine.send({ method: 'GET', path: `/${index}/_mapping/field/${asked.map(encodeURIComponent).join(',')}` })
  if (answer.status === 404) return new Map()
  if (answer.status !== 200) throw engineFault(`the search engine does not return the mapping of ${index}`, answer)
  const [mapped] = Object.values<any>(JSON.parse(answer.body))
  const isKeyword = (field: string) => Object.values<any>(mapped?.mappings[field]?.mapping ?? {}).some(({ type }) => type === 'keyword')
  const fields = names.map((name) => [name, [name, `${name}.keyword`].find(isKeyword)] as const)
  return new Map(fields.filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** Returns whether any record has no sortable id. Usually none has, and the second part is not needed. */
async function hasUnsortable(listing: Listing): Promise<boolean> {
  const idField = listing.fields.get('id')
  const query = idField ? existence(idField, false) : { match_all: {} }
  const answer = await search(listing, '&filter_path=hits.hits._id', { size: 1, _source: false, query })
  return answer?.includes('_id') ?? false
}

/** Returns the place that a cursor names. Throws cursor_invalid for no cursor, and for that of another query or of a deleted index. */
function startOf({ where, sort, cursor }: DocumentQuery, state: IndexState | undefined): SortPlace {
  const identity = JSON.stringify([where ?? [], sort ?? null, state?.uuid ?? null, sortableLength])
  const list = createHash('sha256').update(identity).digest('base64url').slice(0, 12)
  if (cursor === undefined) return { list }
  const place = decoded(cursor)
  if (!place || place.list !== list) {
    const message = 'the cursor belongs to another query, or to an index that was deleted since; begin the list again without it'
    throw new CatalogueError('cursor_invalid', message)
  }
  return place
}

function decoded(cursor: string): SortPlace | undefined {
  const place = parsedJson(Buffer.from(cursor, 'base64url').toString()) as SortPlace | null | undefined
  if (typeof place?.list !== 'string' || (place.shard !== undefined && !Number.isInteger(place.shard))) return undefined
  return [place.after, place.given].every((part) => part === undefined || Array.isArray(part)) ? place : undefined
}
