import type { Test } from 'tap'
import type { Stores } from '../../src/stores/document-store.ts'
import type { Opened } from '../stores/contract.ts'
import { openStores } from './start-server.ts'
import { startWithTarballs, type TarballOptions, type WithTarballs } from './tarballs.ts'

/** An embedded store that ends with the test. */
export const openEmbedded = async (t: Test): Promise<Opened> => ({ stores: await openStores(t), settle: async () => {} })

/** A server whose clock the test moves, and one container on it. */
export interface Site extends WithTarballs {
  /** Moves the clock ahead. */
  later(minutes: number): void
}

export async function startSite(t: Test, options: TarballOptions & { stores: Stores }): Promise<Site> {
  let at = Date.parse('2026-01-02T03:00:00Z')
  const started = await startWithTarballs(t, { now: () => new Date(at), ...options })
  return {
    ...started,
    later(minutes) {
      at += minutes * 60_000
    }
  }
}

export interface Answer {
  status: number
  headers: Record<string, unknown>
  text: string
  // whatever the API answers: a test says what it expects of it
  body: any
}

/** One container of a server, through the front door. */
export function containerOn({ app }: Pick<WithTarballs, 'app'>, id: string) {
  const base = `/api/v1/containers/${encodeURIComponent(id)}`
  async function ask(
    method: 'GET' | 'PUT' | 'DELETE' | 'POST',
    path: string,
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {}
  ): Promise<Answer> {
    const payload = typeof body === 'string' || Buffer.isBuffer(body) ? body : body === undefined ? undefined : JSON.stringify(body)
    const type = typeof body === 'object' && !Buffer.isBuffer(body) ? { 'content-type': 'application/json' } : {}
    const reply = await app.inject({
      method,
      url: `${base}${path}`,
      headers: { ...type, ...headers },
      ...(payload !== undefined && { payload })
    })
    const json = /json/.test(String(reply.headers['content-type'])) ? reply.json() : undefined
    return { status: reply.statusCode, headers: reply.headers, text: reply.body, body: json }
  }
  return {
    ask,
    get: (path = '') => ask('GET', path),
    put: (path: string, body: unknown, headers?: Record<string, string>) => ask('PUT', path, { body, ...(headers && { headers }) }),
    /** An image by its URL. */
    image: (architecture: string, url = `s3://b/${encodeURIComponent(id)}-${architecture}.tar`, more: object = {}) =>
      ask('PUT', `/images/${architecture.replace('/', '%2F')}`, { body: { url, digest: 'sha256:d', ...more } }),
    upload: (architecture: string, tarball: Buffer, query = '') =>
      ask('PUT', `/images/${architecture}${query}`, { body: tarball, headers: { 'content-type': 'application/octet-stream' } }),
    /** A job's word about one architecture. */
    build: (architecture: string, word: object) => ask('PUT', `/builds/${architecture}`, { body: word }),
    test: (architecture: string, word: object) => ask('PUT', `/tests/${architecture}`, { body: word })
  }
}
