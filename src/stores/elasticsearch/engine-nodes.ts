import { type Dispatcher, Pool } from 'undici'
import { basic } from '../../domain/credentials.ts'

export interface NodeRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  path: string
  headers: Record<string, string>
  body?: string
  /** How long the whole answer may take. */
  timeoutMs: number
}

export interface NodeAnswer {
  status: number
  body: string
}

interface EngineNode {
  pool: Pool
  /** The prefix of every path where the engine is behind a proxy; '' otherwise. */
  prefix: string
  /** Headers made from the credentials in the node's URL. */
  headers: Record<string, string>
  failures: number
  /** Until then (on the clock of Date.now()) the other nodes are preferred. */
  restsUntil: number
}

const connections = 256
const keepAliveMs = 600_000
const firstRestMs = 1000
const longestRestMs = 60_000

/** Returns the nodes of an engine, which are used in turn. Connections are opened as they are needed. `tls` holds options of node:tls. */
export function nodesOf(urls: readonly string[], tls: object) {
  const nodes = urls.map((url) => nodeAt(new URL(url), tls))
  let turn = 0

  /** Returns the next node whose last request succeeded; if there is none, the node that has rested longest. */
  function next(): EngineNode {
    turn = (turn + 1) % nodes.length
    const now = Date.now()
    const inTurn = [...nodes.slice(turn), ...nodes.slice(0, turn)]
    return inTurn.find(({ restsUntil }) => restsUntil <= now) ?? inTurn.sort((a, b) => a.restsUntil - b.restsUntil)[0]!
  }

  return {
    /** Sends the request to one node once. Throws when the node cannot be reached, breaks the connection or does not answer in time. */
    async send(request: NodeRequest): Promise<NodeAnswer> {
      const node = nodes.length === 1 ? nodes[0]! : next()
      try {
        const answer = await exchange(node, request)
        node.failures = 0
        return answer
      } catch (error) {
        node.restsUntil = Date.now() + Math.min(firstRestMs * 2 ** node.failures, longestRestMs)
        node.failures++
        throw error
      }
    },

    async close(): Promise<void> {
      await Promise.all(nodes.map(({ pool }) => (pool.closed ? undefined : pool.close())))
    }
  }
}

function nodeAt({ origin, pathname, username, password }: URL, tls: object): EngineNode {
  return {
    // each request enforces its own deadline here: the pool's timers are only precise to a second
    pool: new Pool(origin, { connections, keepAliveTimeout: keepAliveMs, headersTimeout: 0, bodyTimeout: 0, connect: tls }),
    prefix: pathname.replace(/\/+$/, ''),
    headers: username === '' ? {} : { authorization: basic(username, password) },
    failures: 0,
    restsUntil: 0
  }
}

/** Uses a lower level than `pool.request`, which makes a stream of each answer: that costs more than the rest of a point read. */
function exchange({ pool, prefix, headers }: EngineNode, request: NodeRequest): Promise<NodeAnswer> {
  const { method, path, body = null, timeoutMs } = request
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let status = 0
    let controller: Dispatcher.DispatchController | undefined
    let late: Error | undefined
    const timer = setTimeout(() => {
      late = new Error(`no answer within ${Math.round(timeoutMs)} ms`)
      controller?.abort(late)
      reject(late)
    }, timeoutMs)
    const fail = (error: Error) => {
      clearTimeout(timer)
      reject(error)
    }
    pool.dispatch(
      { method, path: `${prefix}${path}`, headers: { ...headers, ...request.headers }, body },
      {
        onRequestStart(started) {
          controller = started
          // it waited so long for a connection that its caller has given up
          if (late) started.abort(late)
        },
        onResponseStart(_, statusCode) {
          status = statusCode
        },
        onResponseData(_, chunk) {
          chunks.push(chunk)
        },
        onResponseEnd() {
          clearTimeout(timer)
          resolve({ status, body: (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString() })
        },
        onResponseError: (_, error) => fail(error)
      }
    )
  })
}
