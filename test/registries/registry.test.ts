import t from 'tap'
import { discoverInRegistry } from '../../src/registries/registry-discovery.ts'
import { digestOfBytes, imageToPush, indexOf, manifestType } from '../support/oci.ts'
import { type Answer, answering, open, serverOf, whole } from './fake-registry.ts'

const bearer = (realm: string) => `Bearer realm="${realm}",service="registry, of ours",scope="repository:x:pull"`

/** Asks for credentials in this way, and answers who has them. */
const guarded =
  (wanted: string, { challenge, allowed }: { challenge: () => string; allowed: Answer }): Answer =>
  (request, reply) => {
    if (request.headers.authorization === wanted) return allowed(request, reply)
    reply.writeHead(401, { 'www-authenticate': challenge() }).end('{"errors":[{"code":"UNAUTHORIZED","message":"who are you?"}]}')
  }

t.test('a token is fetched once for a repository, with the credentials of docker login', async (t) => {
  const basic = `Basic ${Buffer.from('me:pa:ss').toString('base64')}`
  const tokens = await serverOf(t, (request, reply) => {
    reply.writeHead(request.headers.authorization === basic ? 200 : 401).end('{"token":"abc"}')
  })
  const challenge = () => bearer(`${tokens.url}/token`)
  const server = await serverOf(t, guarded('Bearer abc', { challenge, allowed: answering({ '/v2/x/tags/list?n=1000': { tags: ['1'] } }) }))
  const registry = open(server.host, { credentialsOf: async () => ({ username: 'me', password: 'pa:ss' }) })

  await registry.check()
  const both = await Promise.all([registry.tags('x'), registry.tags('x')])

  t.strictSame(both, [['1'], ['1']])
  t.strictSame(
    tokens.requests.map(({ url }) => url),
    ['/token?service=registry%2C+of+ours&scope=repository%3Ax%3Apull']
  )
})

t.test('an identity token is exchanged, and an expired token renewed', async (t) => {
  let body = ''
  let count = 0
  const tokens = await serverOf(t, async (request, reply) => {
    body = Buffer.concat(await request.toArray()).toString()
    reply.end(JSON.stringify({ access_token: `t${++count}` }))
  })
  const answer = answering({ '/v2/x/tags/list?n=1000': { tags: ['1'] } })
  const server = await serverOf(t, (request, reply) =>
    guarded(`Bearer t${Math.max(1, count)}`, { challenge: () => bearer(`${tokens.url}/token`), allowed: answer })(request, reply)
  )
  const registry = open(server.host, { credentialsOf: async () => ({ identityToken: 'refresh me' }) })

  const first = await registry.tags('x')
  count = 5
  const second = await registry.tags('x')

  t.strictSame([first, second], [['1'], ['1']])
  t.match(body, /grant_type=refresh_token.*&refresh_token=refresh\+me.*&scope=repository%3Ax%3Apull/)
  t.equal(count, 6)
})

t.test('Basic is answered with the password, and nothing is sent to a redirect to another server', async (t) => {
  const wanted = `Basic ${Buffer.from('me:secret').toString('base64')}`
  const elsewhere = await serverOf(t, (_, reply) => reply.end('{"tags":["far"]}'))
  const allowed: Answer = (_, reply) => reply.writeHead(307, { location: `${elsewhere.url}/tags` }).end()
  const server = await serverOf(t, guarded(wanted, { challenge: () => 'Basic realm="x"', allowed }))

  const tags = await open(server.host, { credentialsOf: async () => ({ username: 'me', password: 'secret' }) }).tags('x')

  t.strictSame(tags, ['far'])
  t.strictSame(
    elsewhere.requests.map(({ headers }) => headers.authorization),
    [undefined]
  )
})

t.test('pages are followed by Link, on the same server, until one brings nothing new', async (t) => {
  const server = await serverOf(t, ({ url = '' }, reply) => {
    const last = new URL(url, 'http://x').searchParams.get('last')
    const link = (to: string, host = '') => reply.setHeader('link', `<${host}/v2/x/tags/list?n=2&last=${to}>; rel="next"`)
    if (last === null) link('b', 'http://elsewhere.invalid').end('{"tags":["a","b"]}')
    else if (last === 'b') link('c').end('{"tags":["c","../d"]}')
    else link('c').end('{"tags":["c"]}')
  })

  t.strictSame(await open(server.host).tags('x'), ['a', 'b', 'c'])
  t.equal(server.requests.length, 3)
})

