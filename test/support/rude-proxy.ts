import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What becomes of a request: passed on, answered 503 SlowDown, or passed on and its answer lost. */
export type Manner = 'pass' | 'slow down' | 'lose the answer'

/** Stands before a server and does to each request what `decide` says. */
export async function startRudeProxy(target: string, decide: (request: IncomingMessage) => Manner) {
  const server = createServer((incoming, outgoing) => {
    const manner = decide(incoming)
    if (manner === 'slow down') {
      incoming.resume().once('end', () => outgoing.writeHead(503).end('<Error><Code>SlowDown</Code><Message>slow down</Message></Error>'))
      return
    }
    // The host is as the client signed it.
    const onward = request(target + incoming.url, { method: incoming.method, headers: incoming.headers }, (answer) => {
      if (manner === 'lose the answer') {
        answer.resume().once('end', () => outgoing.destroy())
        return
      }
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    }
  }
}
