import { createHash } from 'node:crypto'
import { CatalogueError } from '../../domain/errors.ts'
import { type Condition, type FieldCondition, matches, type Sort, sortableLength, widened } from '../../domain/json/query.ts'
import { asList, parsedJson } from '../../domain/json/reading.ts'
import type { DocumentQuery, Page, Scanned, StoredDocument } from '../document-store.ts'
import { columnText, type Database, type Value } from './driver.ts'
import type { Calls, Table } from './messages.ts'
import { revisionOf } from './writes.ts'

/** The fields that have a column of their own: sort_<field>. */
const columns: Record<Table, readonly string[]> = {
  containers: ['id', 'version'],
  job_specs: ['id'],
  hysds_ios: ['id'],
  facts: ['container', 'checked', 'key'],
  tasks: ['due'],
  assemblies: ['container', 'wakes', 'updated'],
  journal: ['container', 'kind', 'order', 'what'],
  summaries: ['id', 'name', 'version', 'state', 'architectures', 'missing', 'verdicts', 'text', 'revision', 'due', 'created', 'updated'],
  demand: ['day'],
  leases: [],
  releases: [],
  oci: ['kind', 'repository', 'name', 'subject', 'touched']
}

/** Indexes with every column that lists are filtered by: other plans take ten times as long, and the planner cannot know how few match. */
const covering: Partial<Record<Table, readonly string[]>> = {
  containers: ['id', 'version'],
  summaries: ['id', 'version', 'created', 'updated']
}

/** How many rows one request may read. Beyond that the page ends early, so that writes get their turn and memory use stays flat. */
const maxScanned = 2000
const maxLength = 4 * 1024 * 1024

/** A place in the order of a query: the sort column's bytes (they need not be UTF-8) and the id. */
interface SortPlace {
  key: Buffer
  id: string
}

export function page(database: Database, { table, query }: Calls['page'][0]): Page {
  const { where = [], sort, limit, cursor } = query
  const query16 = fingerprint(table, query)
  const name = storeName(database)
  const items: StoredDocument[] = []
  let after = cursor === undefined ? undefined : parseCursor(cursor, query16)
  let length = 0
  for (let scanned = 0; ; ) {
    // the index is nearly always right: the first few candidates suffice, and more are read only where it was wrong
    const most = Math.min(Math.max(limit, scanned), where.length > 0 ? maxScanned : limit)
    const places = placesAfter(database, { table, where, sort, after, limit: most + 1 })
    for (const place of places.slice(0, most)) {
      if (items.length === limit || length >= maxLength || scanned === maxScanned) return { items, next: toCursor(after!, query16) }
      const [seq, text] = database.row(`select seq, cast(document as blob) from ${table} where rowid = ?`, [place.rowid])!
      const document = columnText(text)
      length += document.length
      scanned++
      after = place
      if (matches(document, where)) items.push({ id: place.id, document, revision: revisionOf(name, seq as number) })
    }
    if (places.length <= most) return { items }
    if (items.length === limit) return { items, next: toCursor(after!, query16) }
  }
}

const storeName = (database: Database): string => columnText(database.row('select cast(name as blob) from store')![0])

/** Returns the next ids in byte order, from the index alone. */
export function idsAfter(database: Database, { table, after, limit }: Calls['ids'][0]): string[] {
  const rows = database.rows(`select cast(id as blob) from ${table} where id > ? order by id limit ?`, [after, limit])
  return rows.map(([id]) => columnText(id))
}

/** Returns the next documents by id, from their columns alone. */
export function scanAfter(database: Database, { table, fields, after, limit }: Calls['scan'][0]): Scanned[] {
  const name = storeName(database)
  const values = fields.map((field) => `, cast(${sortColumn(table, field)} as blob)`).join('')
  const rows = database.rows(`select cast(id as blob), seq${values} from ${table} where id > ? order by id limit ?`, [after, limit])
  return rows.map(([id, seq, ...texts]) => ({
    id: columnText(id),
    revision: revisionOf(name, seq as number),
    values: texts.map(columnText)
  }))
}

interface PlacesQuery {
  table: Table
  where: readonly Condition[]
  sort: Sort | undefined
  after: SortPlace | undefined
  limit: number
}

