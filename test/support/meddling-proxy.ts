import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** What becomes of a request: nothing if undefined. */
export interface Meddling {
  /** It is answered so, and goes no further. */
  status?: number
  /** Laid over the headers of the answer. */
  headers?: Record<string, string>
  /** In place of the answer's own body. */
  body?: Buffer
  /** The connection breaks when so much of the request's body was passed on. */
  cutRequestAfter?: number
  /** The connection breaks when so much of the answer's body was passed back. */
  cutAnswerAfter?: number
}

export interface MeddlingProxy {
  url: string
  host: string
  /** What was asked, as `GET /v2/`. */
  asked: string[]
}

/** Stands before a server until the end of the test, and does to each request what `meddle` says. */
export async function startMeddlingProxy(
  t: Test,
  { target, meddle }: { target: string; meddle(request: IncomingMessage): Meddling | undefined }
): Promise<MeddlingProxy> {
  const asked: string[] = []
  const server = createServer((incoming, outgoing) => {
    asked.push(`${incoming.method} ${incoming.url}`)
    const meddling = meddle(incoming) ?? {}
    const { status, headers, body } = meddling
    if (status === undefined) return pass(incoming, { outgoing, target, meddling })
    incoming.resume().once('end', () => outgoing.writeHead(status, headers).end(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { host, url: `http://${host}`, asked }
}

interface Passing {
  outgoing: ServerResponse
  target: string
  meddling: Meddling
}

function pass(incoming: IncomingMessage, { outgoing, target, meddling }: Passing): void {
  const { headers, body, cutRequestAfter, cutAnswerAfter } = meddling
  const { method, url } = incoming
  const upstream = request(target + url, { method, headers: incoming.headers, agent: false }, (answer) => {
    outgoing.writeHead(answer.statusCode!, { ...answer.headers, ...headers })
    if (body) answer.resume().once('end', () => outgoing.end(body))
    else cutting(answer, { after: cutAnswerAfter, cut: () => outgoing.destroy() }).pipe(outgoing)
  })
  upstream.on('error', () => outgoing.destroy())
  outgoing.on('close', () => upstream.destroy())
  const cut = () => {
    upstream.destroy()
    incoming.socket.destroy()
  }
  cutting(incoming, { after: cutRequestAfter, cut }).pipe(upstream)
}

function cutting(message: IncomingMessage, { after, cut }: { after: number | undefined; cut(): void }): IncomingMessage {
  if (after === undefined) return message
  let passed = 0
  return message.on('data', (chunk: Buffer) => {
    passed += chunk.length
    if (passed >= after) setImmediate(cut)
  })
}
