import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { BlobStore } from '../../src/blobs/blob-store.ts'
import { openLocalBlobs } from '../../src/blobs/local/local-blobs.ts'
import { type Catalogue, createCatalogue } from '../../src/catalogue/catalogue.ts'
import { createServer, type ServerOptions } from '../../src/http/server.ts'
import type { Stores } from '../../src/stores/document-store.ts'
import { embeddedStores } from '../../src/stores/embedded/embedded-stores.ts'
import { temporaryDirectory } from '../stores/embedded/directory.ts'
import { watchAnswers } from './described.ts'

export interface Started {
  app: FastifyInstance
  catalogue: Catalogue
  stores: Stores
  /** `http://127.0.0.1:…`, with `listen: true`. */
  url: string
}

export interface Overrides extends Partial<ServerOptions> {
  stores?: Stores
  /** On a free port of the loopback, for what inject() cannot show. */
  listen?: boolean
}

/** A server over an embedded store of its own; both end with the test. What its API answers has to be as openapi.yaml describes it. */
export async function startServer(t: Test, { stores: given, listen = false, ...options }: Overrides = {}): Promise<Started> {
  const stores = given ?? (await openStores(t))
  const catalogue = options.catalogue ?? createCatalogue(stores, { guarded: [], hash: sha256, onAppendFailed })
  const before = async (app: FastifyInstance) => {
    watchAnswers(app, (fault) => t.fail(fault))
    await options.before?.(app)
  }
  const app = await createServer({
    ...{ catalogue, policy: 'open', host: '127.0.0.1', port: 0, prefix: '', trustedProxies: ['127.0.0.1'] },
    ...options,
    before
  })
  t.teardown(() => app.close())
  const url = listen ? await app.listen({ host: '127.0.0.1', port: 0 }) : ''
  return { app, catalogue, stores, url }
}

/** A journal that takes nothing is a fault of the test. */
export const onAppendFailed = (error: unknown): never => {
  throw error
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

export async function openStores(t: Test): Promise<Stores> {
  const stores = await embeddedStores({ data: temporaryDirectory(t), patienceMs: 60_000 })
  t.teardown(() => stores.close())
  await stores.migrate()
  return stores
}

/** A directory of tarballs; a reserve that is larger than the disk makes it a full one. */
export async function openBlobs(t: Test, { reserve = 0 } = {}): Promise<BlobStore> {
  const blobs = await openLocalBlobs({ directory: temporaryDirectory(t), reserve })
  t.teardown(() => blobs.close())
  return blobs
}
