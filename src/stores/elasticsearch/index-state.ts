import { CatalogueError } from '../../domain/errors.ts'
import { globMatches } from '../../domain/glob.ts'
import { type Engine, engineFault } from './engine.ts'

/** The properties of an index that reads and writes depend on. */
export interface IndexState {
  /** The first 8 characters of the uuid. Sequence numbers alone repeat when the index is deleted and filled again. */
  uuid: string
  shards: number
}

export type IndexWatch = ReturnType<typeof watchIndex>

const recentMs = 5000

/** Follows one index (or an alias of one), which HySDS's scripts may delete and create again at any time. */
export function watchIndex(engine: Engine, { index, body }: { index: string; body: object }) {
  let known: { state: IndexState | undefined; at: number } | undefined

  /** Returns the current state; undefined when there is no such index. */
  async function now(deadline = Date.now() + engine.patienceMs): Promise<IndexState | undefined> {
    for (;;) {
      const answer = await engine.send({ method: 'GET', path: `/${index}/_settings`, query: 'flat_settings=true', deadline })
      if (answer.status === 404 && !(await isAbsent(deadline))) continue
      const state = answer.status === 404 ? undefined : readState(answer, index)
      known = { state, at: Date.now() }
      return state
    }
  }

  /** A starting engine answers 404 for settings not read from its disk yet. Reading a document then gets a 503, for which `send` waits. */
  async function isAbsent(deadline: number): Promise<boolean> {
    const { body } = await engine.send({ method: 'GET', path: `/${index}/_doc/absent`, deadline })
    return body.includes('index_not_found_exception')
  }

  return {
    now,

    /** Returns the state, at most a few seconds old. For reads: an outdated uuid can only make a later compare-and-swap fail. */
    async recent(): Promise<IndexState | undefined> {
      return known?.state && Date.now() - known.at < recentMs ? known.state : now()
    },

    /** Returns the current state, after creating the index if there was none. */
    async ensured(deadline: number): Promise<IndexState> {
      const state = await now(deadline)
      if (state) return state
      await createIndex(engine, { index, body, deadline })
      const created = await now(deadline)
      if (!created) throw new CatalogueError('store_unavailable', `the index ${index} was deleted while it was being created; try again`)
      return created
    }
  }
}

function readState({ status, body }: { status: number; body: string }, index: string): IndexState {
  if (status !== 200) throw engineFault(`the search engine does not describe the index ${index}`, { body })
  const indices = Object.values(JSON.parse(body) as Record<string, { settings: Record<string, string> }>)
  if (indices.length !== 1) {
    throw new CatalogueError('store_unavailable', `${index} is an alias of ${indices.length} indices; it must point to exactly one`)
  }
  const settings = indices[0]!.settings
  return { uuid: settings['index.uuid']!.slice(0, 8), shards: Number(settings['index.number_of_shards']) }
}

/** Creates an index as HySDS would: from the site's template, else with HySDS's mapping. Succeeds when another program creates it. */
async function createIndex(engine: Engine, { index, body, deadline }: { index: string; body: object; deadline: number }): Promise<void> {
  const templated = await hasTemplate(engine, { index, deadline })
  const answer = await engine.send({ method: 'PUT', path: `/${index}`, body: templated ? '{}' : JSON.stringify(body), deadline })
  if (answer.status === 200 || answer.body.includes('resource_already_exists_exception')) return
  throw engineFault(`the index ${index} could not be created`, answer)
}

/** Returns whether a template is meant for this index. The catch-all template (`*`, HySDS's index_defaults) does not count. */
async function hasTemplate(engine: Engine, { index, deadline }: { index: string; deadline: number }): Promise<boolean> {
  const patternsIn = async (path: string, filter: string, read: (body: any) => (string | string[])[]) => {
    const answer = await engine.send({ method: 'GET', path, query: `filter_path=${filter}`, deadline })
    if (answer.status === 404) return []
    if (answer.status !== 200) throw engineFault(`the search engine does not list its templates`, answer)
    return read(JSON.parse(answer.body)).flat()
  }
  const patterns = await Promise.all([
    patternsIn('/_template', '*.index_patterns', (body) => Object.values(body).map((template: any) => template.index_patterns)),
    patternsIn('/_index_template', 'index_templates.index_template.index_patterns', (body) =>
      (body.index_templates ?? []).map((template: any) => template.index_template.index_patterns)
    )
  ])
  return patterns.flat().some((pattern) => pattern !== '*' && globMatches(pattern, index))
}
