import t from 'tap'
import { type BrowserHeaders, type BrowserRules, createBrowserRefusal } from '../../src/http/browsers.ts'
import { startWithTarballs } from '../support/tarballs.ts'

const local: BrowserRules = { host: '127.0.0.1', cors: [] }
const site: BrowserRules = { host: '0.0.0.0', publicUrl: 'https://registry.example:8443/mozart', cors: ['https://ui.example'] }
const browser = 'Mozilla/5.0 (X11; Linux x86_64)'

type Verdict = 'taken' | 'no write' | 'refused'

/** Whether anything, only what reads, or nothing with these headers is taken. */
function verdict(rules: BrowserRules, { headers, method }: { headers: BrowserHeaders; method: string }): Verdict {
  const refusal = createBrowserRefusal(rules)
  if (refusal({ headers, method, write: false })) return 'refused'
  return refusal({ headers, method, write: true }) ? 'no write' : 'taken'
}

t.test('whoever listens on its own machine only has the names of that machine and its public one', async (t) => {
  const cases: [rules: Partial<BrowserRules>, host: string | undefined, verdict: Verdict][] = [
    ...['localhost', 'localhost:8888', 'LOCALHOST:1', '127.0.0.1', '127.0.0.1:8888', '[::1]', '[::1]:8888', undefined].map(
      (host): [object, string | undefined, Verdict] => [{}, host, 'taken']
    ),
    ...['evil.example', 'evil.example:8888', 'localhost.evil.example', '127.0.0.1.nip.io', 'localhost:8888@evil', '', 'x', '10.0.0.1'].map(
      (host): [object, string, Verdict] => [{}, host, 'refused']
    ),
    [{ publicUrl: 'https://registry.example/mozart' }, 'registry.example', 'taken'],
    [{ publicUrl: 'https://registry.example/mozart' }, 'Registry.Example:9999', 'taken'],
    [{ publicUrl: 'https://registry.example/mozart' }, 'evil.example', 'refused'],
    [{ host: '::1' }, 'evil.example', 'refused'],
    [{ host: 'localhost' }, 'evil.example', 'refused'],
    [{ host: '127.1.2.3' }, '127.1.2.3:8888', 'taken'],
    [{ host: '0.0.0.0' }, 'anything.example', 'taken'],
    [{ host: '10.0.0.5' }, 'anything.example', 'taken']
  ]

  for (const [rules, host, expected] of cases) {
    t.equal(verdict({ ...local, ...rules }, { method: 'GET', headers: { host } }), expected, `${JSON.stringify(rules)} ${host}`)
  }
  t.match(
    createBrowserRefusal(local)({ method: 'GET', write: false, headers: { host: 'evil.example' } }),
    /not "evil\.example".*LEPORELLO_PUBLIC_URL/s
  )
})

