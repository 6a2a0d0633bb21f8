import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArchitecture } from '../src/domain/architecture.ts'
import { containerFrom, parseRegistration } from '../src/domain/container/container.ts'
import { fromDocument, toDocument } from '../src/domain/container/document.ts'
import { fingerprintOf } from '../src/domain/container/fingerprint.ts'
import { toSummaryDocument } from '../src/domain/lists/summary.ts'
import { ask, type Engine, startEngine } from '../test/support/engines.ts'
import { installHysds } from '../test/support/hysds.ts'
import { cpuMs, median, memoryMb } from './load.ts'
import { type Server, startServer } from './server.ts'

/*
 * `node build/benchmarks/scale.js [SIZE…]`: what grows with the number of containers, on Elasticsearch 7.10 under HySDS's templates. Containers
 * and their summaries go into the engine in bulk, as Leporello would write them; then a server is started on it and measured. Seeding stops
 * after BENCH_MINUTES (15), and what was reached by then is measured.
 */

const sizes = process.argv.slice(2).map(Number)
const minutes = Number(process.env['BENCH_MINUTES'] ?? 15)
const bulkSize = 2500
const repeats = 15
const at = '2026-01-02T03:04:05.000Z'
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const [amd64, arm64] = ['amd64', 'arm64'].map(parseArchitecture) as [
  ReturnType<typeof parseArchitecture>,
  ReturnType<typeof parseArchitecture>
]
const config = sha256(JSON.stringify([[], ['amd64', 'arm64']])).slice(0, 16)

const queries: [what: string, query: string][] = [
  ['no filter', 'sort=id'],
  ['state=partial, newest first', 'state=partial&sort=-updated'],
  ['missing=arm64', 'missing=arm64'],
  ['name=*-7777*', 'name=*-7777*'],
  ['q=ER-7777', 'q=ER-7777'],
  ['state=degraded: none', 'state=degraded']
]

process.env['ENGINE_HEAP'] ??= '1g'
const engine = await startEngine('es7')
try {
  await installHysds(engine)
  await register(engine, { count: 1024, atOnce: 16 })
  await ask(engine, ['POST', '/_all/_forcemerge?max_num_segments=1'])
  await sayIndices(engine)
  const ends = Date.now() + minutes * 60_000
  let seeded = 0
  for (const size of sizes.length > 0 ? sizes : [10_000, 100_000, 1_000_000]) {
    const began = performance.now()
    seeded = await seed(engine, { from: seeded, to: size, ends })
    const seconds = (performance.now() - began) / 1000
    console.log(`\n${seeded} containers, seeded in ${seconds.toFixed(0)} s`)
    await sayIndices(engine)
    await measure(engine)
    if (seeded < size) {
      console.log(`\nstopped after ${minutes} minutes: ${seeded} of ${size}`)
      break
    }
  }
  await register(engine, { count: 64, atOnce: 1 })
} finally {
  await engine.stop()
}

function settings({ url }: Engine): Record<string, string> {
  return {
    LEPORELLO_STORE: 'elasticsearch',
    LEPORELLO_ENGINE_URL: url,
    LEPORELLO_EXPECTED: 'amd64,arm64',
    LEPORELLO_LOG_LEVEL: 'warn',
    LEPORELLO_SWEEP: '5000',
    LEPORELLO_ENGINE_PATIENCE_MS: '60000'
  }
}

/** How many there are then. */
async function seed(engine: Engine, { from, to, ends }: { from: number; to: number; ends: number }): Promise<number> {
  const { body } = await ask(engine, ['GET', '/containers/_settings?filter_path=*.settings.index.uuid'])
  const uuid = body.containers.settings.index.uuid.slice(0, 8)
  for (let next = from; next < to; next += bulkSize) {
    if (Date.now() > ends) return next
    const numbers = Array.from({ length: Math.min(bulkSize, to - next) }, (_, i) => next + i)
    await seedSome(engine, { numbers, uuid })
  }
  return to
}

async function seedSome(engine: Engine, { numbers, uuid }: { numbers: readonly number[]; uuid: string }): Promise<void> {
  const documents = numbers.map(containerDocument)
  const { items } = await bulk(engine, 'containers', documents)
  const rows = documents.map(({ id, document }, i) => {
    const { _seq_no, _primary_term } = items[i].index
    const revision = `${uuid}.${_seq_no}.${_primary_term}`
    const record = fromDocument(id, document)
    const fingerprint = fingerprintOf(record, sha256)
    const architectures = [...record.images.keys()]
    const missing = [amd64, arm64].filter((one) => !architectures.includes(one))
    const text = toSummaryDocument({
      ...{ id, version: record.version ?? null, state: missing.length > 0 ? ('partial' as const) : ('complete' as const) },
      ...{ architectures, missing, verdicts: ['unverified' as const], created: at, updated: at, revision, fingerprint },
      ...{ accounted: { revision, fingerprint, document }, suspect: null, due: null }
    })
    return { id, document: text }
  })
  await bulk(engine, 'leporello-summaries', rows)
}

function containerDocument(i: number): { id: string; document: string } {
  const id = `container-${i}:v${i % 10}`
  const names = i % 2 ? ['amd64', 'arm64'] : ['amd64']
  const urls = Object.fromEntries(
    names.map((name) => [name, `s3://s3-us-west-2.amazonaws.com/bucket/containers/container-${i}-${name}.tar.gz`])
  )
  const registration = { id, version: `v${i % 10}`, digest: `sha256:${sha256(id)}`, url: '', urls: JSON.stringify(urls) }
  return { id, document: toDocument(containerFrom(parseRegistration(registration), { publicUrl: 'http://registry:8888', guarded: [] })) }
}

