import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Config, placeConfig } from '../../config/config.ts'
import { readJson } from '../../domain/json/json.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { type CopiedCollection, type CopySource, openStores, storeSource } from '../../opening.ts'
import { misuse } from '../terminal/terminal.ts'
import { type Api, type ApiError, openApi } from './api.ts'
import type { Trust } from './http-client.ts'

/** A store, or a Mozart, that documents are copied from or to. */
export interface CopyPlace {
  /** Without secrets. */
  name: string
  kind: 'embedded' | 'engine' | 'mozart'
  /** An embedded store that does not exist yet. */
  absent: boolean
  /** Undefined for a Mozart. */
  config: Config | undefined
  url: string
  trust: Trust
}

/** Finds out what a place is: a data directory, or the URL of an engine (with settings such as LEPORELLO_ENGINE_CA) or of a Mozart. */
export async function placeOf(text: string, option: string): Promise<CopyPlace> {
  if (!/^https?:\/\//i.test(text)) {
    const data = resolve(text)
    if (existsSync(data) && !statSync(data).isDirectory()) throw misuse(`${option} is ${text}, which is not a directory`)
    const config = configFor({ LEPORELLO_STORE: 'embedded', LEPORELLO_DATA: data }, option)
    return { name: data, kind: 'embedded', absent: !existsSync(join(data, 'leporello.db')), config, url: data, trust: {} }
  }
  if (!URL.canParse(text)) throw misuse(`${option} is ${maskSecrets(text)}, which is not a URL`)
  const name = maskSecrets(text)
  const engine = { LEPORELLO_STORE: 'elasticsearch', LEPORELLO_ENGINE_URL: text }
  const loaded = placeConfig(engine)
  const trust =
    'config' in loaded ? { ca: loaded.config.engine?.ca ?? loaded.config.client.ca, insecure: loaded.config.engine?.insecure } : {}
  const kind = (await isEngine(text, trust)) ? 'engine' : 'mozart'
  return { name, kind, absent: false, config: kind === 'engine' ? configFor(engine, option) : undefined, url: text, trust }
}

function configFor(overrides: Record<string, string>, option: string): Config {
  const loaded = placeConfig(overrides)
  if ('config' in loaded) return loaded.config
  throw misuse(`${option} cannot be used: ${loaded.problems.join('; ')}`)
}

/** An engine tells its version at its root, or asks for a password. */
async function isEngine(url: string, trust: Trust): Promise<boolean> {
  const { pathname } = new URL(url)
  if (pathname !== '/') return false
  const { status, headers, value } = await openApi(url, { trust })
    .answer({ path: '/', statuses: [301, 302, 307, 308, 401, 403, 404] })
    .catch((error: ApiError) => {
      // an answer that is not JSON is some server's web page
      if (error.status === undefined) throw error
      return { status: error.status, headers: {}, value: undefined }
    })
  const challenge = (headers as { 'www-authenticate'?: string | string[] })['www-authenticate']
  if (status === 401) return /security|elastic|opensearch/i.test(String(challenge))
  return typeof (value as { version?: { number?: unknown } } | undefined)?.version?.number === 'string'
}

export type OpenPlace = Awaited<ReturnType<typeof openPlace>>

/** Opens a place. Migrates an embedded store, and an engine that is written to; an engine that is only read stays as it is. */
export async function openPlace({ config, kind, url, trust }: CopyPlace, { write }: { write: boolean }) {
  if (!config) return { source: mozartSource(openApi(url, { trust })), stores: undefined, close: async () => {} }
  const stores = await openStores(config)
  try {
    if (write || kind === 'embedded') await stores.migrate()
  } catch (error) {
    await stores.close()
    throw error
  }
  return { source: storeSource(stores), stores, close: () => stores.close() }
}

const mozartPaths: Partial<Record<CopiedCollection, { list: string; read: string }>> = {
  containers: { list: '/api/v0.1/container/list', read: '/api/v0.1/container/info' },
  jobSpecs: { list: '/api/v0.1/job_spec/list', read: '/api/v0.1/job_spec/type' },
  hysdsIos: { list: '/api/v0.1/hysds_io/list', read: '/api/v0.1/hysds_io/type' }
}

/** How many documents of a Mozart are read at once. */
const batchSize = 8

/** Reads any Mozart over HTTP: its lists, then each document. */
const mozartSource =
  (api: Api): CopySource =>
  (collection) => {
    const paths = mozartPaths[collection]
    return paths && mozartDocuments(api, paths)
  }

async function* mozartDocuments(api: Api, { list, read }: { list: string; read: string }) {
  const { result: ids } = await api.ask<{ result: string[] }>({ path: list, timeoutMs: 120_000 })
  for (let at = 0; at < ids.length; at += batchSize) {
    const batch = ids.slice(at, at + batchSize).map(async (id) => {
      const { status, text } = await api.answer({ path: read, query: { id }, statuses: [404], timeoutMs: 120_000 })
      const document = status === 404 ? undefined : readJson(text).members.get('result')
      // removed since the list was made
      return document === undefined || document === 'null' ? [] : [{ id, document }]
    })
    yield (await Promise.all(batch)).flat()
  }
}
