import t, { type Test } from 'tap'
import { CatalogueError } from '../../../src/domain/errors.ts'
import { eventually } from '../../support/processes.ts'
import { startWithTarballs, type TarballOptions, tarball } from '../../support/tarballs.ts'

const now = () => new Date()

async function start(t: Test, options: TarballOptions = {}) {
  const server = await startWithTarballs(t, { now, ...options })
  const { app } = server
  const container = (id: string) => `/api/v1/containers/${encodeURIComponent(id)}`
  const ask = async (method: 'PUT' | 'POST', url: string, payload: object) => {
    const octets = Buffer.isBuffer(payload) && { 'content-type': 'application/octet-stream' }
    const reply = await app.inject({ method, url, payload, headers: { ...octets } })
    if (reply.statusCode >= 300) throw new Error(`${method} ${url}: ${reply.body}`)
  }
  return {
    ...server,
    page: async (url: string, headers: Record<string, string> = {}) => (await app.inject({ url, headers })).body,
    put: (id: string, images: Record<string, string>, more: object = {}) =>
      ask('PUT', container(id), { digest: 'sha256:d', images, ...more }),
    bring: (id: string, architecture: string) => ask('PUT', `${container(id)}/images/${architecture}`, tarball()),
    expect: (id: string, architectures: string[]) => ask('PUT', `${container(id)}/expected`, { architectures })
  }
}

/** The rows of the table: the state of each container, and the standing of each of its architectures. */
const rowsOf = (page: string): Record<string, Record<string, string>> =>
  Object.fromEntries(
    page
      .split('<tr role="row" data-container="')
      .slice(1)
      .map((row) => [
        row.slice(0, row.indexOf('"')),
        {
          state: /data-state="([^"]*)"/.exec(row)![1]!,
          ...Object.fromEntries(
            [...row.matchAll(/data-architecture="([^"]*)" data-state="([^"]*)"/g)].map(([, name, standing]) => [name!, standing!])
          )
        }
      ])
  )

const links = (page: string): string[] =>
  [...page.matchAll(/(?:href|src|action)="([^"]*)"/g)].map(([, link]) => link!.replaceAll('&amp;', '&'))

t.test('one look tells what is there, for which machines, and whether it is proven', async (t) => {
  const { page, put, bring, expect, app } = await start(t)
  await put('claimed:1', { amd64: 's3://b/x.tar', arm64: 's3://b/y.tar' })
  await bring('hello:1', 'amd64')
  await expect('hello:1', ['amd64', 'arm64', 's390x'])
  await app.inject({ method: 'PUT', url: '/api/v1/containers/hello:1/builds/s390x', payload: { status: 'running' } })
  await bring('wrong:1', 'arm64')

  t.strictSame(rowsOf(await page('/ui/')), {
    'claimed:1': { state: 'complete', amd64: 'claimed', arm64: 'claimed' },
    'hello:1': { state: 'partial', amd64: 'proven', arm64: 'missing', s390x: 'building' },
    'wrong:1': { state: 'degraded', arm64: 'wrong' }
  })
})

t.test('the summary counts containers by what they are, and each number leads to them', async (t) => {
  const { page, put, bring, expect } = await start(t)
  await put('claimed:1', { amd64: 's3://b/x.tar' })
  await bring('hello:1', 'amd64')
  await bring('part:1', 'amd64')
  await expect('part:1', ['amd64', 'arm64'])

  const body = await eventually(
    async () => {
      const body = await page('/ui/')
      return /<a href="\.\/">3<\/a>/.test(body) ? body : undefined
    },
    { what: 'the containers are counted' }
  )
  const counts = [...body.matchAll(/<dd><a href="([^"]*)">(\d+)/g)].map(([, link, count]) => [link, count])
  t.strictSame(counts, [
    ['./', '3'],
    ['?state=complete', '2'],
    ['?state=partial', '1'],
    ['?state=degraded', '0'],
    ['?verdict=unverified', '1']
  ])
  for (const [link, count] of counts) t.equal(Object.keys(rowsOf(await page(`/ui/${link}`))).length, Number(count), String(link))
  t.match(body, 'href="?missing=arm64"')
})

