import { readFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { createIntents } from '../../src/catalogue/containers/batch-intents.ts'
import { parseRules } from '../../src/domain/build/rules.ts'
import { background } from '../../src/domain/history/entry.ts'
import { cutId, toCutDocument } from '../../src/domain/history/history-cut.ts'
import { type Collection, type DocumentStore, tableNames } from '../../src/stores/document-store.ts'
import { ociPusher } from '../support/oci.ts'
import { projectFolder } from '../support/project.ts'
import { sha256 } from '../support/start-server.ts'
import { startWithTarballs, tarball, type WithTarballs } from '../support/tarballs.ts'

process.chdir(projectFolder)
const page = await readFile('docs/data-model.md', 'utf8')

/** The page's examples: a block that begins with ```json and a name. */
const examples = new Map(
  [...page.matchAll(/^```json (.+)\n([\s\S]*?)^```$/gm)].map(([, name, text]) => [name!, JSON.parse(text!) as unknown])
)

const collections: { readonly [index: string]: Collection } = {
  containers: 'containers',
  job_specs: 'jobSpecs',
  'hysds_ios-mozart': 'hysdsIos',
  'leporello-facts': 'facts',
  'leporello-tasks': 'tasks',
  'leporello-assemblies': 'buildStatuses',
  'leporello-journal': 'journal',
  'leporello-summaries': 'summaries',
  'leporello-demand': 'demand',
  'leporello-leases': 'leases',
  'leporello-releases': 'releases',
  'leporello-oci': 'oci'
}

t.test('the page has every collection, under the name of its index and of its table', (t) => {
  t.strictSame(Object.values(collections), Object.keys(tableNames))
  for (const [index, name] of Object.entries(collections)) {
    const table = tableNames[name]
    t.match(page, `| \`${index}\` |`, index)
    t.match(page, `\`${table}\``, table)
    t.ok(examples.has(index), `an example of ${index}`)
  }
  t.end()
})

t.test("the page's examples have the fields that the program writes", async (t) => {
  const written = await documentsOf(t)

  t.strictSame([...written.keys()].sort(), [...examples.keys()].sort())
  for (const [name, documents] of written) {
    t.ok(documents.length > 0, `there are some of ${name}`)
    t.strictSame([...new Set(documents.flatMap((document) => differences(document, examples.get(name), name)))], [])
  }
})

/** The documents of each kind, made by the requests that lead to them. */
async function documentsOf(t: Test): Promise<Map<string, Document[]>> {
  const { rules } = parseRules([{ match: 'pending*', publish: 'all' }])
  const server = await startWithTarballs(t, { rules, expected: ['amd64', 'arm64'] })
  await fill(server)
  const { stores, catalogue } = server
  await catalogue.summaries.settled(10_000)
  await catalogue.demand.flush()
  await catalogue.summaries.run({ everyMs: 1000, signal: new AbortController().signal })
  const batch = await batchNote(server)
  const found = new Map<string, Document[]>()
  for (const [index, name] of Object.entries(collections)) found.set(index, await allOf(stores[name] as DocumentStore))
  const apart = (index: string, name: string, is: (document: Document) => boolean) => {
    const all = found.get(index)!
    found.set(
      index,
      all.filter((one) => !is(one))
    )
    found.set(`${index}, ${name}`, all.filter(is))
  }
  apart('leporello-tasks', 'to remove', ({ kind }) => kind === 'remove')
  apart('leporello-facts', 'by layers', ({ checked }) => checked === '9999')
  apart('leporello-leases', 'without a note', ({ id }) => id === 'batches')
  apart('leporello-releases', 'a frozen release', ({ kind }) => kind === 'release')
  apart('leporello-releases', 'a Containerfile', ({ kind }) => kind === 'containerfile')
  apart('leporello-leases', 'a batch', ({ id }) => id === batch)
  apart('leporello-oci', 'an index', ({ children }) => children !== undefined)
  apart('leporello-oci', 'a blob', ({ kind, of }) => kind === 'blob' && of !== undefined)
  apart('leporello-oci', 'a pushed blob', ({ kind }) => kind === 'blob')
  apart('leporello-oci', 'a tag', ({ kind }) => kind === 'tag')
  apart('leporello-oci', 'pushed', ({ pushed }) => pushed !== undefined)
  found.delete('leporello-oci, a pushed blob')
  const cut = { container: 'hello:v1', entries: 17, until: '2026-01-02T03:04:05.000Z' }
  found.set('leporello-journal, a cut', [JSON.parse(toCutDocument(cutId(cut.container, sha256), cut))])
  return found
}

async function fill({ app }: WithTarballs): Promise<void> {
  const ask = async (method: 'PUT' | 'POST' | 'DELETE' | 'GET', url: string, body?: object | Buffer, type = 'application/json') => {
    const payload = body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body)
    const reply = await app.inject({ method, url, ...(payload !== undefined && { payload, headers: { 'content-type': type } }) })
    if (reply.statusCode >= 400) throw new Error(`${method} ${url}: ${reply.body}`)
    return reply
  }
  const hello = '/api/v1/containers/hello%3Av1'
  const spec = encodeURIComponent('{"id": "job-hello:v1", "container": "hello:v1"}')
  for (const kind of ['job_spec', 'hysds_io']) await ask('POST', `/api/v0.1/${kind}/add?spec=${spec}`)
  await ask('PUT', `${hello}/expected`, { architectures: ['amd64', 'arm64'] })
  const source = { commit: '9c0e1f2', containerfile: 'sha256:77' }
  const build = { log: 'https://ci.example.org/17', source, machine: 'x86_64' }
  await ask('PUT', `${hello}/builds/amd64`, { status: 'running', started: '2026-01-02T03:00:00Z', ...build })
  await ask('PUT', `${hello}/images/amd64`, tarball(), 'application/octet-stream')
  await ask('PUT', `${hello}/images/arm64`, tarball({ tags: ['hello:other'] }), 'application/octet-stream')
  await ask('DELETE', `${hello}/images/arm64`)
  await ask('PUT', `${hello}/tests/amd64`, { status: 'failed', reason: 'exit status 1', machine: 'x86_64' })
  await ask('PUT', '/api/v1/containers/pending%3Av1/builds/amd64', { status: 'succeeded', source, machine: 'x86_64' })
  await ask('PUT', '/api/v1/containers/pending%3Av1/images/amd64', {
    url: 'http://127.0.0.1:0/storage/containers/a.tar',
    digest: 'sha256:1'
  })
  await ask('PUT', '/api/v1/containers/pending%3Av1/tests/amd64', { status: 'running', machine: 'x86_64' })
  await ask('PUT', '/api/v1/containers/pending%3Av1/expected', { architectures: ['amd64', 'arm64'] })
  await ask('GET', '/api/v0.1/container/resolve?id=hello:v1&arch=x86_64')
  await ask('PUT', '/api/v1/containers/brought%3Av1/builds/amd64', {
    status: 'succeeded',
    source: { commit: '9c0e1f2' },
    containerfile: 'FROM scratch\n',
    machine: 'x86_64'
  })
  await ask('PUT', '/api/v1/channels/current', { set: ['hello:v1'], require: ['proven'] })
  await ask('GET', '/v2/hello/manifests/v1')
  await ociPusher(app).image('pushed', 'v1')
  await ask('POST', '/api/v1/releases', { name: '2026.1', channel: 'current', params: { 'hello:current': ['ContainerHelloImage'] } })
}

