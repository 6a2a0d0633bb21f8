import { type Dispatcher, Pool } from 'undici'

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

/** The nodes of an engine, asked in turn. */
export interface EngineNodes {
  /** Asks one node once. Throws when it cannot be reached, breaks off or does not answer in time. */
  send(request: NodeRequest): Promise<NodeAnswer>
  close(): Promise<void>
}

interface EngineNode {
  pool: Pool
  /** What comes before every path, where the engine is behind a proxy; else ''. */
  prefix: string
  /** Of credentials in the node's URL. */
  headers: Record<string, string>
  failures: number
  /** Until then the others are asked first, on the clock of Date.now(). */
  restsUntil: number
}

const connections = 256
const keepAliveMs = 600_000
const firstRestMs = 1000
const longestRestMs = 60_000

/** Opens connections to nodes as they are needed. `tls` are options of node:tls. */
export function nodesOf(urls: readonly string[], tls: object): EngineNodes {
  const nodes = urls.map((url) => nodeAt(new URL(url), tls))
  let turn = 0

  /** The next one that answered last time, else the one that has rested for longest. */
  function next(): EngineNode {
    turn = (turn + 1) % nodes.length
    const now = Date.now()
    const inTurn = [...nodes.slice(turn), ...nodes.slice(0, turn)]
    return inTurn.find(({ restsUntil }) => restsUntil <= now) ?? inTurn.sort((a, b) => a.restsUntil - b.restsUntil)[0]!
  }

  return {
    async send(request) {
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

    async close() {
      await Promise.all(nodes.map(({ pool }) => (pool.closed ? undefined : pool.close())))
    }
  }
}

function nodeAt({ origin, pathname, username, password }: URL, tls: object): EngineNode {
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
  return {
    // the deadline of each request is kept here; timers of the pool's own have the precision of a second
    pool: new Pool(origin, { connections, keepAliveTimeout: keepAliveMs, headersTimeout: 0, bodyTimeout: 0, connect: tls }),
    prefix: pathname.replace(/\/+$/, ''),
    headers: username === '' ? {} : { authorization: `Basic ${credentials}` },
    failures: 0,
    restsUntil: 0
  }
}

/** Lower than `pool.request`, which makes a stream of each answer: that costs more than the rest of a point read. */
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
          // it waited for a connection for so long that nobody waits for it any more
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