t.test('what machines asked for in vain stands above the table', async (t) => {
  const { page, put, app, catalogue } = await start(t)
  await put('hello:1', { amd64: 's3://b/x.tar' })
  await app.inject('/container/resolve?id=hello:1&arch=riscv64')
  await catalogue.demand.flush()

  t.match(await page('/ui/'), /<span class="mark" data-state="missing">riscv64<\/span> <b>1<\/b> time<.*?href="containers\/hello%3A1"/s)
})

t.test('search, filters and order stand in the address, as the API has them', async (t) => {
  const { page, put, bring } = await start(t)
  await put('claimed:1', { amd64: 's3://b/x.tar' })
  await bring('hello:1', 'amd64')
  await put('hello:2', { arm64: 's3://b/y.tar' }, { version: 'v2' })
  const ids = async (query: string) => Object.keys(rowsOf(await page(`/ui/${query}`)))

  t.strictSame(await ids('?q=HELLO'), ['hello:1', 'hello:2'])
  t.strictSame(await ids('?architecture=aarch64'), ['hello:2'])
  t.strictSame(await ids('?verdict=match'), ['hello:1'])
  t.strictSame(await ids('?name=hello*&version=v*'), ['hello:2'])
  t.strictSame(await ids('?sort=-id'), ['hello:2', 'hello:1', 'claimed:1'])
  t.strictSame(await ids('?q=&state=&verdict=&sort='), ['claimed:1', 'hello:1', 'hello:2'], 'a form sends what was left open')
  const found = await page('/ui/?q=hello&state=complete&sort=-updated')
  t.match(found, 'value="hello"')
  t.match(found, '<option value="complete" selected>')
  t.match(found, 'href="?state=complete&amp;sort=-updated"', 'the way to be without a filter')
  t.match(await page('/ui/?q=nothing'), 'No container is like that')
})

t.test('pages lead on by cursor, with the same filters', async (t) => {
  const { page, put } = await start(t)
  for (let i = 1; i <= 5; i++) await put(`hello:${i}`, { amd64: 's3://b/x.tar' })
  const seen: string[] = []

  for (let address: string | undefined = '?q=hello&limit=2'; address !== undefined; ) {
    const body: string = await page(`/ui/${address}`)
    seen.push(...Object.keys(rowsOf(body)))
    address = /rel="next" href="([^"]*)"/.exec(body)?.[1]?.replaceAll('&amp;', '&')
  }

  t.strictSame(seen, ['hello:1', 'hello:2', 'hello:3', 'hello:4', 'hello:5'])
})

t.test('an address that means nothing is a page with status 400', async (t) => {
  const { app } = await start(t)

  for (const [query, words] of [
    ['?state=odd', 'state is &quot;odd&quot;; expected one of complete, partial, degraded'],
    ['?sort=size', 'expected one of id'],
    ['?limit=1000', 'expected a number from 1 to 200'],
    ['?colour=red', '&quot;colour&quot; is no filter'],
    ['?missing=a%20b', 'is not the name of an architecture'],
    ['?cursor=odd', 'cursor']
  ] as const) {
    const reply = await app.inject(`/ui/${query}`)
    t.equal(reply.statusCode, 400, query)
    t.equal(reply.headers['content-type'], 'text/html; charset=utf-8')
    t.match(reply.body.toLowerCase(), words.toLowerCase(), query)
  }
})

t.test('an empty catalogue says how to begin', async (t) => {
  const { page } = await start(t)

  t.match(await page('/ui/'), /Nothing is registered yet.*curl -f http:\/\/localhost:80\/api\/v0\.1\/container\/add/s)
})

