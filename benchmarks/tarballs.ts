import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeBigImage } from './big-image.ts'
import { percentile, startHeartbeat } from './heartbeat.ts'
import { median, memoryMb, run } from './load.ts'
import { type Server, startServer } from './server.ts'

interface Measured {
  ms: number
  /** Of container/info meanwhile. */
  p99Ms: number
  peakMb: number
}

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3)
const gigabytes = Number(process.env['BENCH_GB'] ?? 1)
const largeGigabytes = Number(process.env['BENCH_LARGE_GB'] ?? 5)
const info = '/api/v0.1/container/info?id=beside%3A1'

/** Taking tarballs in, proving them and handing them out, on the embedded default, beside what the machine needs for the bytes alone. */
export async function tarballBenchmarks(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'leporello-bench-tarballs-'))
  const file = (name: string) => join(folder, name)
  try {
    console.log(`Tarballs: ${gigabytes} GB, ${rounds} rounds, medians; container/info is asked 100 times a second meanwhile`)
    await writeBigImage(file('plain.tar'), { megabytes: gigabytes * 1024 })
    await shell(`gzip -1 -c ${file('plain.tar')} > ${file('packed.tar.gz')}`)
    await withServer((server) => taken(server, { file: file('plain.tar'), reference: `sha256sum ${file('plain.tar')}`, atLeast: 0.5 }))
    await withServer((server) =>
      verified(server, { file: file('packed.tar.gz'), reference: `gzip -dc ${file('packed.tar.gz')} | sha256sum`, atMost: 1.5 })
    )
    await withServer((server) => handedOut(server, { file: file('plain.tar'), to: file('copy') }))
    await withServer((server) => fourAtOnce(server, file('plain.tar')))
    await rm(file('plain.tar'))
    await writeBigImage(file('large.tar'), { megabytes: largeGigabytes * 1024, layers: 20 })
    await withServer((server) => large(server, file('large.tar')))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A PUT, digested and inspected whole, is not answered before the tarball is proven. */
async function taken(server: Server, { file, reference, atLeast }: { file: string; reference: string; atLeast: number }): Promise<void> {
  const pairs = await inPairs(server, { ours: () => put(server, { file, id: 'taken' }), reference })
  const ratio = median(pairs.map(({ ours, referenceMs }) => referenceMs / ours.ms))
  say('PUT with digest and inspection, against sha256sum', {
    pairs,
    verdict: `ratio ${ratio.toFixed(2)} of its throughput, goal ${atLeast}`
  })
}

async function verified(server: Server, { file, reference, atMost }: { file: string; reference: string; atMost: number }): Promise<void> {
  await put(server, { file, id: 'verified' })
  const verify = () => run('curl', ['-sSf', '-X', 'POST', `${server.url}/api/v1/containers/verified%3A1/images/amd64/verify`])
  const pairs = await inPairs(server, { ours: async () => match(await verify()), reference })
  const ratio = median(pairs.map(({ ours, referenceMs }) => ours.ms / referenceMs))
  say('verifying a gzip tarball, against gzip -dc | sha256sum', {
    pairs,
    verdict: `${ratio.toFixed(2)} times its time, goal at most ${atMost}`
  })
}

async function handedOut(server: Server, { file, to }: { file: string; to: string }): Promise<void> {
  await put(server, { file, id: 'handed' })
  for (const [name, path] of [
    ['download', '/api/v1/containers/handed%3A1/images/amd64/download'],
    ['GET /storage', new URL(await urlOf(server, 'handed')).pathname]
  ] as const) {
    const ours = async () => {
      await rm(to, { force: true })
      await run('curl', ['-sSf', '-o', to, server.url + path])
    }
    // not by sharing the bytes, where the file system can
    const copy = async () => {
      await rm(to, { force: true })
      await run('cp', ['--reflink=never', file, to])
    }
    const pairs = await inPairs(server, { ours, reference: copy })
    const ratio = median(pairs.map(({ ours, referenceMs }) => referenceMs / ours.ms))
    say(`${name} through curl into a file, against cp`, { pairs, verdict: `ratio ${ratio.toFixed(2)} of its throughput, goal 0.5` })
  }
}

async function fourAtOnce(server: Server, file: string): Promise<void> {
  const ids = ['one', 'two', 'three', 'four']
  const ours = await measured(server, async () => {
    await Promise.all(ids.map((id) => put(server, { file, id })))
  })
  const size = (await stat(file)).size * ids.length
  console.log(`- four PUTs at once: ${throughput(size, ours.ms)}, ${words(ours)}`)
}

async function large(server: Server, file: string): Promise<void> {
  const ours = await measured(server, () => put(server, { file, id: 'large' }))
  console.log(`- a PUT of ${largeGigabytes} GB: ${throughput((await stat(file)).size, ours.ms)}, ${words(ours)}\n`)
}

interface Pair {
  ours: Measured
  referenceMs: number
}

/** Ours and the reference in turn, because the machine is not the same from one minute to the next. */
async function inPairs(
  server: Server,
  { ours, reference }: { ours: () => Promise<unknown>; reference: string | (() => Promise<unknown>) }
): Promise<Pair[]> {
  const pairs: Pair[] = []
  for (let round = 0; round < rounds; round++) {
    const referenceMs = await timed(typeof reference === 'string' ? () => shell(reference) : reference)
    pairs.push({ ours: await measured(server, ours), referenceMs })
  }
  return pairs
}

async function measured(server: Server, work: () => Promise<unknown>): Promise<Measured> {
  const heartbeat = startHeartbeat(server.url + info)
  const ms = await timed(work).catch(async (error) => {
    await heartbeat.stop()
    throw error
  })
  const p99Ms = percentile(await heartbeat.stop(), 0.99)
  return { ms, p99Ms, peakMb: memoryMb(server.pid).peak }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

async function put(server: Server, { file, id }: { file: string; id: string }): Promise<void> {
  match(await run('curl', ['-sSf', '-T', file, `${server.url}/api/v1/containers/${id}%3A1/images/amd64`]))
}

function match(answer: string): void {
  const { image } = JSON.parse(answer) as { image: { verdict: string } }
  if (image.verdict !== 'match') throw new Error(`a tarball that is right was found to be ${image.verdict}`)
}

async function urlOf(server: Server, id: string): Promise<string> {
  const { url } = (await (await fetch(`${server.url}/api/v1/containers/${id}%3A1/images/amd64`)).json()) as { url: string }
  return url
}

async function withServer(work: (server: Server) => Promise<void>): Promise<void> {
  const server = await startServer()
  try {
    const body = new URLSearchParams({ name: 'beside:1', version: '1', url: 's3://bucket/beside.tar', digest: `sha256:${'b'.repeat(64)}` })
    const reply = await fetch(`${server.url}/api/v0.1/container/add`, { method: 'POST', body })
    if (!reply.ok) throw new Error(`add answered ${reply.status}`)
    const idle = startHeartbeat(server.url + info)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    console.log(`  (container/info p99 before anything is done: ${percentile(await idle.stop(), 0.99).toFixed(0)} ms)`)
    await work(server)
  } finally {
    await server.stop()
  }
}

function say(title: string, { pairs, verdict }: { pairs: Pair[]; verdict: string }): void {
  const middle = (of: (pair: Pair) => number) => median(pairs.map(of))
  const ours = {
    ms: middle(({ ours }) => ours.ms),
    p99Ms: middle(({ ours }) => ours.p99Ms),
    peakMb: Math.max(...pairs.map(({ ours }) => ours.peakMb))
  }
  console.log(`- ${title}: ${verdict}`)
  console.log(`    ours ${seconds(ours.ms)}, the reference ${seconds(middle(({ referenceMs }) => referenceMs))}; ${words(ours)}`)
}

const words = ({ p99Ms, peakMb }: Measured) =>
  `${peakMb} MB of memory at most, goal 250; container/info p99 ${p99Ms.toFixed(0)} ms, goal under 50`
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`
const throughput = (bytes: number, ms: number) => `${Math.round(bytes / 1048.576 / ms)} MB/s`
const shell = (command: string) => run('sh', ['-c', command])
