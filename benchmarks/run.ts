import { writeFile } from 'node:fs/promises'
import { cpus, loadavg, release } from 'node:os'
import { join } from 'node:path'
import { ask, type Engine, startEngine } from '../test/support/engines.ts'
import { projectFolder } from '../test/support/project.ts'
import { accessBenchmarks } from './access.ts'
import { assemblyBenchmarks } from './assembly.ts'
import { listBenchmarks } from './lists.ts'
import { type Figures, type Load, load, median, memoryMb, run } from './load.ts'
import { ociBenchmarks } from './oci.ts'
import { type Server, startBeside, startServer } from './server.ts'
import { tarballBenchmarks } from './tarballs.ts'

/*
 * `npm run bench [-- engine embedded tarballs lists assembly access oci]`: ours beside the limit, in turn, in one run on one machine. The ratios are what counts;
 * absolute figures change with the machine and with what else it does.
 */

const count = 10_000
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3)
const seconds = Number(process.env['BENCH_SECONDS'] ?? 6)
const list = '/api/v0.1/container/list'
const info = '/api/v0.1/container/info?id='

console.log(`Node ${process.version}, Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}`)
console.log(`${count} containers, ${rounds} rounds of ${seconds} s, medians; every ratio is ours / the limit, pair by pair\n`)

// at full speed the half gigabyte that is enough for tests fills with garbage, and the engine refuses requests
process.env['ENGINE_HEAP'] ??= '1g'

const chosen = process.argv.slice(2)
if (chosen.length === 0 || chosen.includes('engine')) await engineBenchmarks()
if (chosen.length === 0 || chosen.includes('embedded')) await embeddedBenchmarks()
if (chosen.length === 0 || chosen.includes('tarballs')) await tarballBenchmarks()
if (chosen.length === 0 || chosen.includes('lists')) await listBenchmarks()
if (chosen.length === 0 || chosen.includes('assembly')) await assemblyBenchmarks()
if (chosen.length === 0 || chosen.includes('access')) await accessBenchmarks({ rounds, seconds })
if (chosen.length === 0 || chosen.includes('oci')) await ociBenchmarks()

async function engineBenchmarks(): Promise<void> {
  const engine = await startEngine('es7')
  const server = await startServer({ LEPORELLO_STORE: 'elasticsearch', LEPORELLO_ENGINE_URL: engine.url })
  try {
    await makeHysdsIndex(engine)
    console.log('Elasticsearch 7.10, 8 shards, 0 replicas, the template of HySDS')
    const idle = memoryMb(server.pid).now
    await fill(server)
    await ask(engine, ['POST', '/containers/_refresh'])
    for (const connections of [64, 1]) {
      await compare(`container/info, ${connections} connections, against GET _doc`, {
        ours: { url: server.url, script: 'get', args: [info, String(count)], connections, seconds, pid: server.pid },
        limit: { url: engine.url, script: 'get', args: ['/containers/_doc/', String(count)], connections, seconds }
      })
    }
    // before the writes, after which the engine merges for a while
    await timeList(server)
    await compare('container/add, 64 connections, against PUT _doc', {
      ours: {
        url: server.url,
        script: 'write',
        args: ['form', '/api/v0.1/container/add', String(count)],
        connections: 64,
        seconds,
        pid: server.pid
      },
      limit: { url: engine.url, script: 'write', args: ['json', '/containers/_doc/', String(count)], connections: 64, seconds }
    })
    sayMemory(server, idle)
  } finally {
    await server.stop()
    await engine.stop()
  }
}

async function embeddedBenchmarks(): Promise<void> {
  const server = await startServer()
  try {
    console.log('The embedded store')
    const idle = memoryMb(server.pid).now
    await fill(server)
    const answer = join(server.data, 'answer.json')
    await writeFile(answer, await (await fetch(`${server.url}${info}container-1%3Av1.0.0`)).text())
    const bare = await startBeside('bare-fastify.js', answer)
    try {
      await compare('container/info, 64 connections, against a bare Fastify route', {
        ours: { url: server.url, script: 'get', args: [info, String(count)], connections: 64, seconds, pid: server.pid },
        limit: { url: bare.url, script: 'get', args: ['/info?id=', String(count)], connections: 64, seconds, pid: bare.pid }
      })
    } finally {
      await bare.stop()
    }
    await compareWrites(server)
    await timeList(server)
    sayMemory(server, idle)
  } finally {
    await server.stop()
  }
}