async function batchNote({ stores }: WithTarballs): Promise<string> {
  const intents = createIntents({ stores, hash: sha256, now: () => new Date() } as never)
  const changed = { before: undefined, after: { document: '{}' } } as never
  return intents.note({ wanted: [{ id: 'hello:v1', changed }], cause: background('a test') })
}

type Document = Record<string, unknown>

async function allOf(store: DocumentStore): Promise<Document[]> {
  const { items } = await store.list({ limit: 1000 })
  return items.map(({ document }) => JSON.parse(document) as Document)
}

/** Where the names of fields differ; null stands for any value. An array is compared by its first element. */
function differences(written: unknown, shown: unknown, path: string): string[] {
  if (written === null || shown === null) return []
  if (Array.isArray(written) && Array.isArray(shown)) {
    return written.length === 0 || shown.length === 0 ? [] : differences(written[0], shown[0], `${path}[]`)
  }
  if (typeof written !== 'object' || typeof shown !== 'object') return typeof written === typeof shown ? [] : [`${path} is another type`]
  const [ours, theirs] = [Object.keys(written as object), Object.keys(shown as object)]
  return [
    ...ours.filter((name) => !theirs.includes(name)).map((name) => `${path}.${name} is not shown`),
    ...theirs.filter((name) => !ours.includes(name)).map((name) => `${path}.${name} is not written`),
    ...ours.flatMap((name) =>
      theirs.includes(name) ? differences((written as Document)[name], (shown as Document)[name], `${path}.${name}`) : []
    )
  ]
}
