import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type CopiedCollection, type CopySource, openStores, storeSource } from '../../app.ts'
import { type Config, placeConfig } from '../../config/config.ts'
import { readJson } from '../../domain/json/json.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { type Api, type ApiError, misuse, openApi } from './api.ts'

/** Where documents can be copied from, or to. */
export interface Place {
  /** As people may read it. */
  name: string
  kind: 'embedded' | 'engine' | 'mozart'
  /** An embedded store that is to be made. */
  absent: boolean
  config: Config | undefined
  url: string
}

/**
 * A data directory, the URL of an engine, or the URL of a Mozart: what answers there tells which. Settings such as
 * LEPORELLO_ENGINE_USERNAME hold for an engine that is named so.
 */
export async function placeOf(text: string, option: string): Promise<Place> {
  if (!/^https?:\/\//i.test(text)) {
    const data = resolve(text)
    if (existsSync(data) && !statSync(data).isDirectory()) throw misuse(`${option} is ${text}, which is no directory`)
    const config = configFor({ LEPORELLO_STORE: 'embedded', LEPORELLO_DATA: data }, option)
    return { name: data, kind: 'embedded', absent: !existsSync(join(data, 'leporello.db')), config, url: data }
  }
  if (!URL.canParse(text)) throw misuse(`${option} is ${maskSecrets(text)}, which is no URL`)
  const name = maskSecrets(text)
  if (!(await isEngine(text))) return { name, kind: 'mozart', absent: false, config: undefined, url: text }
  const config = configFor({ LEPORELLO_STORE: 'elasticsearch', LEPORELLO_ENGINE_URL: text }, option)
  return { name, kind: 'engine', absent: false, config, url: text }
}

function configFor(overrides: Record<string, string>, option: string): Config {
  const loaded = placeConfig(overrides)
  if ('config' in loaded) return loaded.config
  throw misuse(`${option} cannot be used: ${loaded.problems.join('; ')}`)
}

/** An engine tells its version at its root, or asks for a password. */
async function isEngine(url: string): Promise<boolean> {
  const { pathname } = new URL(url)
  if (pathname !== '/') return false
  const { status, headers, value } = await openApi(url)
    .answer({ path: '/', statuses: [301, 302, 307, 308, 401, 403, 404] })
    .catch((error: ApiError) => {
      // not JSON: a page of whatever serves there
      if (error.status === undefined) throw error
      return { status: error.status, headers: {}, value: undefined }
    })
  const challenge = (headers as { 'www-authenticate'?: string | string[] })['www-authenticate']
  if (status === 401) return /security|elastic|opensearch/i.test(String(challenge))
  return typeof (value as { version?: { number?: unknown } } | undefined)?.version?.number === 'string'
}

export interface OpenPlace {
  source: CopySource
  stores: Awaited<ReturnType<typeof openStores>> | undefined
  close(): Promise<void>
}

/** Opens a place. An embedded store is brought to this program's version; an engine that is only read is left as it is. */
export async function openPlace({ config, kind, url }: Place, { write }: { write: boolean }): Promise<OpenPlace> {
  if (!config) return { source: mozartSource(openApi(url)), stores: undefined, close: async () => {} }
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

/** How many documents of a Mozart are read at once, and held. */
const batchSize = 8

/** Any Mozart, over HTTP: its lists, and then each document by itself. */
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
