import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDistribution } from '../test/support/distribution.ts'
import { writeBigImage, writeBigLayer } from './big-image.ts'
import { cpuMs, median, memoryMb, run } from './load.ts'
import { type FileToPush, pushImage } from './oci-pushing.ts'
import { type Server, startServer } from './server.ts'

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3)
const gigabytes = Number(process.env['BENCH_GB'] ?? 1)

/** Layers of a gigabyte, pushed and pulled, and tarballs of which clients pull the layers; each beside its reference in the same minute. */
export async function blobBenchmarks(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'leporello-bench-oci-'))
  const file = (name: string) => join(folder, name)
  try {
    console.log(`Layers of ${gigabytes} GB, ${rounds} rounds, medians`)
    const layer = { file: file('layer.tar'), ...(await writeBigLayer(file('layer.tar'), gigabytes * 1024)) }
    await withBoth(async (sides) => {
      await pushed(sides, layer)
      await pulled(sides, layer)
      await handedOut(sides.ours, { layer, to: file('copy') })
    })
    await withServer(async (ours) => fourAtOnce(ours, layer))
    await rm(layer.file)
    await writeBigImage(file('plain.tar'), { megabytes: gigabytes * 1024 })
    await shell(`gzip -1 -c ${file('plain.tar')} > ${file('packed.tar.gz')}`)
    await unpacked({ plain: file('plain.tar'), packed: file('packed.tar.gz') })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Sides {
  ours: Server
  distribution: Server
}

async function pushed({ ours, distribution }: Sides, layer: FileToPush): Promise<void> {
  const pairs: { ours: number; theirs: number; sum: number }[] = []
  for (let round = 0; round < rounds; round++) {
    const repository = `pushed/r${round}`
    const sum = await timed(() => shell(`sha256sum ${layer.file}`))
    pairs.push({
      ours: await timed(() => pushImage(ours, { repository, layer })),
      theirs: await timed(() => pushImage(distribution, { repository, layer })),
      sum
    })
  }
  const ratio = median(pairs.map(({ ours, sum }) => sum / ours))
  console.log(`- push with digest and inspection: ${ratio.toFixed(2)} of the throughput of sha256sum, goal 0.5`)
  const middle = (name: 'ours' | 'theirs' | 'sum') => seconds(median(pairs.map((pair) => pair[name])))
  console.log(`    ours ${middle('ours')}, distribution, which inspects nothing, ${middle('theirs')}, sha256sum ${middle('sum')}`)
}

async function pulled({ ours, distribution }: Sides, { digest }: FileToPush): Promise<void> {
  const cpu = async ({ url, pid }: Server) => {
    const before = cpuMs(pid)
    const ms = await timed(() => pull(url, `pushed/r0/blobs/${digest}`))
    return { cpu: cpuMs(pid) - before, ms }
  }
  const pairs: Record<'ours' | 'theirs', { cpu: number; ms: number }>[] = []
  for (let round = 0; round < rounds; round++) pairs.push({ ours: await cpu(ours), theirs: await cpu(distribution) })
  const ratio = median(pairs.map(({ ours, theirs }) => ours.cpu / theirs.cpu))
  const words = (side: 'ours' | 'theirs') =>
    `${seconds(median(pairs.map((pair) => pair[side].cpu)))} of CPU, ${seconds(median(pairs.map((pair) => pair[side].ms)))}`
  console.log(
    `- pull of a blob: ${ratio.toFixed(2)} times distribution's CPU, goal at most 2 (${words('ours')}, against ${words('theirs')})`
  )
}

async function handedOut(ours: Server, { layer, to }: { layer: FileToPush; to: string }): Promise<void> {
  const image = (await (await fetch(`${ours.url}/api/v1/containers/pushed%2Fr0%3Av1/images/amd64`)).json()) as { url: string }
  const path = new URL(image.url).pathname
  const into = async (...command: [string, ...string[]]) => {
    await rm(to, { force: true })
    await run(command[0], command.slice(1))
  }
  const ratios: number[] = []
  for (let round = 0; round < rounds; round++) {
    const copying = await timed(() => into('cp', '--reflink=never', layer.file, to))
    ratios.push(copying / (await timed(() => into('curl', '-sSf', '-o', to, ours.url + path))))
  }
  console.log(`- the virtual docker-archive through curl into a file: ${median(ratios).toFixed(2)} of the throughput of cp, goal 0.5`)
}

async function fourAtOnce(ours: Server, layer: FileToPush): Promise<void> {
  await pushImage(ours, { repository: 'four', layer })
  await run('sh', ['-c', `echo 5 > /proc/${ours.pid}/clear_refs`])
  await Promise.all([1, 2, 3, 4].map(() => pull(ours.url, `four/blobs/${layer.digest}`)))
  console.log(`- four pulls at once: ${memoryMb(ours.pid).peak} MB of memory at most, goal under 250`)
}

interface Unpacked {
  firstByte: number
  first: number
  second: number
  plain: number
  gzip: number
}

/** On a server of its own each time, because what was unpacked once stays. */
async function unpacked({ plain, packed }: { plain: string; packed: string }): Promise<void> {
  const all: Unpacked[] = []
  for (let round = 0; round < rounds; round++) {
    await withServer(async (ours) => {
      const gzip = await timed(() => shell(`gzip -dc ${packed} > /dev/null`))
      const paths = await layersOf(ours, { id: 'packed', file: packed })
      let firstByte = 0
      const first = await timed(async () => {
        const [said] = await Promise.all(paths.map((path) => pull(ours.url, path)))
        firstByte = Number(said) * 1000
      })
      const again = (paths: string[]) => timed(() => Promise.all(paths.map((path) => pull(ours.url, path))))
      const second = await again(paths)
      all.push({ firstByte, first, second, plain: await again(await layersOf(ours, { id: 'plain', file: plain })), gzip })
    })
  }
  const ratio = (of: keyof Unpacked, to: keyof Unpacked) => median(all.map((one) => one[of] / one[to])).toFixed(2)
  const middle = (of: keyof Unpacked) => seconds(median(all.map((one) => one[of])))
  console.log(`- first pull of a gzip tarball, against gzip -dc (${middle('gzip')})`)
  console.log(`    first byte of the first layer after ${middle('firstByte')}: ${ratio('firstByte', 'gzip')} of its time, goal at most 1.5`)
  console.log(`    all layers after ${middle('first')}: ${ratio('first', 'gzip')} of its time`)
  console.log(`    second pull ${middle('second')}: ${ratio('second', 'plain')} times that of a plain tarball, goal 1`)
}

/** Uploads a tarball and returns the paths of its layers below /v2/. */
async function layersOf({ url }: Server, { id, file }: { id: string; file: string }): Promise<string[]> {
  await run('curl', ['-sSf', '-o', '/dev/null', '-T', file, `${url}/api/v1/containers/${id}%3Av1/images/amd64`])
  const manifest = async (reference: string) => (await fetch(`${url}/v2/${id}/manifests/${reference}`)).json()
  const { manifests } = (await manifest('v1')) as { manifests: { digest: string }[] }
  const { layers } = (await manifest(manifests[0]!.digest)) as { layers: { digest: string }[] }
  return layers.map(({ digest }) => `${id}/blobs/${digest}`)
}

/** Returns the seconds to the first byte. */
const pull = (url: string, path: string) => run('curl', ['-sSf', '-o', '/dev/null', '-w', '%{time_starttransfer}', `${url}/v2/${path}`])

async function withServer(work: (ours: Server) => Promise<void>): Promise<void> {
  const ours = await startServer()
  try {
    await work(ours)
  } finally {
    await ours.stop()
  }
}

const withBoth = (work: (sides: Sides) => Promise<void>): Promise<void> =>
  withServer(async (ours) => {
    const distribution = await startDistribution()
    try {
      await work({ ours, distribution })
    } finally {
      await distribution.stop()
    }
  })

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`
const shell = (command: string) => run('sh', ['-c', command])