const wrong: { name: string; answer: Answer; message: RegExp; registry?: string }[] = [
  {
    name: '401',
    answer: guarded('', { challenge: () => 'Basic', allowed: answering({}) }),
    registry: 'refused',
    message: /answered 401 for .*UNAUTHORIZED: who are you\?; if it is there, sign in with docker login/
  },
  { name: '403', answer: (_, reply) => reply.writeHead(403).end('no'), registry: 'refused', message: /answered 403 for .*: no; if/ },
  { name: '429', answer: (_, reply) => reply.writeHead(429).end(), message: /answered 429 for .*; wait, or ask for less/ },
  {
    name: '500',
    answer: (_, reply) => reply.writeHead(500).end('<h1>\n\u001b[31mbroken'),
    message: /answered 500 for .*: <h1> \[31mbroken; try again later/
  },
  { name: 'a page', answer: (_, reply) => reply.end('<html>'), message: /what is no list of tags/ },
  { name: 'other JSON', answer: (_, reply) => reply.end('{"tags":{}}'), message: /what is no list of tags/ },
  { name: 'too much', answer: (_, reply) => reply.end(Buffer.alloc(5 * 1024 * 1024)), message: /larger than 4194304 bytes/ },
  { name: 'nothing', answer: (_, reply) => reply.destroy(), message: /cannot be reached/ },
  { name: 'a loop', answer: (_, reply) => reply.writeHead(302, { location: '/again' }).end(), message: /redirects more than 5 times/ },
  {
    name: 'http elsewhere',
    answer: (_, reply) => reply.writeHead(302, { location: 'http://elsewhere.invalid/' }).end(),
    message: /would be asked without encryption/
  }
]
for (const { name, answer, message, registry } of wrong) {
  t.test(`a registry that answers ${name} is reported`, async (t) => {
    const server = await serverOf(t, answer)

    await t.rejects(open(server.host).tags('x'), { message, ...(registry && { registry }) })
  })
}

t.test('no message repeats a secret', async (t) => {
  const server = await serverOf(t, (request, reply) =>
    reply
      .writeHead(401, { 'www-authenticate': 'Basic' })
      .end(`{"message":"not ${request.headers.authorization} of ${'hunter2 '.repeat(50)}"}`)
  )

  const tags = open(server.host, { credentialsOf: async () => ({ username: 'me', password: 'hunter2' }) }).tags('x')

  await t.rejects(tags, {
    message: /: not Basic \*\*\* (?:of )?(?:\*\*\* ?)+; user "me" of docker's configuration may not read it: sign in again/
  })
})

t.test('what a manifest names has to have its digest', async (t) => {
  const { manifest, config } = imageToPush({ config: { Labels: { v: '7' } } })
  const { digest } = JSON.parse(manifest.toString()).config
  const at = (blob: string) =>
    serverOf(
      t,
      answering(
        { '/v2/x/manifests/1': manifest.toString(), [`/v2/x/blobs/${digest}`]: blob },
        { headers: { 'content-type': manifestType } }
      )
    )
  const [good, bad] = await Promise.all([at(config.toString()), at('{}')])

  t.match(await open(good.host).image('x', '1'), { labels: { v: '7' } })
  t.equal(await open(good.host).image('x', '2'), undefined)
  await t.rejects(open(bad.host).image('x', '1'), { registry: 'unusable', message: /has another digest: sha256:/ })
})

t.test('an image that is refused or makes no sense is left out; a registry that fails is no answer', async (t) => {
  const server = await serverOf(t, ({ url = '' }, reply) => {
    if (url.startsWith('/v2/secret/')) reply.writeHead(403).end()
    else if (url.startsWith('/v2/broken/')) reply.writeHead(500).end()
    else answering({ '/v2/odd/tags/list?n=1000': { tags: ['1'] }, '/v2/odd/manifests/1': 'x' })({ url } as never, reply)
  })
  const find = (...imagenames: string[]) =>
    discoverInRegistry(open(server.host), { imagenames, rule: { label: 'v' }, repositoryFor: whole })

  t.match(await find('secret:1', 'odd:1', 'odd:2', 'none:1', 'Upper:1'), [
    { reason: /answered 403/ },
    { reason: /is no manifest: it is no JSON/ },
    { reason: 'it has no tag 2, whose label would name the tag' },
    { reason: 'there is no such repository' },
    { reason: '"Upper" is no repository\'s name for a registry' }
  ])
  await t.rejects(find('broken:1', 'none:1'), { message: /answered 500/, registry: 'failed' })
})

t.test('the newest image is found by its creation, of an index by its amd64 image, and what is no image does not count', async (t) => {
  const content: Record<string, unknown> = { '/v2/x/tags/list?n=1000': { tags: ['a', 'b', 'c', 'sig'] }, '/v2/x/manifests/sig': '{}' }
  const image = (tag: string, created: string) => {
    const config = Buffer.from(JSON.stringify({ created, config: {} }))
    const { layers: _, ...manifest } = JSON.parse(imageToPush().manifest.toString())
    const named = { ...manifest, layers: [], config: { ...manifest.config, digest: digestOfBytes(config), size: config.length } }
    const bytes = Buffer.from(JSON.stringify(named))
    content[`/v2/x/blobs/${digestOfBytes(config)}`] = config.toString()
    for (const reference of [tag, digestOfBytes(bytes)]) content[`/v2/x/manifests/${reference}`] = bytes.toString()
    return bytes
  }
  image('a', '2026-01-02T00:00:00+02:00')
  image('c', '2026-01-01T00:00:00Z')
  const children = [
    { bytes: image('arm', '2026-09-09T00:00:00Z'), architecture: 'arm64' },
    { bytes: image('amd', '2026-01-01T23:00:00.5Z'), architecture: 'amd64' }
  ]
  content['/v2/x/manifests/b'] = indexOf(children).toString()
  const server = await serverOf(t, answering(content))

  const found = await discoverInRegistry(open(server.host), { imagenames: ['x'], rule: { newest: 'created' }, repositoryFor: whole })

  t.strictSame(found, [{ tag: 'b', chosenBy: 'newest image' }])
})

t.test('no more requests are under way than was said', async (t) => {
  let [now, most] = [0, 0]
  const server = await serverOf(t, (_, reply) => {
    most = Math.max(most, ++now)
    setImmediate(() => {
      now--
      reply.end('{"tags":["1"]}')
    })
  })
  const imagenames = Array.from({ length: 40 }, (_, i) => `x${i}:1`)

  const found = await discoverInRegistry(open(server.host), { imagenames, rule: { newest: 'version' }, repositoryFor: whole })

  t.equal(found.filter((one) => 'tag' in one).length, 40)
  t.ok(most <= 4, `${most} at once`)
})
