import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createConnections } from '../../src/http/connections.ts'
import { eventually } from '../support/processes.ts'
import { startServer } from '../support/start-server.ts'

async function open(t: Test, most: number) {
  const connections = createConnections(most)
  const { url } = await startServer(t, { connections, listen: true })
  const port = Number(new URL(url).port)
  async function connected(bytes?: string): Promise<Socket> {
    const before = connections.open() + connections.evicted()
    const socket = connect(port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.on('error', () => {})
    if (bytes) socket.write(bytes)
    await once(socket, 'connect')
    await eventually(async () => connections.open() + connections.evicted() > before || undefined, { what: 'it is counted' })
    return socket
  }
  return { connections, url, connected }
}

const closed = (socket: Socket) => (socket.closed ? undefined : once(socket.resume(), 'close'))
const unfinished =
  'POST /container/add HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\nexpect: 100-continue\r\n\r\n{'

t.test('a connection beyond the bound takes the place of the one that was idle for longest', async (t) => {
  const { connections, url, connected } = await open(t, 3)
  const silent = await connected()
  const slow = await connected('GET /container/list HT')
  const other = await connected()

  const reply = await fetch(`${url}/container/list`, { headers: { connection: 'close' } })
  await closed(silent)
  const next = await connected()
  await eventually(async () => connections.open() <= 3 || undefined, { what: 'no more than 3 are open' })

  t.equal(reply.status, 200)
  t.match([connections.evicted(), connections.refused()], [1, 0])
  t.match([slow.closed, other.closed, next.closed], [false, false, false])
})

t.test('a connection with a request under way is never closed for another, which is told in the words of its face', async (t) => {
  const { connections, url, connected } = await open(t, 2)
  const busy = [await connected(unfinished), await connected(unfinished)]
  await Promise.all(busy.map((socket) => once(socket, 'data'))) // 100 Continue

  const mozart = await fetch(`${url}/container/list`)
  const ours = await fetch(`${url}/nothing`)

  t.match([mozart.headers.get('retry-after'), mozart.headers.get('connection')], ['5', 'close'])
  t.match(await mozart.json(), { success: false, message: /^2 connections have requests under way, .*LEPORELLO_CONNECTIONS/, result: null })
  t.equal(ours.status, 404)
  t.equal(mozart.status, 503)
  t.equal(connections.refused(), 2)
  t.equal(
    busy.some(({ closed }) => closed),
    false
  )
})
