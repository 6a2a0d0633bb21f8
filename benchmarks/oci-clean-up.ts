import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLocalBlobs } from '../src/blobs/local/local-blobs.ts'
import { createCatalogue } from '../src/catalogue/catalogue.ts'
import { type KeptDocument, keptName, toKeptDocument } from '../src/domain/oci/documents.ts'
import { digestOf } from '../src/opening.ts'
import { createSources } from '../src/sources/sources.ts'
import type { Stores } from '../src/stores/document-store.ts'
import { embeddedStores } from '../src/stores/embedded/embedded-stores.ts'
import { memoryMb } from './load.ts'

/*
 * The clean-up over 100,000 manifests in a process of its own: `oci-clean-up.js [COUNT]`. First everything is too young to go, then it is
 * due. A tenth is in one repository, the others in repositories of ten.
 */

const count = Number(process.argv[2] ?? 100_000)
const hash = (text: string) => createHash('sha256').update(text).digest('hex')
let time = Date.now()
let filled = 0
const now = () => new Date(time)

const data = await mkdtemp(join(tmpdir(), 'leporello-bench-clean-up-'))
const stores = await embeddedStores({ data, patienceMs: 60_000 })
try {
  await stores.migrate()
  const catalogue = createCatalogue(stores, {
    guarded: [],
    hash,
    tarballs: {
      blobs: await openLocalBlobs({ directory: join(data, 'objects') }),
      sources: createSources({ settings: { mode: 'own', hosts: [], buckets: [], roots: [] } }),
      now,
      strict: false,
      mode: 'own',
      leaseMs: 60_000,
      removal: { graceMs: 60_000, onReleased: () => {}, onRemoved: () => {}, onError: fail },
      digestOf,
      aloneSince: undefined,
      addresses: () => [],
      onDeparted: () => {}
    },
    onAppendFailed: fail
  })
  for (const before of [count / 10, count]) {
    await fill(stores, before)
    await clean(catalogue.oci!, `${before} manifests and as many blobs that stay`)
  }
  time += 8 * 24 * 3_600_000
  await clean(catalogue.oci!, 'the same, all due')
} finally {
  await stores.close()
  await rm(data, { recursive: true, force: true })
}

async function clean(oci: NonNullable<ReturnType<typeof createCatalogue>['oci']>, title: string): Promise<void> {
  globalThis.gc?.()
  const before = memoryMb(process.pid).now
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, memoryMb(process.pid).now)
  }, 100)
  const began = performance.now()
  const swept = await oci.cleanUp({ everyMs: 0, signal: new AbortController().signal })
  clearInterval(timer)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(`- clean-up, ${title}: ${seconds} s, ${before} MB before, ${most} MB at most; removed ${swept?.manifests} manifests`)
}

async function fill({ oci }: Stores, upTo: number): Promise<void> {
  const touched = now().toISOString()
  const put = (one: KeptDocument) => {
    const id = hash(keptName(one))
    return oci.put(id, toKeptDocument(one, id))
  }
  while (filled < upTo) {
    const batch = Array.from({ length: Math.min(500, upTo - filled) }, (_, i) => filled + i)
    await Promise.all(
      batch.map(async (i) => {
        const repository = i % 10 === 0 ? 'large' : `small/r${Math.floor(i / 10)}`
        const digest = `sha256:${hash(`blob ${i}`)}`
        const text = JSON.stringify({ schemaVersion: 2, config: { digest, size: 1 }, layers: [{ digest, size: 1 }] })
        const name = `sha256:${hash(text)}`
        const mediaType = 'application/vnd.oci.image.manifest.v1+json'
        await put({ kind: 'manifest', repository, name, mediaType, text, pushed: touched, touched })
        await put({ kind: 'blob', repository, name: digest, size: 1, touched })
      })
    )
    filled += batch.length
  }
}

function fail(error: unknown): never {
  throw error
}
