import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, type ClientOptions, Serializer, Transport } from '@elastic/elasticsearch'
import { CatalogueError } from '../../domain/errors.ts'
import { maskSecrets } from '../../domain/secrets.ts'

export interface EngineOptions {
  urls: readonly string[]
  username?: string | undefined
  password?: string | undefined
  apiKey?: string | undefined
  /** A file with the certificates to trust. */
  ca?: string | undefined
  /** Do not check the engine's certificate: HySDS clusters sign their own. */
  insecure: boolean
  /** How long one operation waits and retries, in ms. */
  patienceMs: number
}

export interface EngineRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  path: string
  query?: string
  body?: string
  /** When to give up, on the clock of Date.now(); patienceMs from now unless given. */
  deadline?: number
}

export interface EngineAnswer {
  status: number
  body: string
  /** An attempt before this one may have reached the engine: a conflict can be our own write. */
  repeated: boolean
}

/** Any of the five engines, over HTTP. */
export interface Engine {
  patienceMs: number
  /**
   * Sends, and sends again while the engine is away, busy or recovering, until the deadline. Answers every status that is final;
   * throws store_unavailable otherwise.
   */
  send(request: EngineRequest): Promise<EngineAnswer>
  close(): Promise<void>
}

/** Plain JSON media types and no product check: OpenSearch and older Elasticsearch refuse, or are refused, otherwise. */
class AnyEngineTransport extends Transport {
  constructor(options: ConstructorParameters<typeof Transport>[0]) {
    const { productCheck: _, vendoredHeaders: __, ...rest } = options
    super(rest)
  }
}

/** Answers stay text: parsing would lose the digits and key order of documents. */
class TextSerializer extends Serializer {
  override deserialize<T>(text: string): T {
    return text as T
  }
}

const final = [400, 401, 403, 404, 405, 406, 408, 409, 410, 413, 415, 500, 501, 507]
const passing = [429, 502, 503, 504]
const jsonHeaders = { 'content-type': 'application/json', accept: 'application/json' }
const bulkHeaders = { 'content-type': 'application/x-ndjson', accept: 'application/json' }

export function connect(options: EngineOptions): Engine {
  const client = new Client(clientOptions(options))
  const { patienceMs } = options

  async function attempt({ method, path, query, body }: EngineRequest, timeout: number): Promise<{ status: number; body: string }> {
    const { statusCode, body: text } = await client.transport.request<string>(
      { method, path, ...(query && { querystring: query }), ...(body !== undefined && { body }) },
      {
        meta: true,
        ignore: [...final, ...passing],
        maxRetries: 0,
        requestTimeout: timeout,
        headers: path.endsWith('/_bulk') ? bulkHeaders : jsonHeaders
      }
    )
    return { status: statusCode, body: typeof text === 'string' ? text : '' }
  }

  return {
    patienceMs,

    async send(request) {
      const began = Date.now()
      const deadline = request.deadline ?? began + patienceMs
      let reason: unknown = 'all of it went into waiting for earlier requests'
      let repeated = false
      for (let pause = 25; ; pause = Math.min(pause * 2, 500)) {
        const left = deadline - Date.now()
        if (left <= 0) throw unavailable(reason, deadline - began)
        try {
          const answer = await attempt(request, left)
          if (answer.status === 401 || answer.status === 403) throw denied(answer)
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

    close: () => client.close()
  }
}

/** Returns whether a request that failed may have reached the engine. Without a connection it did not. */
const mayHaveArrived = (error: unknown): boolean =>
  !/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|no living connections/i.test(String(error))

function clientOptions({ urls, username, password, apiKey, ca, insecure }: EngineOptions): ClientOptions {
  const auth = apiKey ? { apiKey } : username ? { username, password: password ?? '' } : undefined
  return {
    nodes: [...urls],
    Transport: AnyEngineTransport,
    Serializer: TextSerializer,
    ...(auth && { auth }),
    ...((ca || insecure) && { tls: { ...(ca && { ca: readFileSync(ca) }), rejectUnauthorized: !insecure } })
  }
}

/**
 * Returns the path of a document. Engines match paths before they decode them, and Elasticsearch 7 still has `/{index}/{type}/_search`, `_bulk`
 * and more of the kind: an underscore in its encoded form keeps an id such as `_search` an id.
 */
export const documentPath = (index: string, id: string): string => `/${index}/_doc/${encodeURIComponent(id).replace(/^_/, '%5F')}`

/** Returns what an engine's error body says, without secrets and cut to a line. */
export function reasonOf(body: string): string {
  let text = body
  try {
    const { error } = JSON.parse(body)
    const cause = error?.root_cause?.[0] ?? error
    text = typeof error === 'string' ? error : `${cause?.type ?? 'error'}: ${cause?.reason ?? body}`
  } catch {
    // not JSON: a proxy in between answered
  }
  return maskSecrets(text.replace(/\s+/g, ' ')).slice(0, 300)
}

/** Credentials that are refused, or a block on the whole index: an operator's matter, and no retry helps. */
function denied({ status, body }: { status: number; body: string }): CatalogueError {
  return new CatalogueError('store_unavailable', `the search engine refused with ${status}: ${reasonOf(body)}`)
}

function unavailable(reason: unknown, waitedMs: number): CatalogueError {
  const words = reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason)
  return new CatalogueError(
    'store_unavailable',
    `the search engine gave no answer within ${waitedMs} ms: ${maskSecrets(words).slice(0, 300)}`,
    {
      cause: reason
    }
  )
}