t.test('only pages of our own, and of the origins that are named, may write', async (t) => {
  const host = '127.0.0.1:8888'
  const cases: [rules: BrowserRules, method: string, headers: BrowserHeaders, verdict: Verdict][] = [
    [local, 'POST', { host }, 'taken'],
    [local, 'POST', { host, origin: 'http://127.0.0.1:8888' }, 'taken'],
    [local, 'POST', { host: 'localhost', origin: 'http://localhost' }, 'taken'],
    [local, 'POST', { host: 'localhost:80', origin: 'http://localhost' }, 'taken'],
    [local, 'POST', { host: '[::1]:8888', origin: 'http://[::1]:8888' }, 'taken'],
    [local, 'POST', { host, origin: 'http://127.0.0.1:9999' }, 'no write'],
    [local, 'POST', { host, origin: 'http://localhost:8888' }, 'no write'],
    [local, 'POST', { host, origin: 'http://evil.example' }, 'no write'],
    [local, 'POST', { host, origin: 'null' }, 'no write'],
    [local, 'POST', { host, origin: '' }, 'no write'],
    [local, 'POST', { host, origin: 'http://127.0.0.1:8888', 'sec-fetch-site': 'same-origin' }, 'taken'],
    [local, 'POST', { host, origin: 'http://127.0.0.1:8888', 'sec-fetch-site': 'cross-site' }, 'no write'],
    [local, 'POST', { host, 'sec-fetch-site': 'cross-site' }, 'no write'],
    [local, 'GET', { host, 'sec-fetch-site': 'cross-site' }, 'no write'],
    [local, 'GET', { host, 'sec-fetch-site': 'same-site' }, 'no write'],
    [local, 'GET', { host, 'sec-fetch-site': ['none', 'none'] }, 'no write'],
    [local, 'GET', { host, 'sec-fetch-site': 'same-origin' }, 'taken'],
    [local, 'GET', { host, 'sec-fetch-site': 'none' }, 'taken'],
    [local, 'GET', { host, 'user-agent': 'python-requests/2.31' }, 'taken'],
    [local, 'GET', { host, 'user-agent': 'curl/8', referer: 'http://evil.example/' }, 'taken'],
    [local, 'GET', { host, 'user-agent': browser }, 'no write'],
    [local, 'GET', { host, 'user-agent': browser, referer: 'http://evil.example/' }, 'no write'],
    [local, 'GET', { host, 'user-agent': browser, referer: 'http://127.0.0.1:8888/docs' }, 'taken'],
    [local, 'GET', { host: 'localhost', 'user-agent': browser, referer: 'http://localhost/docs' }, 'taken'],
    [site, 'POST', { host: 'inner:1', origin: 'https://registry.example:8443' }, 'taken'],
    [site, 'POST', { host: 'registry.example:8443', origin: 'https://registry.example:8443' }, 'taken'],
    [site, 'POST', { host: 'registry.example', origin: 'https://registry.example' }, 'taken'],
    [site, 'POST', { host: '10.0.0.5:8888', origin: 'http://10.0.0.5:8888' }, 'taken'],
    [site, 'POST', { host: '[fd00::5]:8888', origin: 'http://[fd00::5]:8888' }, 'taken'],
    [site, 'POST', { host: 'rebound.example:8888', origin: 'http://rebound.example:8888' }, 'no write'],
    [site, 'GET', { host: 'rebound.example', 'user-agent': browser, referer: 'http://rebound.example/' }, 'no write'],
    [site, 'POST', { host: 'registry.example:8443', origin: 'https://ui.example', 'sec-fetch-site': 'cross-site' }, 'taken'],
    [site, 'POST', { host: 'registry.example:8443', origin: 'https://ui.example.evil.example' }, 'no write'],
    [site, 'POST', { host: 'registry.example:8443', origin: 'http://ui.example' }, 'no write']
  ]

  for (const [rules, method, headers, expected] of cases) t.equal(verdict(rules, { method, headers }), expected, JSON.stringify(headers))
})

t.test('every face refuses, also with valid credentials and by GET, and no foreign page reads our own faces', async (t) => {
  const { app } = await startWithTarballs(t, { cors: ['https://ui.example'] })
  const send = (method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS', url: string, headers: Record<string, string> = {}) =>
    app.inject({ method, url, headers, ...(method === 'PUT' ? { payload: 'x' } : {}) })
  const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', authorization: 'Basic bWU6eA==' }
  const add = '/container/add?name=x&version=1&digest=d&url=u'
  await send('POST', add)

  for (const [method, url] of [
    ['POST', add],
    ['GET', '/api/v0.2/container/remove?id=x'],
    ['PUT', '/api/v1/containers/y'],
    ['DELETE', '/api/v1/containers/x'],
    ['PUT', '/storage/x.tar'],
    ['POST', '/api/v1/uploads']
  ] as const) {
    const reply = await send(method, url, foreign)
    t.equal(reply.statusCode, 403, url)
    t.match(reply.body, /evil\.example.*LEPORELLO_CORS/, url)
  }
  t.equal((await send('GET', '/container/remove?id=x', { 'sec-fetch-site': 'same-site' })).statusCode, 403, 'an img on another port')
  t.match((await send('GET', '/container/info?id=x', foreign)).headers, { 'access-control-allow-origin': 'https://evil.example' })
  t.equal((await send('GET', '/container/list', { host: 'evil.example' })).statusCode, 403)

  for (const url of [
    '/api/v1/containers',
    '/%61pi/v1/containers',
    '/api/v1/nothing',
    '/api/v1',
    '/storage/',
    '/storage',
    '/v2/',
    '/v2/hello/tags/list'
  ]) {
    for (const method of ['GET', 'OPTIONS'] as const) {
      const { headers } = await send(method, url, { ...foreign, 'access-control-request-method': 'PUT' })
      t.strictSame(
        Object.keys(headers).filter((name) => name.startsWith('access-control')),
        [],
        `${method} ${url}`
      )
      t.match(headers, { 'cross-origin-resource-policy': 'same-origin', 'x-content-type-options': 'nosniff' }, url)
    }
  }
  const permitted = { origin: 'https://ui.example', 'access-control-request-method': 'PUT' }
  t.match((await send('OPTIONS', '/api/v1/containers/x', permitted)).headers, {
    'access-control-allow-origin': 'https://ui.example',
    'access-control-allow-methods': /PUT/,
    vary: 'Origin'
  })
  t.equal((await send('DELETE', '/api/v1/containers/x', { ...permitted, 'sec-fetch-site': 'cross-site' })).statusCode, 200)
})