/** An engine whose heap is full answers 429, and asks for a pause. */
async function bulk(engine: Engine, index: string, documents: readonly { id: string; document: string }[]): Promise<{ items: any[] }> {
  const lines = documents.map(({ id, document }) => `${JSON.stringify({ index: { _id: id } })}\n${document}\n`)
  const path = `/${index}/_bulk?filter_path=errors,items.index._seq_no,items.index._primary_term`
  const { status, body } = await ask(engine, ['POST', path, lines.join('')])
  if (status === 429) {
    await sleep(1000)
    return bulk(engine, index, documents)
  }
  if (status !== 200 || body.errors) throw new Error(`_bulk: ${status} ${JSON.stringify(body).slice(0, 500)}`)
  return body
}

async function sayIndices(engine: Engine): Promise<void> {
  await ask(engine, ['POST', '/_flush'])
  const { body } = await ask(engine, ['GET', '/_cat/indices/containers,leporello-*?format=json&bytes=b&h=index,docs.count,store.size'])
  for (const one of body) {
    const [count, size] = [Number(one['docs.count']), Number(one['store.size'])]
    if (count > 10)
      console.log(`- ${one.index}: ${count} documents, ${(size / 1e6).toFixed(0)} MB, ${(size / count).toFixed(0)} bytes each`)
  }
}

async function measure(engine: Engine): Promise<void> {
  // as if every summary had been looked at a moment ago, under these settings
  const note = { swept: new Date(Date.now() - 3_600_000).toISOString(), config, slice: '0' }
  await ask(engine, ['PUT', '/leporello-leases/_doc/summaries?refresh=true', { id: 'summaries', until: '', note }])
  await ask(engine, ['POST', '/_refresh'])
  await measureSweeps(engine)
  const server = await startServer({ ...settings(engine), LEPORELLO_SWEEP: '86400000' })
  try {
    for (const [what, query] of queries) await sayRequest(`first page, ${what}`, { engine, server, path: `/api/v1/containers?${query}` })
    await sayRequest('resolve', { engine, server, path: '/api/v0.1/container/resolve?id=container-7777:v7&arch=aarch64' })
    const { peak } = memoryMb(server.pid)
    await sayRequest('container/list', { engine, server, path: '/api/v0.1/container/list', times: 2 })
    console.log(`- memory of the server: ${peak} MB at most before container/list, ${memoryMb(server.pid).peak} MB since`)
  } finally {
    await server.stop()
  }
}

async function measureSweeps(engine: Engine): Promise<void> {
  const server = await startServer(settings(engine))
  const cpu = () => ({ ours: cpuMs(server.pid), engine: cpuMs(engine.pid()) })
  try {
    for (let i = 0; i < 2; i++) {
      const before = cpu()
      const seconds = await sweepSeconds(engine)
      const after = cpu()
      const [ours, theirs] = [after.ours - before.ours, after.engine - before.engine].map((ms) => (ms / 1000).toFixed(1))
      console.log(
        `- a sweep: ${seconds.toFixed(1)} s; CPU ${ours} s of ours, ${theirs} s of the engine; ${memoryMb(server.pid).peak} MB at most`
      )
    }
  } finally {
    await server.stop()
  }
}

interface Asking {
  engine: Engine
  server: Server
  path: string
  times?: number
}

/** The CPU says more than the time, where other programs use the machine. */
async function sayRequest(what: string, { engine, server, path, times = repeats }: Asking): Promise<void> {
  await timed(server, path, 1)
  const before = { ours: cpuMs(server.pid), engine: cpuMs(engine.pid()) }
  const ms = await timed(server, path, times)
  const [ours, theirs] = [cpuMs(server.pid) - before.ours, cpuMs(engine.pid()) - before.engine].map((sum) => (sum / times).toFixed(1))
  console.log(`- ${what}: ${ms.toFixed(0)} ms; CPU ${ours} ms of ours, ${theirs} ms of the engine`)
}

/** How long one replica holds the lease of a sweep. */
async function sweepSeconds(engine: Engine): Promise<number> {
  const held = async () => {
    const { body } = await ask(engine, ['GET', '/leporello-leases/_doc/summaries'])
    return body._source.until !== ''
  }
  const pause = () => new Promise((resolve) => setTimeout(resolve, 50))
  while (await held()) await pause()
  while (!(await held())) await pause()
  const began = performance.now()
  while (await held()) await pause()
  return (performance.now() - began) / 1000
}

async function timed(server: Server, path: string, times: number): Promise<number> {
  const figures: number[] = []
  for (let i = 0; i < times; i++) {
    const began = performance.now()
    const reply = await fetch(server.url + path)
    await reply.text()
    if (!reply.ok) throw new Error(`${path}: ${reply.status}`)
    figures.push(performance.now() - began)
  }
  return median(figures)
}

/** What registrations through the API leave in each index, and how long one takes while nothing else is asked. */
async function register(engine: Engine, { count, atOnce }: { count: number; atOnce: number }): Promise<void> {
  const server = await startServer({ ...settings(engine), LEPORELLO_SWEEP: '86400000' })
  const figures: number[] = []
  try {
    for (let from = 0; from < count; from += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, async (_, i) => figures.push(await registrationMs(server, from + i))))
    }
    console.log(`\n${count} registrations of one image, ${atOnce} at once: ${median(figures).toFixed(1)} ms`)
  } finally {
    await server.stop()
  }
}

async function registrationMs(server: Server, i: number): Promise<number> {
  const began = performance.now()
  const reply = await fetch(`${server.url}/api/v1/containers/added-${i}%3Av1/images/amd64`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: `s3://bucket/containers/added-${i}-${began}.tar.gz`, digest: `sha256:${sha256(String(i))}` })
  })
  if (!reply.ok) throw new Error(await reply.text())
  return performance.now() - began
}
