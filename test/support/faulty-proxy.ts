import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * What happens to a request on its way: `cut` never reaches the engine, `lost` does, but its answer never comes back; `torn` breaks the
 * answer off in its middle; `busy` is the engine's 429, `away` a 503; a number delays by so many milliseconds.
 */
export type Weather = 'fair' | 'cut' | 'lost' | 'torn' | 'busy' | 'away' | number

/** Stands between us and an engine, and does to requests what networks and overloaded engines do. */
export async function startFaultyProxy(engine: { url: string }): Promise<{ url: string; weather: Weather; stop(): Promise<void> }> {
  const target = new URL(engine.url)
  const state = { weather: 'fair' as Weather }
  const agent = new Agent({ keepAlive: true })

  const server = createServer((incoming, outgoing) => {
    const { weather } = state
    if (weather === 'cut') incoming.socket.destroy()
    else if (weather === 'busy') refuse(outgoing, 429)
    else if (weather === 'away') refuse(outgoing, 503)
    else if (typeof weather === 'number') setTimeout(() => forward(incoming, { outgoing, target, agent, answer: 'whole' }), weather)
    else forward(incoming, { outgoing, target, agent, answer: weather === 'lost' || weather === 'torn' ? weather : 'whole' })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      agent.destroy()
    }
  })
}

interface Upstream {
  outgoing: ServerResponse
  target: URL
  agent: Agent
  answer: 'whole' | 'lost' | 'torn'
}

function forward(incoming: IncomingMessage, { outgoing, target, agent, answer: fate }: Upstream): void {
  // A client that gave up while it was delayed leaves a request without its body, which the engine would wait for.
  if (outgoing.destroyed) return
  const upstream = request(
    { agent, host: target.hostname, port: target.port, method: incoming.method, path: incoming.url, headers: incoming.headers },
    (answer) => {
      if (fate === 'torn') tear(answer, outgoing)
      else if (fate === 'lost') answer.resume().once('end', () => incoming.socket.destroy())
      else answer.pipe(outgoing.writeHead(answer.statusCode!, answer.headers))
    }
  )
  upstream.once('error', () => incoming.socket.destroy())
  // A client that gives up leaves an answer that nobody reads, and its connection would keep this process alive.
  outgoing.once('close', () => upstream.destroy())
  incoming.pipe(upstream)
}

/** Sends half of what the answer has, and no more. */
async function tear(answer: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  outgoing.writeHead(answer.statusCode!, { ...answer.headers, 'content-length': body.length + 1 })
  outgoing.write(body.subarray(0, body.length >> 1), () => outgoing.destroy())
}

function refuse(outgoing: ServerResponse, status: number): void {
  const error = { type: 'es_rejected_execution_exception', reason: 'rejected execution of coordinating operation' }
  outgoing.writeHead(status, { 'content-type': 'application/json' })
  outgoing.end(JSON.stringify({ error: { root_cause: [error], ...error }, status }))
}
