import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import type { Health, Stores } from '../document-store.ts'
import { closable } from './closing.ts'
import { elasticsearchDocuments } from './documents.ts'
import { connect, type Engine, type EngineOptions } from './engine.ts'
import { hysdsIosIndex, recordsIndex } from './hysds-indices.ts'
import { migrateIndices } from './migrate.ts'

export interface ElasticsearchOptions {
  engine: EngineOptions
  indices: { containers: string; jobSpecs: string; hysdsIos: string }
}

/** Migrations put the mappings of these indices into templates, so lists need not read them from the engine. */
const own = {
  facts: { index: 'leporello-facts', keywords: ['id', 'container', 'checked'] },
  tasks: { index: 'leporello-tasks', keywords: ['id', 'due'] },
  buildStatuses: { index: 'leporello-assemblies', keywords: ['id', 'container', 'wakes', 'updated'] },
  journal: { index: 'leporello-journal', keywords: ['id', 'container', 'kind', 'order', 'what'] },
  summaries: {
    index: 'leporello-summaries',
    keywords: ['id', 'name', 'version', 'state', 'architectures', 'missing', 'verdicts', 'text', 'revision', 'due', 'created', 'updated']
  },
  demand: { index: 'leporello-demand', keywords: ['id', 'day'] },
  leases: { index: 'leporello-leases', keywords: ['id'] },
  releases: { index: 'leporello-releases', keywords: ['id'] },
  oci: { index: 'leporello-oci', keywords: ['id', 'kind', 'repository', 'name', 'subject', 'touched'] }
}

/** HySDS's three indices and Leporello's own on Elasticsearch or OpenSearch. Sends the engine nothing until it is used. */
export function elasticsearchStores({ engine: options, indices }: ElasticsearchOptions): Stores {
  const engine = connect(options)
  const calls = closable()
  const documents = (index: string, body: object) => calls.guarded(elasticsearchDocuments(engine, { index, body }))
  const ours = (options: { index: string; keywords: string[] }) => calls.guarded(elasticsearchDocuments(engine, { ...options, body: {} }))
  return {
    containers: documents(indices.containers, recordsIndex),
    jobSpecs: documents(indices.jobSpecs, recordsIndex),
    hysdsIos: documents(indices.hysdsIos, hysdsIosIndex),
    facts: ours(own.facts),
    tasks: ours(own.tasks),
    buildStatuses: ours(own.buildStatuses),
    journal: ours(own.journal),
    summaries: ours(own.summaries),
    demand: ours(own.demand),
    leases: ours(own.leases),
    releases: ours(own.releases),
    oci: ours(own.oci),
    migrate: () => migrateIndices(engine),
    health: () => health(engine, [...Object.values(indices), ...Object.values(own).map(({ index }) => index)]),
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
    const answer = await engine.send({
      method: 'GET',
      path: '/_cluster/health',
      query: `level=indices&filter_path=status,${indices.map((index) => `indices.${index}.status`).join(',')}&timeout=${healthMs}ms`,
      deadline
    })
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