async function compareWrites(server: Server): Promise<void> {
  const ours: Figures[] = []
  const limit: number[] = []
  const raw = join(projectFolder, 'build/benchmarks/raw-batches.js')
  for (let round = 0; round < rounds; round++) {
    ours.push(
      await load({
        url: server.url,
        script: 'write',
        args: ['form', '/api/v0.1/container/add', String(count)],
        connections: 64,
        seconds,
        pid: server.pid
      })
    )
    limit.push(Number(await run(process.execPath, [raw, join(server.data, 'raw.db'), String(seconds)])))
  }
  const ratio = median(ours.map(({ requestsPerSecond }, i) => requestsPerSecond / limit[i]!))
  say('durable container/add, 64 connections, against batches of 64 in one transaction', { ours, ratio, limit: `${median(limit)} puts/s` })
}

async function compare(title: string, { ours, limit }: { ours: Load; limit: Load }): Promise<void> {
  await load({ ...ours, seconds: 2 })
  await load({ ...limit, seconds: 2 })
  const measured: { ours: Figures[]; limit: Figures[] } = { ours: [], limit: [] }
  for (let round = 0; round < rounds; round++) {
    measured.ours.push(await load(ours))
    measured.limit.push(await load(limit))
  }
  const ratio = median(measured.ours.map(({ requestsPerSecond }, i) => requestsPerSecond / measured.limit[i]!.requestsPerSecond))
  say(title, { ours: measured.ours, ratio, limit: words(measured.limit) })
}

function say(title: string, { ours, ratio, limit }: { ours: Figures[]; ratio: number; limit: string }): void {
  console.log(`- ${title}: ratio ${ratio.toFixed(2)}`)
  console.log(`    ours  ${words(ours)}, server CPU ${median(ours.map(({ cpuMsPerRequest }) => cpuMsPerRequest)).toFixed(3)} ms a request`)
  console.log(`    limit ${limit}`)
}

function words(figures: Figures[]): string {
  const middle = (name: keyof Figures) => median(figures.map((figure) => figure[name]))
  return `${Math.round(middle('requestsPerSecond'))} req/s, p50 ${middle('p50Ms').toFixed(2)} ms, p99 ${middle('p99Ms').toFixed(2)} ms`
}

async function timeList(server: Server): Promise<void> {
  const times: number[] = []
  for (let i = 0; i < 7; i++) {
    const began = performance.now()
    const { result } = (await (await fetch(server.url + list)).json()) as { result: string[] }
    times.push(performance.now() - began)
    if (result.length !== count) throw new Error(`the list has ${result.length} ids, not ${count}`)
  }
  console.log(`- container/list of ${count} ids: ${median(times).toFixed(0)} ms (the first ${times[0]!.toFixed(0)} ms)`)
}

function sayMemory(server: Server, idle: number): void {
  console.log(`- memory: ${idle} MB idle, ${memoryMb(server.pid).peak} MB at most under load\n`)
}

async function fill(server: Server): Promise<void> {
  const bucket = 's3://s3-us-west-2.amazonaws.com/code-bucket/'
  for (let from = 0; from < count; from += 250) {
    const batch = Array.from({ length: 250 }, (_, i) => `container-${from + i}:v1.0.0`)
    await Promise.all(
      batch.map(async (name) => {
        const x86 = `${bucket}${name}.tar.gz`
        const arm = `${bucket}${name}-arm64.tar.gz`
        const urls = JSON.stringify({ x86_64: x86, amd64: x86, arm64: arm, aarch64: arm })
        const body = new URLSearchParams({ name, version: 'v1.0.0', url: x86, digest: `sha256:${'a'.repeat(64)}`, urls })
        const reply = await fetch(`${server.url}/api/v0.1/container/add`, { method: 'POST', body })
        if (!reply.ok) throw new Error(`${name}: ${await reply.text()}`)
      })
    )
  }
}

/** As HySDS makes it: its template for everything (8 shards), and the one for containers. */
async function makeHysdsIndex(engine: Engine): Promise<void> {
  const analysis = { analyzer: { default: { filter: ['lowercase', 'word_delimiter'], tokenizer: 'keyword' } } }
  const strings = {
    match_mapping_type: 'string',
    match: '*',
    mapping: { norms: false, type: 'text', copy_to: 'text_fields', fields: { keyword: { type: 'keyword', ignore_above: 256 } } }
  }
  await ask(engine, [
    'PUT',
    '/_template/index_defaults',
    { order: 0, index_patterns: ['*'], settings: { number_of_shards: 8, number_of_replicas: 0 } }
  ])
  await ask(engine, [
    'PUT',
    '/_template/containers',
    {
      order: 0,
      index_patterns: ['containers'],
      settings: { analysis, 'index.refresh_interval': '5s' },
      mappings: {
        dynamic_templates: [{ strings }],
        properties: { _timestamp: { type: 'date', store: true }, text_fields: { type: 'text' } }
      }
    }
  ])
  await ask(engine, ['PUT', '/containers'])
}
