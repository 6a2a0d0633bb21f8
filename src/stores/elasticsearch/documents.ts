import { checkId, isStorableId } from '../../domain/limits.ts'
import type { DocumentStore } from '../document-store.ts'
import { documentPath, type Engine, engineFault } from './engine.ts'
import { allIds, scanIndex } from './ids.ts'
import { watchIndex } from './index-state.ts'
import { listPage } from './lists.ts'
import { batchedReads } from './reads.ts'
import { refreshing } from './refresh.ts'
import { batchedWrites } from './writes.ts'

export interface DocumentsOptions {
  index: string
  /** The settings and mapping that the index is created with when neither it nor a template exists. */
  body: object
  /** The fields that can be sorted and filtered by, where the mapping is Leporello's own; otherwise the mapping is read each time. */
  keywords?: readonly string[]
}

/** The documents of one index of Elasticsearch or OpenSearch. */
export function elasticsearchDocuments(engine: Engine, { index, body, keywords }: DocumentsOptions): DocumentStore {
  const refresh = refreshing(engine, index)
  const watch = watchIndex(engine, { index, body })
  const read = batchedReads(engine, { index, watch })
  const write = batchedWrites(engine, { index, watch, read })
  const get = async (id: string) => (isStorableId(id) ? read(id) : undefined)

  return {
    get,

    getMany: (ids) => Promise.all(ids.map(get)),

    async put(id, document, expected) {
      const { result, revision } = await write({ id: checkId(id), document, expected }).finally(refresh.written)
      return { created: result === 'created', revision }
    },

    async remove(id, expected) {
      if (!isStorableId(id)) return false
      return (await write({ id, expected }).finally(refresh.written)).result === 'deleted'
    },

    async list(query) {
      if (query.fresh) await refresh.now(query.fresh)
      return listPage(engine, { index, watch, query, keywords })
    },

    async refresh() {
      const answer = await engine.send({ method: 'POST', path: `/${index}/_refresh` })
      const { failed = 0 } = answer.status === 200 ? (JSON.parse(answer.body)._shards ?? {}) : {}
      if (answer.status === 404 || (answer.status === 200 && failed === 0)) return
      throw engineFault(`the search engine cannot refresh ${index}`, answer)
    },

    ids: () => allIds(engine, index),

    scan: (fields) => scanIndex(engine, { index, watch, fields }),

    async describe(id, { pretty }) {
      const absent = { found: false, body: `${JSON.stringify({ _index: index, _id: id, found: false }, null, pretty ? 2 : 0)}\n` }
      if (!isStorableId(id)) return absent
      const answer = await engine.send({ method: 'GET', path: documentPath(index, id), ...(pretty && { query: 'pretty' }) })
      if (answer.status === 200) return { found: true, body: answer.body }
      if (answer.status === 404) return answer.body.includes('index_not_found') ? absent : { found: false, body: answer.body }
      throw engineFault(`the search engine cannot read ${index}`, answer)
    }
  }
}
