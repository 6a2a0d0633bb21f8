import { loadavg } from 'node:os'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { installHysds } from '../test/support/hysds.ts'
import { type Leporello, onEngine, ready, startLeporello } from '../test/support/leporello.ts'
import { sharedEngine } from '../test/support/shared-engine.ts'
import { memoryMb } from './load.ts'
import { measureNames, registerNames, writeNames } from './names.ts'

/*
 * Sets of images: `node build/benchmarks/releases.js [embedded] [engine] [names] [--images N]`. Prints how long discovery, promotion, freezing and
 * lists take, the resident memory, and how long `info` takes meanwhile; with names, how long the names of 100,000 containers take instead.
 */

const images = Number(process.argv[process.argv.indexOf('--images') + 1]) || 100
const names = Array.from({ length: images }, (_, i) => `tripleo/centos-image-${String(i).padStart(4, '0')}`)

async function ask(server: Leporello, { method = 'GET', path, body }: { method?: string; path: string; body?: object | string }) {
  const headers = { 'content-type': typeof body === 'string' ? 'application/yaml' : 'application/json' }
  const request = body === undefined ? { method } : { method, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }
  const reply = await fetch(`${server.url}/api/v1${path}`, request)
  const text = await reply.text()
  if (!reply.ok) throw new Error(`${method} ${path}: ${text.slice(0, 500)}`)
  return text
}

/** Asks for one record again and again until it is stopped. Returns the 99th percentile, in milliseconds. */
function watchInfo(server: Leporello): () => Promise<number> {
  const times: number[] = []
  let stopped = false
  const asking = (async () => {
    while (!stopped) {
      const started = performance.now()
      await (await fetch(`${server.url}/api/v0.1/container/info?id=${names[0]}:a`)).text()
      times.push(performance.now() - started)
    }
  })()
  return async () => {
    stopped = true
    await asking
    return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0
  }
}

async function timed(server: Leporello, what: string, work: () => Promise<unknown>): Promise<void> {
  const stop = watchInfo(server)
  const started = performance.now()
  await work()
  const took = performance.now() - started
  console.log(`  ${what}: ${took.toFixed(0)} ms; info meanwhile: p99 ${(await stop()).toFixed(1)} ms; ${memoryMb(server.pid()).now} MB`)
}

async function measure(server: Leporello): Promise<void> {
  console.log(`  ${images} images of two architectures`)
  for (const tag of ['a', 'b']) {
    const items = names.map((name) => {
      const url = `s3://bucket/${name}-${tag}`
      return {
        id: `${name}:${tag}`,
        op: 'put',
        container: { version: tag, digest: 'sha256:1', images: { amd64: url, arm64: `${url}-arm64` } }
      }
    })
    for (let at = 0; at < items.length; at += 500)
      await ask(server, { method: 'POST', path: '/batch', body: { items: items.slice(at, at + 500) } })
  }
  const before = memoryMb(server.pid())
  const set = (tag: string) => names.map((name) => `${name}:${tag}`)
  const list = `container_images:\n${names.map((name) => `- imagename: "docker.io/${name}:latest"\n  params: [A]\n`).join('')}`
  const promote = (body: object, channel = 'current') => ask(server, { method: 'PUT', path: `/channels/${channel}`, body })
  await timed(server, 'nothing', () => pause(3000))
  await timed(server, 'names by tag', () => ask(server, { path: '/image-list?tag=a&format=names' }))
  await timed(server, 'discover by tag', () => ask(server, { method: 'POST', path: '/image-list/discover?tag=b', body: list }))
  await timed(server, 'discover the newest', () =>
    ask(server, { method: 'POST', path: '/image-list/discover?newest=registration', body: list })
  )
  await timed(server, 'first promotion', () => promote({ set: set('a'), require: ['complete'] }))
  await timed(server, 'next promotion', () => promote({ set: set('b'), require: ['complete'] }))
  // memory that grows with a set is not memory that grows with promotions
  await timed(server, 'four more', async () => {
    for (const tag of ['a', 'b', 'a', 'b']) await promote({ set: set(tag), require: ['complete'] })
  })
  await timed(server, 'promotion of a channel', () => promote({ from: { channel: 'current' } }, 'passed'))
  await timed(server, 'rollback', () => ask(server, { method: 'POST', path: '/channels/current/rollback', body: {} }))
  await timed(server, 'freeze', () => ask(server, { method: 'POST', path: '/releases', body: { name: 'r', channel: 'passed' } }))
  const after = memoryMb(server.pid())
  console.log(`  resident memory: ${before.now} MB before, ${after.now} MB after, ${after.peak} MB at most`)
}

const chosen = process.argv.slice(2).filter((word) => word === 'embedded' || word === 'engine')
const ofNames = process.argv.includes('names')
console.log(`load ${loadavg()[0]!.toFixed(1)}`)
for (const store of chosen.length > 0 ? chosen : ['embedded', 'engine']) {
  const engine = store === 'engine' ? await sharedEngine('es7') : undefined
  if (engine) await installHysds(engine)
  const server = await startLeporello(engine ? onEngine(engine.url) : {})
  try {
    await ready(server)
    console.log(engine ? 'Elasticsearch 7.10' : 'embedded store')
    if (!ofNames) await measure(server)
    else {
      await (engine ? writeNames(engine) : registerNames(server))
      await measureNames(server)
    }
  } finally {
    await server.stop()
    await engine?.stop()
  }
}
console.log(`load ${loadavg()[0]!.toFixed(1)}`)
