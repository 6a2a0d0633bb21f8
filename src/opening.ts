import { createHash } from 'node:crypto'
import type { BlobStore } from './blobs/blob-store.ts'
import { createCatalogue, type TarballParts } from './catalogue/catalogue.ts'
import { type CopyOptions, type CopySource, copyCollections } from './catalogue/containers/copying.ts'
import type { Upkeep } from './catalogue/tarballs/tarballs.ts'
import type { Config, Objects } from './config/config.ts'
import { listeningUrl } from './domain/listening.ts'
import { causes, createLog, type Log } from './observability/log.ts'
import { createSources } from './sources/sources.ts'
import type { Stores } from './stores/document-store.ts'

/* The configured stores, and the catalogue over them without a server: what commands use. */

/** The configured store. Only the one that is used is loaded: the other's driver costs 20 MB of memory. */
export async function openStores(config: Config): Promise<Stores> {
  if (config.engine) {
    const { elasticsearchStores } = await import('./stores/elasticsearch/elasticsearch-stores.ts')
    return elasticsearchStores({ engine: config.engine, indices: config.indices })
  }
  const { embeddedStores } = await import('./stores/embedded/embedded-stores.ts')
  const maxPages = config.dataLimit && { maxPages: Math.floor(config.dataLimit / 4096) }
  return embeddedStores({ data: config.data, patienceMs: config.patienceMs, ...maxPages })
}

/** Where tarballs are. The driver of S3 costs 30 MB of memory. */
export async function openBlobs({ objects }: { objects: Objects }): Promise<BlobStore> {
  if (objects.kind === 's3') {
    const { openS3Blobs } = await import('./blobs/s3/s3-blobs.ts')
    return openS3Blobs(objects)
  }
  const { openLocalBlobs } = await import('./blobs/local/local-blobs.ts')
  return openLocalBlobs(objects)
}

export { makeFolder } from './blobs/local/disk.ts'
export { type CopiedCollection, type CopyCount, type CopyOptions, storeSource } from './catalogue/containers/copying.ts'
export type { CopySource }

/** Copies documents between stores; see catalogue/containers/copying.ts. */
export const copyDocuments = (places: { source: CopySource; target: Stores | undefined }, options: Omit<CopyOptions, 'hash' | 'now'>) =>
  copyCollections(places, { ...options, hash: sha256, now: () => new Date() })

/** A replica that died is noticed after so long. */
const leaseMs = 60_000

/** What the catalogue needs for tarballs, serving or not. */
export function tarballParts(config: Config, { blobs, log, port }: { blobs: BlobStore; log: Log; port: () => number }): TarballParts {
  return {
    blobs,
    sources: createSources({ settings: { ...config.verify, mode: config.verify.images } }),
    now: () => new Date(),
    strict: config.strict,
    mode: config.verify.images,
    leaseMs,
    uploadExpiryMs: config.uploadExpiryMs,
    addresses: rememberedAddresses(config, port),
    digestOf,
    // a directory is for one server at a time, and the embedded store sees to it
    aloneSince: config.engine || config.objects.kind !== 'local' ? undefined : new Date(),
    removal: {
      graceMs: config.deleteGraceMs,
      onReleased: (release) => log.info(release, 'a tarball is removed when it is due, unless a container names it then'),
      onRemoved: (removed) => log.info(removed, 'a tarball that no container names was removed'),
      onError: (error, id) => log.error({ id, causes: causes(error) }, 'tarballs that it named stay; fsck finds them')
    },
    // its indices are refreshed every second
    settleMs: config.engine ? 1500 : 0,
    onDeparted: (departed) => log.warn(departed, 'a tarball that these containers name was removed by its path: their images are gone'),
    onMissed: (error, key) =>
      log.error(
        { key, causes: causes(error) },
        'a tarball was put or removed, and whose it is could not be looked for: the sweep will find it'
      )
  }
}

/** Opens the configured stores for maintenance, without a server. The caller prints what a server would log. */
export function withUpkeep<Result>(config: Config, use: (upkeep: Upkeep) => Promise<Result>): Promise<Result> {
  const { log } = createLog({ level: 'silent' })
  return using(openStores(config), async (stores) => {
    await stores.migrate()
    return using(openBlobs(config), (blobs) => {
      const tarballs = tarballParts(config, { blobs, log, port: () => config.port })
      const { onAppendFailed } = failureLog(log)
      return use(createCatalogue(stores, { ...config, hash: sha256, tarballs, onAppendFailed }).upkeep!)
    })
  })
}

/** Uses something that was opened, and closes it afterwards, also on failure. */
export async function using<Opened extends { close(): Promise<void> } | undefined, Result>(
  opening: Promise<Opened> | Opened,
  use: (opened: Opened) => Promise<Result>
): Promise<Result> {
  const opened = await opening
  try {
    return await use(opened)
  } finally {
    await opened?.close()
  }
}

export const failureLog = (log: Log) => ({
  onFailure: (error: unknown, what: string) => log.error({ causes: causes(error) }, what),
  onAppendFailed: (error: unknown, id: string) => log.error({ id, causes: causes(error) }, 'a change is not in the journal yet')
})

/** As long as the bytes are, but no copy of them. */
export async function digestOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of bytes) hash.update(chunk)
  return hash.digest('hex')
}

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** Every registration asks for them, and they change only when the server begins to listen. */
function rememberedAddresses(config: Config, port: () => number): () => readonly string[] {
  let known: { port: number; addresses: readonly string[] } | undefined
  return () => {
    const now = port()
    if (known?.port !== now) known = { port: now, addresses: ownAddresses(config, now) }
    return known.addresses
  }
}

/** The names by which records mean this server, beside that of a request; with http, too: some are older than its certificate. */
function ownAddresses({ publicUrl, tls, ...config }: Config, port: number): string[] {
  const listening = ['127.0.0.1', 'localhost', config.host].map((host) =>
    listeningUrl({ ...config, host, port, secure: tls !== undefined })
  )
  const own = [...(publicUrl ? [publicUrl] : []), ...listening]
  return [...new Set(tls ? own.flatMap((url) => [url, url.replace(/^https:/, 'http:')]) : own)]
}