t.test('whatever a name, a version or a search says stays text', async (t) => {
  const { page, put } = await start(t)
  const hostile = '"><img src=x onerror=alert(1)>:<b>'
  await put(hostile, { amd64: 's3://user:secret@b/x.tar' }, { version: '</td><script>alert(2)</script>' })

  const body = await page(`/ui/?q=${encodeURIComponent('"><img')}`)

  t.notMatch(body, /<img src=x|<script>|alert\(2\)<\/script>|<b>"|secret/)
  t.match(body, '&quot;&gt;&lt;img src=x onerror=alert(1)&gt;')
  t.match(body, '&lt;/td&gt;&lt;script&gt;alert(2)')
  t.ok(links(body).includes(`containers/${encodeURIComponent(hostile)}`))
})

t.test('a page loads nothing from elsewhere, runs nothing inline, and is in no frame', async (t) => {
  const { app, put } = await start(t)
  await put('hello:1', { amd64: 's3://b/x.tar' })

  for (const url of ['/ui/', '/ui/nothing', '/ui/?state=odd']) {
    const { headers, body } = await app.inject(url)
    const policy = String(headers['content-security-policy'])
    t.match(policy, "default-src 'none'; script-src 'self'; style-src 'self'")
    t.notMatch(policy, 'unsafe')
    t.match(policy, "frame-ancestors 'none'")
    t.match(headers, { 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin' })
    t.notMatch(body, /<style|style="|<script>|\son\w+="/)
    for (const link of links(body)) t.notMatch(link, /^[a-z]+:|^\//i, link)
  }
})

t.test('every link leads back through whatever proxies there are', async (t) => {
  const { app, put } = await start(t, { prefix: '/mozart' })
  await put('hello/world:1', { amd64: 's3://b/x.tar' })

  for (const url of ['/mozart/ui/', '/mozart/ui/nothing/at/all']) {
    const { body } = await app.inject(url)
    for (const link of links(body).filter((link) => !link.startsWith('#') && !link.includes('containers/'))) {
      const { pathname, search } = new URL(link, `http://host${url}`)
      t.ok(pathname.startsWith('/mozart/'), `${url}: ${link}`)
      t.not((await app.inject(pathname + search)).statusCode, 500, pathname)
    }
    const asset = links(body).find((link) => link.endsWith('pages.css'))!
    t.equal((await app.inject(new URL(asset, `http://host${url}`).pathname)).statusCode, 200)
  }
  t.match((await app.inject('/mozart/ui')).headers, { location: 'ui/' })
  const root = await app.inject({ url: '/mozart/', headers: { accept: 'text/html' } })
  t.match(root, { statusCode: 302, headers: { location: '/mozart/ui/' } })
})

t.test('a browser that opens the server comes to the catalogue; another client, to the description as with Mozart', async (t) => {
  const { app } = await start(t)

  t.match((await app.inject({ url: '/', headers: { accept: 'text/html,*/*' } })).headers, { location: '/ui/' })
  t.match((await app.inject('/')).headers, { location: '/api/v0.1/doc/' })
})

t.test('files have the hash of their content in their address, and are kept for ever', async (t) => {
  const { app, page } = await start(t)
  const found = links(await page('/ui/')).filter((link) => link.includes('ui/assets/'))

  t.ok(found.length >= 3)
  for (const link of new Set(found)) {
    const { statusCode, headers } = await app.inject(new URL(link, 'http://host/ui/').pathname)
    t.match({ statusCode, headers }, { statusCode: 200, headers: { 'cache-control': /immutable/, 'x-content-type-options': 'nosniff' } })
  }
  const other = await app.inject('/ui/assets/000000000000/pages.css')
  t.match(other, { statusCode: 200, headers: { 'cache-control': 'no-cache' } }, 'a page that another version made')
  for (const path of ['..%2F..%2Fpackage.json', 'nothing.css', '__proto__']) {
    t.equal((await app.inject(`/ui/assets/000000000000/${path}`)).statusCode, 404, path)
  }
})

t.test('refusals are pages: nobody is there, nobody may, the store is away', async (t) => {
  const closed = await start(t, { policy: 'none' })
  const refused = await closed.app.inject('/ui/')
  t.equal(refused.statusCode, 401)
  t.match(refused.headers, { 'content-type': 'text/html; charset=utf-8', 'www-authenticate': /Basic/ })
  t.match(refused.body, /Sign in to see this.*needs a token/s)

  const { app, stores } = await start(t)
  stores.containers.list = () => Promise.reject(new CatalogueError('store_unavailable', 'the store does not answer: node-7'))
  const away = await app.inject('/ui/')
  t.equal(away.statusCode, 503)
  t.match(away.headers, { 'content-type': 'text/html; charset=utf-8', 'retry-after': '5' })
  t.match(away.body, 'The store does not answer')
  t.notMatch(away.body, 'node-7')

  const unknown = await app.inject('/ui/nothing')
  t.match(unknown, { statusCode: 404, headers: { 'content-type': 'text/html; charset=utf-8' } })
})

t.test('on a read-only server pages are read, and say that it is', async (t) => {
  const { page } = await start(t, { policy: 'read-only' })

  t.match(await page('/ui/'), '>read-only<')
})
