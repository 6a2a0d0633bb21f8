import { gzipSync } from 'node:zlib'
import type { Test } from 'tap'
import type { BlobStore } from '../../src/blobs/blob-store.ts'
import { createCatalogue } from '../../src/catalogue/catalogue.ts'
import type { EventBounds } from '../../src/catalogue/history/events.ts'
import { parseArchitecture } from '../../src/domain/architecture.ts'
import type { Rule } from '../../src/domain/build/rules.ts'
import type { Release } from '../../src/domain/image/task.ts'
import { type Inspect, inspectImage } from '../../src/images/inspect-image.ts'
import { digestOf } from '../../src/opening.ts'
import { createSources } from '../../src/sources/sources.ts'
import { newDockerSave, type TestImage } from './images.ts'
import { type Overrides, onAppendFailed, openBlobs, openStores, type Started, sha256, startServer } from './start-server.ts'
import { tar } from './tar.ts'

/** A gzipped tarball as `docker save | gzip` makes it. */
export const tarball = (image: TestImage = {}): Buffer => gzipSync(tar(newDockerSave(image)))

export interface WithTarballs extends Started {
  blobs: BlobStore
  /** What the log would say of removals. */
  said: { released?: string; removed?: string; error?: unknown }[]
  /** What the log would say of tarballs that were removed by their paths. */
  departed: { key: string; containers: string[] }[]
  /** Every key in the store, and whatever was left behind beside them. */
  everything(): Promise<string[]>
}

export interface TarballOptions extends Overrides {
  strict?: boolean
  mode?: 'off' | 'own' | 'all'
  /** The server's default. */
  expected?: readonly string[]
  rules?: readonly Rule[]
  fillSpecs?: boolean
  appendGraceMs?: number
  onAppendFailed?: (error: unknown) => void
  onFailure?: (error: unknown, what: string) => void
  add?: 'replace' | 'merge'
  /** Bytes of the disk that must stay free; more than it has make it a full one. */
  reserve?: number
  now?: () => Date
  uploadExpiryMs?: number
  /** How long a task stays with a replica that shows no sign of life. */
  leaseMs?: number
  /** How long a tarball that nobody names any more stays. */
  graceMs?: number
  eventBounds?: Partial<EventBounds>
  aloneSince?: Date | undefined
  /** LEPORELLO_OCI_TAGS=as-pushed. */
  asPushed?: boolean
  /** How tarballs are read; default: as in a server. */
  inspect?: Inspect
}

/** A server that keeps tarballs in a directory of its own, and looks nowhere else. */
export async function startWithTarballs(
  t: Test,
  {
    strict = false,
    mode = 'own',
    reserve = 0,
    now = () => new Date('2026-01-02T03:04:05Z'),
    uploadExpiryMs = 86_400_000,
    leaseMs = 60_000,
    expected = [],
    rules = [],
    fillSpecs = false,
    graceMs = 60_000,
    add = 'replace',
    eventBounds,
    aloneSince = undefined,
    appendGraceMs = 5000,
    asPushed = false,
    inspect = inspectImage,
    ...options
  }: TarballOptions = {}
): Promise<WithTarballs> {
  const stores = options.stores ?? (await openStores(t))
  const blobs = options.blobs ?? (await openBlobs(t, { reserve }))
  const sources = createSources({ settings: { mode: 'own', hosts: [], buckets: [], roots: [] } })
  const said: WithTarballs['said'] = []
  const departed: WithTarballs['departed'] = []
  const removal = {
    graceMs,
    onReleased: ({ key }: Release) => void said.push({ released: key }),
    onRemoved: ({ key }: { key: string }) => void said.push({ removed: key }),
    onError: (error: unknown) => void said.push({ error })
  }
  const catalogue = createCatalogue(stores, {
    guarded: [],
    expected: expected.map(parseArchitecture),
    rules,
    fillSpecs,
    add,
    hash: sha256,
    tarballs: {
      blobs,
      sources,
      inspect,
      now,
      strict,
      mode,
      leaseMs,
      uploadExpiryMs,
      removal,
      digestOf,
      aloneSince,
      addresses: () => ['http://127.0.0.1:0'],
      onDeparted: (one) => void departed.push(one)
    },
    onAppendFailed: options.onAppendFailed ?? onAppendFailed,
    ...(options.onFailure && { onFailure: options.onFailure }),
    appendGraceMs,
    oci: { asPushed },
    eventBounds
  })
  t.teardown(() => catalogue.summaries.stop())
  const started = await startServer(t, { ...options, stores, catalogue, blobs })
  return {
    ...started,
    blobs,
    said,
    departed,
    async everything() {
      const found: string[] = []
      for await (const { name } of blobs.leftovers({ before: new Date(Date.now() + 60_000) })) found.push(name)
      const { items } = await blobs.list({ limit: 1000 })
      return [...items.map(({ key }) => key), ...found]
    }
  }
}
