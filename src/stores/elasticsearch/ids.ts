import { CatalogueError } from '../../domain/errors.ts'
import { sortableLength } from '../../domain/json/query.ts'
import type { Scanned } from '../document-store.ts'
import { type Engine, engineFault } from './engine.ts'
import type { IndexWatch } from './index-state.ts'

const batchSize = 5000
const keepAlive = '1m'
/** A third of what the engine answers otherwise. It leaves out an empty list, too, and without the first two the reason of a failure. */
const needed =
  'filter_path=error,status,_scroll_id,_shards.failed,hits.total.value,hits.hits._id,hits.hits._seq_no,hits.hits._primary_term,hits.hits.fields'

interface Hit {
  _id: string
  _seq_no: number
  _primary_term: number
  fields?: Record<string, unknown[]>
}

interface ScrollAnswer {
  _scroll_id: string
  _shards: { failed: number }
  hits: { total: { value: number }; hits?: Hit[] }
}

/** Yields every id by one scroll. The engine keeps a snapshot of the list, so concurrent writes cause no missing or repeated ids. */
export async function* allIds(engine: Engine, index: string): AsyncGenerator<string[]> {
  for await (const hits of scroll(engine, { index, search: {} })) yield hits.map(({ _id }) => _id)
}

/** Yields every id with its revision and keyword fields. */
export async function* scanIndex(
  engine: Engine,
  { index, watch, fields }: { index: string; watch: IndexWatch; fields: readonly string[] }
): AsyncGenerator<Scanned[]> {
  const state = await watch.now()
  if (!state) return
  const search = { seq_no_primary_term: true, ...(fields.length > 0 && { docvalue_fields: fields }) }
  for await (const hits of scroll(engine, { index, search })) {
    yield hits.map(({ _id, _seq_no, _primary_term, fields: found = {} }) => ({
      id: _id,
      revision: `${state.uuid}.${_seq_no}.${_primary_term}`,
      values: fields.map((field) => textIn(found[field]))
    }))
  }
}

function textIn([value]: unknown[] = []): string {
  return typeof value === 'string' && [...value].length <= sortableLength ? value : ''
}

async function* scroll(engine: Engine, { index, search }: { index: string; search: object }): AsyncGenerator<Hit[]> {
  const first = await engine.send({
    method: 'POST',
    path: `/${index}/_search`,
    query: `scroll=${keepAlive}&allow_partial_search_results=false&${needed}`,
    body: JSON.stringify({ size: batchSize, sort: ['_doc'], _source: false, track_total_hits: true, ...search })
  })
  if (first.status === 404) return
  let page = readScroll(first, index)
  const total = page.hits.total.value
  try {
    for (let seen = 0; page.hits.hits?.length; ) {
      seen += page.hits.hits.length
      yield page.hits.hits
      if (seen >= total) break
      const body = JSON.stringify({ scroll: keepAlive, scroll_id: page._scroll_id })
      page = readScroll(await engine.send({ method: 'POST', path: '/_search/scroll', query: needed, body }), index)
    }
  } finally {
    // not awaited: the engine drops the scroll by itself
    engine.send({ method: 'DELETE', path: '/_search/scroll', body: JSON.stringify({ scroll_id: page._scroll_id }) }).catch(() => undefined)
  }
}

function readScroll({ status, body }: { status: number; body: string }, index: string): ScrollAnswer {
  if (status !== 200) throw engineFault(`the search engine cannot list ${index}`, { body })
  const answer = JSON.parse(body) as ScrollAnswer
  // a partial list must not be mistaken for a complete one
  if (answer._shards.failed > 0) throw new CatalogueError('store_unavailable', `${answer._shards.failed} shards of ${index} did not answer`)
  return answer
}
