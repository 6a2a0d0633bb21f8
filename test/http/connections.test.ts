import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect as connectSecurely } from 'node:tls'
import t, { type Test } from 'tap'
import { createConnections } from '../../src/http/connections.ts'
import { localCertificate } from '../support/certificate.ts'
import { eventually } from '../support/processes.ts'
import { startServer } from '../support/start-server.ts'

async function open(t: Test, { most, secure }: { most: number; secure: boolean }) {
  const connections = createConnections(most)
  const { url } = await startServer(t, { connections, listen: true, ...(secure && { tls: localCertificate }) })
  const port = Number(new URL(url).port)

  /** Connects without a word, until the server has counted it. */
  async function connected(): Promise<Socket> {
    const before = connections.open() + connections.evicted()
    const socket = connect(port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.on('error', () => {})
    await eventually(async () => connections.open() + connections.evicted() > before || undefined, { what: 'it is counted', everyMs: 5 })
    return socket
  }
  function sending(bytes: string): Socket {
    const socket = secure ? connectSecurely({ port, host: '127.0.0.1', rejectUnauthorized: false }) : connect(port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.on('error', () => {})
    socket.write(bytes)
    return socket
  }
  const ask = async (path: string) => text(sending(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`))
  return { connections, connected, sending, ask }
}

const waiting =
  'POST /container/add HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\nexpect: 100-continue\r\n\r\n{'

for (const secure of [false, true]) {
  const protocol = secure ? 'https' : 'http'

  t.test(`${protocol}: a connection beyond the bound takes the place of the one that was idle for longest`, async (t) => {
    const { connections, connected, ask } = await open(t, { most: 3, secure })
    const silent = await connected()
    const slow = await connected()
    const other = await connected()
    if (!secure) slow.write('GET /container/list HT')

    const closed = once(silent.resume(), 'close')
    const reply = await ask('/container/list')
    await closed

    t.match(reply, /^HTTP\/1\.1 200 /)
    t.match([connections.evicted(), connections.refused()], [1, 0])
    t.match([slow.closed, other.closed], [false, false])
  })

  t.test(`${protocol}: a connection with a request under way is never closed for another, which is told so`, async (t) => {
    const { connections, sending, ask } = await open(t, { most: 2, secure })
    const busy = [sending(waiting), sending(waiting)]
    await Promise.all(busy.map((socket) => once(socket, 'data'))) // 100 Continue

    const refused = await ask('/container/list')

    t.match(refused, /^HTTP\/1\.1 503 [\s\S]*retry-after: 5\r\n/)
    t.match(
      refused,
      /"success": false, "message": "2 connections have requests under way, .*LEPORELLO_CONNECTIONS allows; try again later"/
    )
    t.match([connections.open() >= 2, connections.refused(), connections.evicted()], [true, 1, 0])
    t.match(
      busy.map(({ closed }) => closed),
      [false, false]
    )
  })
}
