import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { startServer } from '../support/start-server.ts'

/** What a server answers to these bytes until it closes the connection: the status of each answer, and everything. */
async function exchange(url: string, bytes: string): Promise<{ statuses: number[]; said: string }> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(bytes)
  const said = await text(socket)
  return { statuses: [...said.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status)), said }
}

interface Seen {
  target: string
  names: string[]
  headers: Record<string, unknown>
  body: string
}

/** A server in front of an old Mozart, which notes every request that it is asked, and one after another in one connection if they come so. */
async function withOldMozart(t: Test, options: Parameters<typeof startServer>[1] = {}) {
  const seen: Seen[] = []
  const note: RequestListener = async (request, reply) => {
    const body = (await buffer(request)).toString()
    const names = request.rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase())
    seen.push({ target: `${request.method} ${request.url}`, names, headers: request.headers, body })
    reply.end('old')
  }
  const old = createServer(note)
  await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    old.closeAllConnections()
    old.close()
  })
  const legacyMozartUrl = `http://127.0.0.1:${(old.address() as AddressInfo).port}`
  return { seen, ...(await startServer(t, { listen: true, legacyMozartUrl, ...options })) }
}

const host = 'Host: 127.0.0.1\r\n'
const smuggled = 'POST /container/add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n'

t.test('no header goes around read-only to the old Mozart', async (t) => {
  const { url, seen } = await withOldMozart(t, { policy: 'read-only', prefix: '/p' })
  const targets: [target: string, headers?: string][] = [
    ['/%61/container/add', 'X-Script-Name: /a\r\n'],
    ['/a/a/container/add', 'X-Script-Name: /a\r\n'],
    ['/acontainer/add', 'X-Script-Name: /a\r\n'],
    ['/%61/container/add', 'X-Forwarded-Prefix: /a\r\n'],
    ['/p/p/container/add'],
    ['/p/%70/container/add'],
    ['/container%2Fadd#x'],
    ['/container/add/'],
    ['/%ff/..%2fcontainer/add'],
    ['http://127.0.0.1/x/../container%2fadd']
  ]

  for (const method of ['GET', 'POST'])
    for (const [target, headers = ''] of targets) {
      const { statuses } = await exchange(url, `${method} ${target} HTTP/1.1\r\n${host}${headers}Connection: close\r\n\r\n`)
      t.strictSame(statuses, [404], `${method} ${target}`)
    }
  t.strictSame(seen, [])
})

t.test('what the old Mozart is told of the path in front is what was judged', async (t) => {
  const { url, seen } = await withOldMozart(t)

  await exchange(url, `GET /a/job//list HTTP/1.1\r\n${host}X-Script-Name: /a//\r\nConnection: close, X-Script-Name\r\n\r\n`)
  await exchange(url, `GET /job/list HTTP/1.1\r\n${host}X_Script_Name: /job\r\nX-Script-Name: //evil\r\nConnection: close\r\n\r\n`)

  t.match(seen[0], { target: 'GET /job/list', headers: { 'x-script-name': '/a' } })
  t.notOk(seen[1]!.names.some((name) => /script/.test(name)))
})

t.test('the framing of a request is never dropped, whatever Connection names', async (t) => {
  const { url, seen } = await withOldMozart(t)
  const length = `Content-Length: ${smuggled.length}\r\n`
  const chunked = `Transfer-Encoding: chunked\r\n`
  const chunk = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`

  for (const method of ['GET', 'POST', 'DELETE'])
    for (const [header, name, body] of [
      [length, 'content-length', smuggled],
      [chunked, 'transfer-encoding', chunk]
    ] as const) {
      seen.length = 0
      const said = await exchange(url, `${method} /job/x HTTP/1.1\r\n${host}${header}Connection: close, ${name}, host\r\n\r\n${body}`)
      t.strictSame(said.statuses, [200])
      t.equal(seen.length, 1, 'nothing of the body is a request')
      t.match(seen[0], { target: `${method} /job/x`, body: smuggled })
    }
})

t.test('what belongs to one connection is not passed on, as RFC 9110 lists it', async (t) => {
  const { url, seen } = await withOldMozart(t)
  const hops = ['Keep-Alive: 5', 'Proxy-Connection: x', 'TE: trailers', 'Trailer: x', 'Upgrade: h2c', 'HTTP2-Settings: x', 'X-Hop: 1']

  await exchange(url, `GET /job/x HTTP/1.1\r\n${host}Connection: close, x-HOP , HTTP2-Settings\r\n${hops.join('\r\n')}\r\nX-End: 2\r\n\r\n`)

  t.equal(seen[0]!.headers['x-end'], '2')
  for (const hop of hops) t.notOk(seen[0]!.names.includes(hop.split(':')[0]!.toLowerCase()), hop)
})

t.test('a request that two servers could read differently is refused, and the connection is closed', async (t) => {
  const { url, seen } = await withOldMozart(t)
  const end = (headers: string) => `\r\n${headers.includes('Transfer') ? '0\r\n\r\n' : ''}${smuggled}`
  const cases: [what: string, status: number, version?: string][] = [
    [`${host}Host: evil.example\r\n`, 400],
    [`${host}host: 127.0.0.1\r\n`, 400],
    ['', 400],
    [`${host}Transfer-Encoding: gzip, chunked\r\n`, 501],
    [`${host}Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n`, 501],
    [`${host}Transfer-Encoding: xchunked\r\n`, 400],
    [`${host}Transfer-Encoding: gzip\r\n`, 400],
    [`${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n`, 400],
    [`${host}Transfer-Encoding: chunked, identity\r\n`, 400],
    [`${host}Transfer-Encoding : chunked\r\n`, 400],
    [`${host}Transfer-Encoding:\r\n chunked\r\n`, 400],
    [`${host}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n`, 400],
    [`${host}Content-Length: 5\r\nContent-Length: 6\r\n`, 400],
    [`${host}Content-Length: +5\r\n`, 400],
    [`${host}Transfer-Encoding: chunked\r\n`, 400, '1.0']
  ]

  for (const path of ['/job/submit', '/container/add', '/%zz', '/api/v1/containers'])
    for (const [headers, status, version = '1.1'] of cases) {
      const { statuses, said } = await exchange(url, `POST ${path} HTTP/${version}\r\n${headers}${end(headers)}`)
      t.strictSame(statuses, [status], `${path} ${JSON.stringify(headers)}`)
      t.match(said.toLowerCase(), 'connection: close')
    }
  t.strictSame(seen, [], 'nothing of them reached the old Mozart')
})
