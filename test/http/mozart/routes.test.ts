import t from 'tap'
import { isWrite } from '../../../src/domain/policy.ts'
import { mozartRoutes } from '../../../src/http/mozart/routes.ts'
import { startServer } from '../../support/start-server.ts'

const verbs = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

t.test('every path answers every verb as its table says, under every policy', async (t) => {
  for (const policy of ['open', 'read-only'] as const) {
    const { app } = await startServer(t, { policy })
    for (const url of new Set(mozartRoutes.map((route) => route.url))) {
      for (const method of verbs) {
        const route = mozartRoutes.find((one) => one.url === url && one.methods.includes(method))
        const refused = policy === 'read-only' && route && isWrite(route.action)
        const expected = !route ? [405] : refused ? [403] : route.operation === 'list' ? [200] : [400]

        const { statusCode, headers, body } = await app.inject({ method, url })

        t.ok(expected.includes(statusCode), `${policy} ${method} ${url}: ${statusCode}`)
        t.equal(headers['content-type'], 'application/json', 'without a charset')
        t.equal(headers['access-control-allow-origin'], '*')
        if (method !== 'HEAD') t.equal(Number(headers['content-length']), body.length)
      }
    }
  }
})

t.test('OPTIONS is answered on every path, with what it allows', async (t) => {
  const { app } = await startServer(t)

  const info = await app.inject({ method: 'OPTIONS', url: '/api/v0.1/container/info' })
  const both = await app.inject({ method: 'OPTIONS', url: '/api/v0.2/job_spec' })

  t.equal(info.statusCode, 200)
  t.equal(info.body, '')
  t.match(info.headers, { 'content-type': 'text/html; charset=utf-8', allow: 'GET, HEAD, OPTIONS', 'content-length': '0' })
  t.equal(both.headers.allow, 'DELETE, GET, HEAD, OPTIONS, POST')
})

t.test('HEAD on v0.1 remove removes nothing, and is not among what the refusal allows', async (t) => {
  const { app, stores } = await startServer(t)
  await stores.containers.put('hello:1', '{"id": "hello:1"}')

  const reply = await app.inject({ method: 'HEAD', url: '/api/v0.1/container/remove?id=hello:1' })

  t.equal(reply.statusCode, 405)
  t.equal(reply.headers.allow, 'GET, OPTIONS')
  t.ok(await stores.containers.get('hello:1'))
})

t.test('a trailing slash, another kind or an unknown path is a plain 404 in the words of Mozart', async (t) => {
  const { app } = await startServer(t)

  for (const url of ['/api/v0.1/container/list/', '/api/v0.1/container/type?id=x', '/api/v0.3/container/list', '/job/submit', '/%zz']) {
    const reply = await app.inject(url)

    t.equal(reply.statusCode, 404, url)
    t.match(reply.body, /^\{"message":"404 Not Found: .*","status_code":404\}\n$/)
    t.match(reply.headers, { 'content-type': 'application/json', 'access-control-allow-origin': '*', 'x-request-id': /./ })
  }
})

t.test('the site around the operations is that of Mozart', async (t) => {
  const { app } = await startServer(t, { host: '0.0.0.0', prefix: '/leporello' })
  const proxied = { host: 'inner:1', 'x-script-name': '/mozart', 'x-scheme': 'https', 'x-forwarded-host': 'ops.example' }

  const root = await app.inject({ url: '/mozart/', headers: proxied })
  const version = await app.inject({ url: '/mozart/api/v0.1?a=b', headers: proxied })
  const prefixed = await app.inject({ url: '/leporello/api/v0.2/doc', headers: { host: 'mozart:8888' } })
  const services = await app.inject('/services')

  t.match(root, { statusCode: 302, headers: { location: '/mozart/api/v0.1/doc/' } })
  t.match(version, { statusCode: 308, headers: { location: 'https://ops.example/mozart/api/v0.1/?a=b' } })
  t.match(prefixed, { statusCode: 308, headers: { location: 'http://mozart:8888/leporello/api/v0.2/doc/' } })
  t.equal(services.body, '{"content":"HySDS job orchestration/worker library","success":true}\n')
})

t.test('a redirect never leads out of here', async (t) => {
  const { app } = await startServer(t, { host: '0.0.0.0' })

  const script = await app.inject({ url: '/', headers: { 'x-script-name': '//evil.example' } })
  const host = await app.inject({ url: '/api/v0.1', headers: { host: 'a"><script>', 'x-forwarded-host': 'evil.example/x' } })

  t.equal(script.headers.location, '/api/v0.1/doc/')
  t.match(host.headers.location, /^http:\/\/127\.0\.0\.1:\d+\/api\/v0\.1\/$/)
})
