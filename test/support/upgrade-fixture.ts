import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { ask } from './engines.ts'

/** What a version answered, and must be answered by every later one on the same data. */
export interface UpgradeFixture {
  expected: {
    /** By id, as container/info has them. */
    containers: Record<string, object>
    /** SHA-256 by path. */
    tarballs: Record<string, string>
    spec: object
  }
}

export interface EngineDump {
  index: string
  settings: { index: Record<string, unknown> }
  mappings: object
  documents: { _id: string; _source: object }[]
}

export interface VersionFixture {
  embedded: UpgradeFixture['expected']
  engine: UpgradeFixture['expected']
  indices: EngineDump[]
}

export const readFixture = (path: string): VersionFixture => JSON.parse(gunzipSync(readFileSync(path)).toString())

/** What the engine chose for an index, and will not be told. */
const chosen = ['uuid', 'version', 'creation_date', 'provided_name', 'history_uuid']

/** Reads every index of an engine. */
export async function dumpEngine(engine: { url: string }): Promise<EngineDump[]> {
  await ask(engine, ['POST', '/_refresh'])
  const { body: indices } = await ask(engine, ['GET', '/_all'])
  return Promise.all(
    Object.entries<any>(indices).map(async ([index, { settings, mappings }]) => {
      const { body } = await ask(engine, ['POST', `/${index}/_search`, { size: 1000, query: { match_all: {} } }])
      const kept = Object.fromEntries(Object.entries(settings.index).filter(([name]) => !chosen.includes(name)))
      const documents = body.hits.hits.map(({ _id, _source }: EngineDump['documents'][number]) => ({ _id, _source }))
      return { index, settings: { index: kept }, mappings, documents }
    })
  )
}

/** Writes a dump into an empty engine. */
export async function loadEngine(engine: { url: string }, dump: readonly EngineDump[]): Promise<void> {
  for (const { index, settings, mappings, documents } of dump) {
    const made = await ask(engine, ['PUT', `/${index}`, { settings, mappings }])
    if (made.status !== 200) throw new Error(`${index}: ${JSON.stringify(made.body)}`)
    const lines = documents.flatMap(({ _id, _source }) => [JSON.stringify({ index: { _index: index, _id } }), JSON.stringify(_source)])
    if (lines.length === 0) continue
    const { body } = await ask(engine, ['POST', '/_bulk?refresh=true', `${lines.join('\n')}\n`])
    if (body.errors) throw new Error(`${index}: ${JSON.stringify(body)}`)
  }
}
