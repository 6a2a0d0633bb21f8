import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { CatalogueError } from '../../src/domain/errors.ts'
import type { Stores } from '../../src/stores/document-store.ts'
import { logLines } from '../support/log-lines.ts'
import { openStores, startServer } from '../support/start-server.ts'
import { startWithTarballs } from '../support/tarballs.ts'

/** What a server answers to these bytes until it closes the connection. */
async function exchange(url: string, bytes: string): Promise<{ status: number; headers: string; body: string }> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(bytes)
  const answer = await text(socket)
  const [head = '', ...body] = answer.split('\r\n\r\n')
  return { status: Number(head.split(' ')[1]), headers: head.toLowerCase(), body: body.join('\r\n\r\n') }
}

function failing(stores: Stores, error: Error): Stores {
  return { ...stores, containers: { ...stores.containers, get: () => Promise.reject(error) } }
}

t.test('a request id is taken when it is one, else made, and always answered', async (t) => {
  const { app } = await startServer(t)
  const idFor = async (given: string) => (await app.inject({ url: '/nope', headers: { 'x-request-id': given } })).headers['x-request-id']

  t.equal(await idFor('Build-7.arm_64'), 'Build-7.arm_64')
  for (const unfit of ['', 'a b', 'x'.repeat(129), '"><script>', 'é']) t.match(await idFor(unfit), /^[0-9a-f-]{36}$/, unfit)
})

t.test('what proxies put before a path is stripped where it stands', async (t) => {
  const { app } = await startServer(t, { prefix: '/leporello' })
  const status = async (url: string, script?: string) =>
    (await app.inject({ url, headers: script === undefined ? {} : { 'x-script-name': script } })).statusCode

  t.equal(await status('/container/list'), 200)
  t.equal(await status('/leporello/container/list'), 200)
  t.equal(await status('//api/v0.1/container/list'), 200)
  t.equal(await status('/mozart/container/list', '/mozart'), 200)
  t.equal(await status('/mozart/leporello/container/list', '/mozart/'), 200)
  t.equal(await status('/container/list', '/mozart'), 200)
  t.equal(await status('/mozart/container/list'), 404)
  t.equal(await status('/mozart/container/list', '/other'), 404)
  t.equal(await status('/mozartcontainer/list', '/mozart'), 404)
})

t.test('what a proxy says counts from our proxies only', async (t) => {
  const headers = { 'x-script-name': '/mozart', 'x-forwarded-prefix': '/mozart', 'x-scheme': 'https', 'x-forwarded-host': 'evil.example' }
  const from = async (remoteAddress: string) => {
    const { app } = await startWithTarballs(t, { host: '0.0.0.0', trustedProxies: ['10.1.0.0/16'] })
    const ask = (method: 'GET' | 'POST', url: string, more = {}) =>
      app.inject({ method, url, remoteAddress, headers: { host: 'inner:1', ...headers, ...more } })
    const added = '/container/add?name=x&version=1&digest=d&url=u'
    await ask('POST', added, { 'x-forwarded-for': '192.0.2.7' })
    const [entry] = (await app.inject('/api/v1/containers/x/history')).json().items
    const redirected = (await ask('GET', '/api/v0.1')).headers.location
    return { stripped: (await ask('GET', '/mozart/container/list')).statusCode, redirected, address: entry.by.address }
  }

  t.strictSame(await from('10.1.2.3'), { stripped: 200, redirected: 'https://evil.example/mozart/api/v0.1/', address: '192.0.2.7' })
  t.strictSame(await from('10.2.2.3'), { stripped: 404, redirected: 'http://inner:1/api/v0.1/', address: '10.2.2.3' })
})

t.test('what the policy does not permit is refused before it is read', async (t) => {
  const { app, stores } = await startServer(t, { policy: 'read-only' })
  await stores.containers.put('hello:1', '{"id": "hello:1"}')

  const removed = await app.inject('/api/v0.2/container/remove?id=hello:1')

  t.equal(removed.statusCode, 403)
  t.strictSame(removed.json(), {
    success: false,
    message:
      'the policy "read-only" of this service does not permit container:delete: nobody writes here, for example while a cluster is switched over; wait, or ask its operator to set another LEPORELLO_POLICY',
    result: null
  })
  t.ok(await stores.containers.get('hello:1'))
})

t.test('a store that is away is a 503 with a time to come back, and no secret in its words', async (t) => {
  const away = new CatalogueError('store_unavailable', 'http://user:secret@engine:9200 does not answer')
  const { app } = await startServer(t, { stores: failing(await openStores(t), away) })

  const reply = await app.inject('/api/v0.2/container?id=x')

  t.match(reply, { statusCode: 503, headers: { 'retry-after': '5' } })
  t.strictSame(reply.json(), { success: false, message: 'http://***@engine:9200 does not answer', result: null })
})