function placesAfter(database: Database, { table, where, sort, after, limit }: PlacesQuery): (SortPlace & { rowid: Value })[] {
  const key = sort === undefined ? `''` : sortColumn(table, sort.field)
  const conditions: string[] = []
  const parameters: Value[] = []
  const add = (condition: string, ...values: Value[]) => {
    conditions.push(condition)
    parameters.push(...values)
  }
  if (after !== undefined) {
    if (sort === undefined) add('id > ?', after.id)
    else if (sort.order === 'asc') add(`(${key}, id) > (cast(? as text), ?)`, after.key, after.id)
    // the first condition lets the index seek, the second one is exact
    else add(`${key} <= cast(? as text) and (${key} < cast(? as text) or id > ?)`, after.key, after.key, after.id)
  }
  for (const condition of where) {
    const fields = 'any' in condition ? condition.any : [condition]
    if (!fields.every(({ field }) => columns[table].includes(field))) continue
    const parts = fields.map(narrowing)
    add(`(${parts.map(([sql]) => sql).join(' or ') || '0'})`, ...parts.flatMap(([, ...values]) => values))
  }

  const filter = conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''
  const order = sort === undefined ? 'id' : `${key} ${sort.order}, id`
  const hint = where.length > 0 && sort !== undefined && covering[table]?.includes(sort.field) ? indexFor(table, sort) : ''
  const rows = database.rows(
    `select rowid, cast(id as blob), cast(${key} as blob) from ${table} ${hint} ${filter} order by ${order} limit ?`,
    [...parameters, limit]
  )
  return rows.map(([rowid, id, bytes]) => ({ rowid: rowid!, id: columnText(id), key: bytes as Buffer }))
}

/** Returns the index for a sort. Ids ascend even in descending order: for versions, many of which are equal, that needs its own index. */
const indexFor = (table: Table, { field, order }: Sort): string =>
  `indexed by ${table}_by_${field}${table === 'containers' && field === 'version' && order === 'desc' ? '_desc' : ''}`

/** Returns the part of a condition that the index can check: it may match too many rows, never too few. `matches` decides. */
function narrowing(condition: FieldCondition): [string, ...Value[]] {
  const column = `sort_${condition.field}`
  if ('equals' in condition) return [`${column} = ?`, [...condition.equals].length > sortableLength ? '' : condition.equals]
  if ('after' in condition) return [`${column} > ?`, condition.after]
  if ('before' in condition) return [`${column} < ?`, condition.before]
  // in SQLite `[` opens a class of characters and `?` is a whole character
  const glob = widened(condition.glob).replace(/\?/g, '*').replace(/\[/g, '[[]')
  return [`(${column} glob ? or ${column} = '')`, glob]
}

/** Returns the SQL for a document's place in a sorted list: the field's value, or '' where there is none that stores can sort by. */
function sortColumn(table: Table, field: string): string {
  if (columns[table].includes(field)) return `sort_${field}`
  const path = `'$.${JSON.stringify(field).replaceAll("'", "''")}'`
  const value = `(document ->> ${path})`
  return `(case when json_type(document, ${path}) = 'text' and length(${value}) <= ${sortableLength} then ${value} else '' end)`
}

function fingerprint(table: Table, { where = [], sort }: DocumentQuery): string {
  const identity = JSON.stringify([table, where, sort])
  return createHash('sha256').update(identity).digest('base64url').slice(0, 16)
}

const toCursor = ({ key, id }: SortPlace, query: string): string =>
  Buffer.from(JSON.stringify([query, key.toString('base64url'), id])).toString('base64url')

function parseCursor(cursor: string, query: string): SortPlace {
  const [of, key, id] = asList(parsedJson(Buffer.from(cursor, 'base64url').toString('utf8')))
  if (typeof of !== 'string' || typeof key !== 'string' || typeof id !== 'string') {
    const message = 'the cursor is not one that a list gave; start without one, or take `next` of the page before'
    throw new CatalogueError('cursor_invalid', message)
  }
  if (of !== query) {
    throw new CatalogueError('cursor_invalid', 'the cursor belongs to a list with other conditions or another sort; start without one')
  }
  return { key: Buffer.from(key, 'base64url'), id }
}
