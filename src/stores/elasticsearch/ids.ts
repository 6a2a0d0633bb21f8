import { CatalogueError } from '../../domain/errors.ts'
import { type Engine, reasonOf } from './engine.ts'

const batchSize = 5000
const keepAlive = '1m'

interface ScrollAnswer {
  _scroll_id: string
  _shards: { failed: number }
  hits: { total: { value: number }; hits: { _id: string }[] }
}

/** Every id by one scroll: the engine keeps the list as it was when it began, so none is missed or repeated under writes. */
export async function* allIds(engine: Engine, index: string): AsyncGenerator<string[]> {
  const first = await engine.send({
    method: 'POST',
    path: `/${index}/_search`,
    query: `scroll=${keepAlive}&allow_partial_search_results=false`,
    body: JSON.stringify({ size: batchSize, sort: ['_doc'], _source: false, track_total_hits: true })
  })
  if (first.status === 404) return
  let page = readScroll(first, index)
  const total = page.hits.total.value
  try {
    for (let seen = 0; page.hits.hits.length > 0; ) {
      seen += page.hits.hits.length
      yield page.hits.hits.map(({ _id }) => _id)
      if (seen >= total) break
      const body = JSON.stringify({ scroll: keepAlive, scroll_id: page._scroll_id })
      page = readScroll(await engine.send({ method: 'POST', path: '/_search/scroll', body }), index)
    }
  } finally {
    // nobody waits for it, and the engine forgets by itself
    engine.send({ method: 'DELETE', path: '/_search/scroll', body: JSON.stringify({ scroll_id: page._scroll_id }) }).catch(() => undefined)
  }
}

function readScroll({ status, body }: { status: number; body: string }, index: string): ScrollAnswer {
  if (status !== 200) throw new CatalogueError('store_unavailable', `the search engine cannot list ${index}: ${reasonOf(body)}`)
  const answer = JSON.parse(body) as ScrollAnswer
  // half a list must not pass for a whole one
  if (answer._shards.failed > 0) throw new CatalogueError('store_unavailable', `${answer._shards.failed} shards of ${index} did not answer`)
  return answer
}
