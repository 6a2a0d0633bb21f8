import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { CatalogueError } from '../../domain/errors.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { type NodeAnswer, type NodeRequest, nodesOf } from './engine-nodes.ts'

export interface EngineOptions {
  urls: readonly string[]
  username?: string | undefined
  password?: string | undefined
  apiKey?: string | undefined
  /** A file with the certificates to trust. */
  ca?: string | undefined
  /** Skips the check of the engine's certificate: HySDS clusters use self-signed certificates. */
  insecure: boolean
  /** How long one operation waits and retries, in ms. */
  patienceMs: number
}

export interface EngineRequest extends Pick<NodeRequest, 'method' | 'path' | 'body'> {
  query?: string
  /** When to give up, on the clock of Date.now(); patienceMs from now unless given. */
  deadline?: number
}

interface EngineAnswer extends NodeAnswer {
  /** An earlier attempt may have reached the engine, so a conflict can be caused by our own write. */
  repeated: boolean
}

/** A search engine over HTTP: any of the five that are supported. */
export interface Engine {
  patienceMs: number
  /** Retries until the deadline while the engine is away, busy or recovering. Returns any final answer; otherwise throws store_unavailable. */
  send(request: EngineRequest): Promise<EngineAnswer>
  close(): Promise<void>
}

const passing = [429, 502, 503, 504]

export function connect(options: EngineOptions): Engine {
  const { patienceMs } = options
  const headers = { ...authorization(options), accept: 'application/json' }
  const nodes = nodesOf(options.urls, tlsOptions(options))

  function attempt({ method, path, query, body }: EngineRequest, timeoutMs: number): Promise<NodeAnswer> {
    const request: NodeRequest = { method, path: query ? `${path}?${query}` : path, headers, timeoutMs }
    if (body === undefined) return nodes.send(request)
    const type = path.endsWith('/_bulk') ? 'application/x-ndjson' : 'application/json'
    return nodes.send({ ...request, body, headers: { ...headers, 'content-type': type } })
  }

  return {
    patienceMs,

    async send(request) {
      const began = Date.now()
      const deadline = request.deadline ?? began + patienceMs
      let reason: unknown = 'the whole time was spent waiting for earlier requests'
      let repeated = false
      for (let pause = 25; ; pause = Math.min(pause * 2, 500)) {
        const left = deadline - Date.now()
        if (left <= 0) throw unavailable(reason, deadline - began)
        try {
          const answer = await attempt(request, left)
          // refused credentials, or a block on the whole index: an operator must act, and retries do not help
          if (answer.status === 401 || answer.status === 403) throw engineFault(`the search engine refused with ${answer.status}`, answer)
          if (!passing.includes(answer.status)) return { ...answer, repeated }
          reason = `it answered ${answer.status}: ${reasonOf(answer.body)}`
          repeated ||= answer.status !== 429
        } catch (error) {
          if (error instanceof CatalogueError) throw error
          reason = error
          repeated ||= mayHaveArrived(error)
        }
        await sleep(Math.min(pause * (0.5 + Math.random()), Math.max(deadline - Date.now(), 1)))
      }
    },

    close: () => nodes.close()
  }
}

/** Returns whether a failed request may have reached the engine. Without a connection it cannot have. */
const mayHaveArrived = (error: unknown): boolean =>
  !/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT/.test(
    `${(error as { code?: unknown }).code} ${error}`
  )

function authorization({ username, password = '', apiKey }: EngineOptions): { authorization?: string } {
  if (apiKey) return { authorization: `ApiKey ${apiKey}` }
  return username ? { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` } : {}
}

const tlsOptions = ({ ca, insecure }: EngineOptions) => ({ ...(ca && { ca: readFileSync(ca) }), rejectUnauthorized: !insecure })

/**
 * Returns the path of a document. Engines match paths before they decode them, and Elasticsearch 7 still has `/{index}/{type}/_search`,
 * `_bulk` and similar paths. Encoding a leading underscore keeps an id such as `_search` an id.
 */
export const documentPath = (index: string, id: string): string => `/${index}/_doc/${encodeURIComponent(id).replace(/^_/, '%5F')}`

/** Returns the reason in an engine's error body, without secrets and cut to one line. */
export function reasonOf(body: string): string {
  let text = body
  try {
    const { error } = JSON.parse(body)
    const cause = error?.root_cause?.[0] ?? error
    text = typeof error === 'string' ? error : `${cause?.type ?? 'error'}: ${cause?.reason ?? body}`
  } catch {
    // not JSON: a proxy in between sent the answer
  }
  return maskSecrets(text.replace(/\s+/g, ' ')).slice(0, 300)
}

/** Returns the error for an answer that an engine should not give; `failure` says what it did not do. */
export const engineFault = (failure: string, { body }: { body: string }): CatalogueError =>
  new CatalogueError('store_unavailable', `${failure}: ${reasonOf(body)}`)

function unavailable(reason: unknown, waitedMs: number): CatalogueError {
  const why = maskSecrets(reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason)).slice(0, 300)
  return new CatalogueError('store_unavailable', `the search engine gave no answer within ${waitedMs} ms: ${why}`, { cause: reason })
}