t.test('an error that nobody foresaw keeps its words for the log', async (t) => {
  const { report, atLeast } = logLines()
  const { app } = await startServer(t, { report, stores: failing(await openStores(t), new TypeError('x is not a function')) })

  const reply = await app.inject('/container/info?id=x')

  t.equal(reply.statusCode, 500)
  t.equal(reply.body, '{"message": "Internal Server Error"}\n')
  const [line] = await atLeast(1)
  t.match(line, { level: 'error', status: 500, id: 'x', causes: [{ name: 'TypeError', message: 'x is not a function', stack: String }] })
})

t.test('what is not HTTP, or more of it than is read, is refused in JSON', async (t) => {
  const { url } = await startServer(t, { listen: true })

  const nonsense = await exchange(url, 'hello\r\n\r\n')
  const madeUp = await exchange(url, 'FETCH / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const huge = await exchange(url, `GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'x'.repeat(40_000)}\r\n\r\n`)

  t.equal(nonsense.status, 400)
  t.equal(madeUp.status, 501)
  t.equal(huge.status, 431)
  for (const { headers, body } of [nonsense, huge]) {
    t.match(headers, 'content-type: application/json')
    t.match(headers, /x-request-id: [0-9a-f-]{36}/)
    t.type(JSON.parse(body).message, 'string')
  }
})

t.test('a request that names no host is refused in the words of who was asked, and an expectation that nobody knows is none', async (t) => {
  const { url } = await startWithTarballs(t, { listen: true })
  const nameless = (path: string) => exchange(url, `GET ${path} HTTP/1.1\r\nConnection: close\r\n\r\n`)

  const [mozart, api, nobody] = [await nameless('/container/list'), await nameless('/api/v1/architectures'), await nameless('/nope')]
  const old = await exchange(url, 'GET /container/list HTTP/1.0\r\n\r\n')
  const hopeful = await exchange(url, 'GET /container/list HTTP/1.1\r\nHost: localhost\r\nExpect: a-miracle\r\nConnection: close\r\n\r\n')

  for (const { status } of [mozart, api, nobody]) t.equal(status, 400)
  t.match(JSON.parse(mozart.body), { success: false, message: /Host/ })
  t.match(JSON.parse(api.body), { status: 400, code: 'parameter_invalid', detail: /Host/ })
  t.match(JSON.parse(nobody.body), { message: /Host/ })
  t.equal(old.status, 200, 'HTTP/1.0 knows no hosts')
  t.equal(hopeful.status, 200)
})

const post = 'POST /container/add HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n'

t.test('a body that does not arrive is a 408, and the connection is closed', async (t) => {
  const { url } = await startServer(t, { listen: true, bodyTimeoutMs: 50 })

  const late = await exchange(url, `${post}Content-Length: 10\r\n\r\nname=`)

  t.equal(late.status, 408)
  t.match(late.headers, 'connection: close')
  t.match(JSON.parse(late.body), { success: false, result: null })
})

t.test('a body that is too large is refused at once, and one that never ends is not listened to for ever', async (t) => {
  const { url } = await startServer(t, { listen: true, bodyTimeoutMs: 50 })

  const declared = await exchange(url, `${post}Content-Length: 9999999\r\n\r\n`)
  const unread = await exchange(url, `${post.replace('/container/add', '/nope')}Content-Length: 10\r\n\r\n`)

  t.equal(declared.status, 413)
  t.equal(unread.status, 404)
})

t.test('after a refused body the client can send on in the same connection', async (t) => {
  const { url } = await startServer(t, { listen: true })
  const body = 'x'.repeat(1024 * 1024 + 1)

  const both = await exchange(
    url,
    `${post}Content-Length: ${body.length}\r\n\r\n${body}GET /services HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
  )

  t.equal(both.status, 413)
  t.match(both.body, 'HySDS job orchestration/worker library')
})

t.test('a chunked body is read like any other', async (t) => {
  const { url } = await startServer(t, { listen: true })
  const chunk = (part: string) => `${part.length.toString(16)}\r\n${part}\r\n`

  const { status, body } = await exchange(
    url,
    `${post}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n${chunk('name=chunked&version=1')}${chunk('&digest=d&url=u')}0\r\n\r\n`
  )

  t.equal(status, 200)
  t.match(body, '"result": "chunked"')
})

t.test('guard URLs begin with our address, whatever the request says', async (t) => {
  const url = '/container/add?name=x&version=1&digest=d&urls={"arm64":"s3://b/x"}'
  const guard = async (options: Parameters<typeof startServer>[1]) => {
    const { app } = await startServer(t, options)
    const headers = {
      host: options?.host === '0.0.0.0' ? 'ops.example:80' : 'localhost',
      'x-forwarded-host': 'ops.example',
      'x-scheme': 'https',
      'x-script-name': '/mozart'
    }
    await app.inject({ method: 'POST', url, headers })
    return (await app.inject('/container/info?id=x')).json().result.url
  }

  t.equal(await guard({ port: 8888 }), 'http://127.0.0.1:8888/unavailable/x/amd64')
  t.equal(await guard({ host: '::1', port: 8888, prefix: '/p' }), 'http://[::1]:8888/p/unavailable/x/amd64')
  t.equal(await guard({ host: '0.0.0.0', port: 8888 }), 'http://127.0.0.1:8888/unavailable/x/amd64', 'never the host of the request')
  t.equal(await guard({ publicUrl: 'https://registry.example/' }), 'https://registry.example/unavailable/x/amd64')
})

t.test('a path with parameters tells which methods it has, and the API refuses as problems', async (t) => {
  const { app } = await startWithTarballs(t)
  const send = (method: 'OPTIONS' | 'POST' | 'GET', url: string) => app.inject({ method, url })

  const preflight = await send('OPTIONS', '/api/v1/containers/a%2Fb%3A1/images/arm64')
  t.equal(preflight.statusCode, 200)
  t.equal(preflight.headers.allow, 'DELETE, GET, HEAD, OPTIONS, PUT')
  const refused = await send('POST', '/api/v1/containers/a/images/arm64')
  t.equal(refused.statusCode, 405)
  t.equal(refused.headers['content-type'], 'application/problem+json')
  t.match(refused.json(), {
    status: 405,
    code: 'method_not_allowed',
    detail: 'POST is not supported on /api/v1/containers/a/images/arm64; DELETE, GET, HEAD and PUT are'
  })
  const query = await app.inject({ method: 'QUERY' as 'GET', url: '/api/v1/architectures' })
  t.equal(query.statusCode, 405, 'QUERY, too, though Fastify refuses it by itself when it has no content type')
  t.match((await send('GET', '/api/v1/nothing')).json(), { status: 404, code: 'not_found', instance: '/api/v1/nothing' })
  for (const start of ['/api/v1', '/api/v1/']) {
    t.match((await send('GET', start)).json(), { name: 'leporello', links: { containers: '/api/v1/containers', openapi: '/openapi.yaml' } })
    t.match((await send('POST', start)).json(), { status: 405, code: 'method_not_allowed', instance: start })
  }
  t.match((await send('GET', '/api/v1?colour=red')).json(), { status: 400, code: 'parameter_invalid' })
  t.match((await send('GET', '/api/v2')).json(), { status_code: 404 }, 'elsewhere it is as Mozart says')
})

t.test('what people guess leads to the real thing', async (t) => {
  const { app } = await startWithTarballs(t)
  const detail = async (method: 'GET' | 'POST' | 'PUT', url: string) => (await app.inject({ method, url })).json().detail
  const image = '/api/v1/containers/hello%3A1/images/arm64'

  t.match(await detail('GET', `${image}?path=/bin/sh`), /path is unknown; .*\/report\?path=/)
  t.match(await detail('POST', '/api/v1/containers/hello%3A1/plan'), /did you mean POST \/api\/v1\/plan\?/)
  t.match(await detail('GET', '/api/v1/container/hello%3A1'), /did you mean GET \/api\/v1\/containers\/\{id\}\?/)
  t.match(await detail('GET', '/api/v1/containers/hello%3A1/image/arm64'), /GET \/api\/v1\/containers\/\{id\}\/images\/\{architecture\}\?/)
  t.match(await detail('GET', '/api/v1/resolve'), /did you mean GET \/api\/v1\/containers\/\{id\}\/resolve\?/)
  t.match(await detail('GET', '/api/v1/deleted/'), /did you mean GET \/api\/v1\/deleted\?/)
  t.match(await detail('GET', '/api/v1/nothing'), 'there is no /api/v1/nothing in this API; /docs lists all routes')
  t.match(await detail('PUT', '/api/v1/deleted'), 'PUT is not supported on /api/v1/deleted; GET and HEAD are')
  t.match(await detail('GET', '/api/v1/containers/hello%3A1/resolve?architecture=arm64'), /architecture is unknown; did you mean arch\?/)
})

t.test("a browser is led from the root to the pages for people, another client to the description of Mozart's API", async (t) => {
  const { app } = await startServer(t)
  const headers = { accept: 'text/html,application/xhtml+xml', 'x-script-name': '/mozart' }

  t.match(await app.inject({ url: '/', headers }), { statusCode: 302, headers: { location: '/mozart/ui/' } })
  t.match(await app.inject('/'), { statusCode: 302, headers: { location: '/api/v0.1/doc/' } })
})
