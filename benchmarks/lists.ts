import { ask, type Engine, startEngine } from '../test/support/engines.ts'
import { median } from './load.ts'
import { type Server, startServer } from './server.ts'

/*
 * The first page of a list over 100,000 containers: each filter, with frequent matches, rare ones and none, in each order.
 */

const count = 100_000
const repeats = 15

const filters: [what: string, query: string][] = [
  ['no filter', ''],
  ['name, all', 'name=container-*'],
  ['name, 11', 'name=*-7777*'],
  ['name, none', 'name=nothing*'],
  ['version, a tenth', 'version=v3'],
  ['version, one', 'version=v9-only'],
  ['architecture, half', 'architecture=aarch64'],
  ['architecture, 20', 'architecture=ppc64le'],
  ['architecture, none', 'architecture=s390x'],
  ['missing, half', 'missing=arm64'],
  ['missing, 20', 'missing=x86_64'],
  ['state, half', 'state=complete'],
  ['state, none', 'state=degraded'],
  ['verdict, all', 'verdict=unverified'],
  ['verdict, none', 'verdict=mixed'],
  ['q, 11', 'q=ER-7777'],
  ['state and name, some', 'state=partial&name=*99:*']
]
const sorts = ['id', '-id', 'version', '-version', 'created', '-created', 'updated', '-updated']

export async function listBenchmarks(stores = ['embedded', 'engine']): Promise<void> {
  const settings = { LEPORELLO_EXPECTED: 'amd64,arm64', LEPORELLO_LOG_LEVEL: 'warn', LEPORELLO_SWEEP: '5000' }
  if (stores.includes('embedded')) await onEmbedded(settings)
  if (stores.includes('engine')) await onEngine(settings)
}

async function onEmbedded(settings: Record<string, string>): Promise<void> {
  const server = await startServer(settings)
  try {
    await measure('The embedded store', server)
  } finally {
    await server.stop()
  }
}

async function onEngine(settings: Record<string, string>): Promise<void> {
  const engine: Engine = await startEngine('es7')
  const server = await startServer({ ...settings, LEPORELLO_STORE: 'elasticsearch', LEPORELLO_ENGINE_URL: engine.url })
  try {
    const settle = () => ask(engine, ['POST', '/_refresh'])
    await measure('Elasticsearch 7.10', server, settle)
  } finally {
    await server.stop()
    await engine.stop()
  }
}

async function measure(title: string, server: Server, settle: () => Promise<unknown> = async () => {}): Promise<void> {
  const began = performance.now()
  await fill(server)
  const filled = performance.now()
  await settle()
  const seconds = (from: number, to: number) => ((to - from) / 1000).toFixed(0)
  await caughtUp(server)
  console.log(`${title}: ${count} containers put in ${seconds(began, filled)} s, their rows ${seconds(filled, performance.now())} s later`)
  const figures: { what: string; ms: number }[] = []
  for (const [what, query] of filters) {
    for (const sort of sorts) figures.push({ what: `${what}, by ${sort}`, ms: await firstPage(server, `${query}&sort=${sort}`) })
    const ours = figures.slice(-sorts.length)
    const slowest = ours.reduce((a, b) => (b.ms > a.ms ? b : a))
    console.log(
      `- ${what}: ${median(ours.map(({ ms }) => ms)).toFixed(1)} ms, at most ${slowest.ms.toFixed(1)} ms (${slowest.what.split(', by ')[1]})`
    )
  }
  const slowest = figures.reduce((a, b) => (b.ms > a.ms ? b : a))
  console.log(`- the slowest of ${figures.length}: ${slowest.ms.toFixed(1)} ms (${slowest.what})\n`)
}

/** The median time of a page of 50. */
async function firstPage(server: Server, query: string): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < repeats; i++) {
    const began = performance.now()
    const reply = await fetch(`${server.url}/api/v1/containers?${query.replace(/^&/, '')}`)
    await reply.text()
    if (!reply.ok) throw new Error(`${query}: ${reply.status}`)
    times.push(performance.now() - began)
  }
  return median(times)
}

/** Until a sweep that began after the last write has gone through all. */
async function caughtUp(server: Server): Promise<void> {
  const since = new Date().toISOString()
  for (;;) {
    const { swept } = (await (await fetch(`${server.url}/api/v1/containers?limit=1`)).json()) as { swept: string | null }
    if (swept !== null && swept > since) return
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

async function fill(server: Server): Promise<void> {
  for (let from = 0; from < count; from += 250) {
    const some = Array.from({ length: 250 }, (_, i) => from + i)
    await Promise.all(
      some.map(async (i) => {
        const rare = i % 5000 === 17
        const names = rare ? ['ppc64le'] : i % 2 ? ['amd64', 'arm64'] : ['amd64']
        const version = i === 4711 ? 'v9-only' : `v${i % 10}`
        const images = Object.fromEntries(names.map((name) => [name, { url: `s3://bucket/container-${i}-${name}.tar.gz` }]))
        const reply = await fetch(`${server.url}/api/v1/containers/container-${i}%3A${version}`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ version, digest: 'sha256:d', images })
        })
        if (!reply.ok) throw new Error(await reply.text())
      })
    )
  }
}
