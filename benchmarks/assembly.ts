import { startEngine } from '../test/support/engines.ts'
import { manyWriters, writesTried } from '../test/support/many-writers.ts'
import { median } from './load.ts'
import { type Server, startServer } from './server.ts'

const count = Number(process.env['BENCH_CONTAINERS'] ?? 1_000)
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3)
const clients = 32
const writers = 200

/** One architecture at a time, beside the whole record at once; and many who write one record. */
export async function assemblyBenchmarks(): Promise<void> {
  const embedded = await startServer()
  try {
    await compare('embedded', embedded)
  } finally {
    await embedded.stop()
  }
  const engine = await startEngine('es7')
  const onEngine = { LEPORELLO_STORE: 'elasticsearch', LEPORELLO_ENGINE_URL: engine.url }
  const replicas = await Promise.all([startServer(onEngine), startServer(onEngine)])
  try {
    await compare('Elasticsearch 7.10', replicas[0]!)
    await crowd(replicas.map(({ url }) => url))
  } finally {
    for (const replica of replicas) await replica.stop()
    await engine.stop()
  }
}

async function compare(name: string, { url }: Server): Promise<void> {
  const figures: { add: number; put: number }[] = []
  for (let round = 0; round < rounds; round++) {
    const ids = Array.from({ length: count }, (_, i) => `bench-${round}-${i}:v1`)
    const add = await perSecond(ids, (id) => {
      const form = { name: id, version: 'v1', digest: 'sha256:0', url: `s3://b/${id}`, urls: JSON.stringify({ x86_64: `s3://b/${id}` }) }
      return fetch(`${url}/api/v0.1/container/add`, { method: 'POST', body: new URLSearchParams(form) })
    })
    const put = await perSecond(ids, (id) =>
      fetch(`${url}/api/v1/containers/${encodeURIComponent(id)}/images/arm64`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ url: `s3://b/${id}-arm`, digest: 'sha256:1' })
      })
    )
    figures.push({ add, put })
  }
  const of = (figure: (one: { add: number; put: number }) => number) => median(figures.map(figure))
  const ratio = of(({ add, put }) => put / add).toFixed(2)
  console.log(
    `${name}: one architecture ${of(({ put }) => put).toFixed(0)}/s, a whole container/add ${of(({ add }) => add).toFixed(0)}/s, ratio ${ratio}; ${clients} clients`
  )
}

async function perSecond(ids: readonly string[], send: (id: string) => Promise<Response>): Promise<number> {
  const waiting = [...ids]
  const began = performance.now()
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        const reply = await send(id)
        if (!reply.ok) throw new Error(`${reply.status}: ${await reply.text()}`)
        await reply.arrayBuffer()
      }
    })
  )
  return ids.length / ((performance.now() - began) / 1000)
}

async function crowd(replicas: readonly string[]): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const before = await writesTried(replicas)
    const began = performance.now()
    const written = await manyWriters(replicas, { id: `bench-crowd-${round}:v1`, count: writers })
    const took = performance.now() - began
    const refused = written.filter(({ status }) => status !== 201).length
    const attempts = ((await writesTried(replicas)) - before) / writers
    console.log(
      `${writers} writers of one container through two replicas: ${attempts.toFixed(2)} attempts a writer, ${refused} refused, ${took.toFixed(0)} ms`
    )
  }
}
