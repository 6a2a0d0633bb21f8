import { appLayer, baseLayer } from '../test/support/images.ts'
import { digestOfBytes, imageToPush, indexOf } from '../test/support/oci.ts'
import { type Figures, load, median } from './load.ts'
import { pushBytes, pushManifest } from './oci-pushing.ts'
import type { Server } from './server.ts'

interface Sides {
  ours: Server
  distribution: Server
}

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3)
const seconds = Number(process.env['BENCH_SECONDS'] ?? 6)
/** Other tags than one are in it, so that not everything is in the processor's cache. */
const tags = 100

/** Manifests by tag and by digest, of images for two architectures. */
export async function manifestBenchmarks(sides: Sides): Promise<void> {
  const digests = await pushTags(sides.ours)
  await pushTags(sides.distribution)
  await compare(
    'manifest by tag',
    sides,
    Array.from({ length: tags }, (_, i) => `/v2/bench/hello/manifests/v${i}`)
  )
  await compare(
    'manifest by digest',
    sides,
    digests.map((digest) => `/v2/bench/hello/manifests/${digest}`)
  )
}

/** Returns the digests of the images. */
async function pushTags({ url }: Server): Promise<string[]> {
  const repository = 'bench/hello'
  const digests: string[] = []
  for (let i = 0; i < tags; i++) {
    const images = (['amd64', 'arm64'] as const).map((architecture) => ({
      architecture,
      ...imageToPush({ architecture, layers: [baseLayer(architecture), appLayer(architecture)], config: { Labels: { tag: `v${i}` } } })
    }))
    for (const { blobs, manifest } of images) {
      for (const bytes of blobs) await pushBytes(url, { repository, bytes })
      await pushManifest(url, { repository, reference: digestOfBytes(manifest), bytes: manifest })
      digests.push(digestOfBytes(manifest))
    }
    const bytes = indexOf(images.map(({ manifest, architecture }) => ({ bytes: manifest, architecture })))
    await pushManifest(url, { repository, reference: `v${i}`, bytes })
  }
  return digests
}

async function compare(title: string, { ours, distribution }: Sides, paths: string[]): Promise<void> {
  const asked = ({ url, pid }: Server, seconds: number) => load({ url, script: 'manifest', args: paths, connections: 32, seconds, pid })
  for (const side of [ours, distribution]) await asked(side, 2)
  const pairs: { ours: Figures; theirs: Figures }[] = []
  for (let round = 0; round < rounds; round++) pairs.push({ ours: await asked(ours, seconds), theirs: await asked(distribution, seconds) })
  const middle = (side: 'ours' | 'theirs', name: keyof Figures) => median(pairs.map((pair) => pair[side][name]))
  const words = (side: 'ours' | 'theirs') =>
    `${Math.round(middle(side, 'requestsPerSecond'))} req/s, p50 ${middle(side, 'p50Ms').toFixed(2)} ms, CPU ${middle(side, 'cpuMsPerRequest').toFixed(3)} ms a request`
  const ratio = median(pairs.map(({ ours, theirs }) => ours.requestsPerSecond / theirs.requestsPerSecond))
  console.log(`- ${title}, 32 connections: ${ratio.toFixed(1)} times distribution's throughput`)
  console.log(`    ours         ${words('ours')}`)
  console.log(`    distribution ${words('theirs')}`)
}
