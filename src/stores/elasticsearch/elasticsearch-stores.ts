import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { type Collection, type Health, perCollection, type Stores, tableNames } from '../document-store.ts'
import { closable } from './closing.ts'
import { type DocumentsOptions, elasticsearchDocuments } from './documents.ts'
import { connect, type Engine, type EngineOptions } from './engine.ts'
import { hysdsIosIndex, recordsIndex } from './hysds-indices.ts'
import { migrateIndices } from './migrate.ts'

export interface ElasticsearchOptions {
  engine: EngineOptions
  indices: { containers: string; jobSpecs: string; hysdsIos: string }
}

/** The keyword fields of our own indices. Migrations put their mappings into templates, so lists need not read them from the engine. */
const keywords = {
  facts: ['id', 'container', 'checked'],
  tasks: ['id', 'due'],
  buildStatuses: ['id', 'container', 'wakes', 'updated'],
  journal: ['id', 'container', 'kind', 'order', 'what'],
  summaries: ['id', 'name', 'version', 'state', 'architectures', 'missing', 'verdicts', 'text', 'revision', 'due', 'created', 'updated'],
  demand: ['id', 'day'],
  leases: ['id'],
  releases: ['id'],
  oci: ['id', 'kind', 'repository', 'name', 'subject', 'touched']
}

type OwnCollection = keyof typeof keywords

const ownIndex = (collection: OwnCollection): string => `leporello-${tableNames[collection]}`

/** HySDS's three indices and Leporello's own on Elasticsearch or OpenSearch. Sends the engine nothing until it is used. */
export function elasticsearchStores({ engine: options, indices }: ElasticsearchOptions): Stores {
  const engine = connect(options)
  const calls = closable()
  const own = Object.keys(keywords) as OwnCollection[]
  const documents = (collection: Collection): DocumentsOptions => {
    if (collection === 'hysdsIos') return { index: indices.hysdsIos, body: hysdsIosIndex }
    if (collection === 'containers' || collection === 'jobSpecs') return { index: indices[collection], body: recordsIndex }
    return { index: ownIndex(collection), keywords: keywords[collection], body: {} }
  }
  return {
    ...perCollection((collection) => calls.guarded(elasticsearchDocuments(engine, documents(collection)))),
    migrate: () => migrateIndices(engine),
    health: () => health(engine, [...Object.values(indices), ...own.map(ownIndex)]),
    engine: () => engineName(engine),
    async close() {
      await calls.close()
      await engine.close()
    }
  }
}

/** Health probes are frequent and must not hang, so they wait less than a request does. */
const healthMs = 2000

/** Healthy when the engine answers and none of our indices is red. Yellow only means that replicas are missing. */
async function health(engine: Engine, indices: string[]): Promise<Health> {
  try {
    const deadline = Date.now() + Math.min(healthMs, engine.patienceMs)
    const wanted = indices.map((index) => `indices.${index}.status`).join(',')
    const query = `level=indices&filter_path=status,${wanted}&timeout=${healthMs}ms`
    const answer = await engine.send({ method: 'GET', path: '/_cluster/health', query, deadline })
    if (answer.status !== 200) return { ok: false, reason: `the search engine answers ${answer.status}` }
    const { indices: known = {} } = JSON.parse(answer.body) as { indices?: Record<string, { status: string }> }
    const red = Object.keys(known).filter((name) => known[name]!.status === 'red')
    return red.length === 0 ? { ok: true } : { ok: false, reason: `red: ${red.join(', ')}; shards of it are lost or not yet assigned` }
  } catch (error) {
    if (isCatalogueError(error)) return { ok: false, reason: error.message }
    throw error
  }
}

async function engineName(engine: Engine): Promise<string> {
  const answer = await engine.send({ method: 'GET', path: '/' })
  try {
    const { version } = JSON.parse(answer.body)
    return `${version.distribution ?? 'elasticsearch'} ${version.number}`
  } catch {
    throw new CatalogueError('store_unavailable', `the server at the engine's address is not a search engine (${answer.status})`)
  }
}
