import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createAuthenticate } from '../../../src/access/authentication.ts'
import { hashOfToken, newToken } from '../../../src/access/token.ts'
import { openTokens } from '../../../src/access/token-file.ts'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { startWithTarballs, type TarballOptions, tarball } from '../../support/tarballs.ts'

const form = { 'content-type': 'application/x-www-form-urlencoded' }
const hello = '/ui/containers/hello%3A1'
const container = '/api/v1/containers/hello%3A1'

async function start(t: Test, options: TarballOptions = {}) {
  const { app, ...server } = await startWithTarballs(t, { now: () => new Date(), ...options })
  const ask = async (method: 'GET' | 'PUT' | 'POST' | 'DELETE', url: string, payload?: object) => {
    const octets = Buffer.isBuffer(payload) && { 'content-type': 'application/octet-stream' }
    const reply = await app.inject({ method, url, ...(payload && { payload }), headers: { ...octets } })
    if (reply.statusCode >= 300) throw new Error(`${method} ${url}: ${reply.body}`)
    return reply.json()
  }
  const post = (url: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url, headers: { ...form, ...headers }, payload: new URLSearchParams(fields).toString() })
  return {
    ...server,
    app,
    ask,
    post,
    page: (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers }),
    /** Confirms what a page asks, as a browser without JavaScript does: with every hidden field of its last form. */
    async confirm(url: string, { fields = {}, said }: { fields?: Record<string, string>; said?: Record<string, string> } = {}) {
      const { body } = said ? await post(url, said) : await app.inject({ url })
      return { asked: body, reply: await post(url, { ...hiddenIn(body), ...fields }) }
    }
  }
}

const hiddenIn = (page: string): Record<string, string> =>
  Object.fromEntries(
    [...page.slice(page.lastIndexOf('<form')).matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)].map(([, name, value]) => [
      name!,
      value!.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&lt;', '<')
    ])
  )

async function withTokens(t: Test, scopes: Record<string, string[]>) {
  const path = join(temporaryDirectory(t), 'tokens')
  const tokens = Object.keys(scopes).map((name) => [name, newToken()] as const)
  const lines = tokens.map(([name, token]) =>
    JSON.stringify({ name, sha256: hashOfToken(token), scopes: scopes[name], match: null, expires: null, created: '2020-01-01T00:00:00Z' })
  )
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 })
  const authenticate = createAuthenticate({ tokens: openTokens({ path, onProblem: t.fail }), now: Date.now })
  const headers = Object.fromEntries(
    tokens.map(([name, token]) => [name, { authorization: `Basic ${Buffer.from(`me:${token}`).toString('base64')}` }])
  )
  return { authenticate, headers }
}

t.test('an action says what it would do, does it when that is confirmed, and the history names the page and the reason', async (t) => {
  const { ask, confirm, page } = await start(t)
  await ask('PUT', `${container}/images/amd64`, tarball())
  await ask('PUT', `${container}/images/arm64`, tarball({ architecture: 'arm64' }))

  const { asked, reply } = await confirm(`${hello}/images/arm64/remove`, { fields: { reason: 'built again' } })

  t.match(asked, /The image for <b>arm64<\/b> is taken away/)
  t.equal(reply.statusCode, 303)
  t.equal(reply.headers.location, '../../../../../ui/containers/hello%3A1?done=image-removed')
  t.strictSame(Object.keys((await ask('GET', container)).images), ['amd64'])
  const { items } = await ask('GET', `${container}/history?kind=record&limit=1`)
  t.match(items[0], { by: { face: 'ui' }, reason: 'built again' })
  t.match((await page('/ui/?done=image-removed')).body, 'role="status">The image was taken away.')
  t.notMatch((await page('/ui/?done=%3Cb%3Eevil')).body, 'evil')
})

t.test('asking changes nothing, whether by GET or by POST', async (t) => {
  const { ask, page, post } = await start(t)
  await ask('PUT', `${container}/images/amd64`, tarball())
  await ask('PUT', `${container}/images/arm64`, tarball({ architecture: 'arm64' }))
  const before = await ask('GET', container)
  const written = async () => (await ask('GET', `${container}/history?kind=record`)).items
  const items = await written()

  for (const path of ['remove', 'images/arm64/remove', 'images/arm64/verify', `restore?revision=${before.revision}`]) {
    t.equal((await page(`${hello}/${path}`)).statusCode, 200, path)
    t.equal((await post(`${hello}/${path}`, {})).statusCode, 200, path)
  }
  t.equal((await post(`${hello}/expect`, { architectures: 'amd64 s390x' })).statusCode, 200)

  const { revision, images, expected } = await ask('GET', container)
  t.strictSame({ revision, images, expected }, { revision: before.revision, images: before.images, expected: [] })
  t.strictSame(await written(), items)
})

t.test('a page that has become stale overwrites nothing', async (t) => {
  const { ask, page, post } = await start(t)
  await ask('PUT', container, { digest: 'd', images: { amd64: 's3://b/1.tar' } })
  const first = (await ask('GET', container)).revision
  await ask('PUT', container, { digest: 'd', images: { amd64: 's3://b/2.tar' } })
  const seen: Record<string, Record<string, string>> = {}
  for (const path of ['remove', `restore?revision=${first}`]) seen[path] = hiddenIn((await page(`${hello}/${path}`)).body)
  await ask('PUT', container, { digest: 'd', images: { amd64: 's3://b/3.tar' } })

  for (const [path, fields] of Object.entries(seen)) {
    t.equal(fields['confirm'], 'yes', path)
    const reply = await post(`${hello}/${path}`, fields)
    t.equal(reply.statusCode, 412, path)
    t.match(reply.body, /another one was expected|was expected; read it again/, path)
  }
  t.equal((await ask('GET', container)).images.amd64.url, 's3://b/3.tar')
})

t.test('a removed container is listed, and registered again as it was', async (t) => {
  const { ask, confirm, page } = await start(t)
  await ask('PUT', container, { digest: 'd', images: { amd64: 's3://b/1.tar' } })
  await ask('PUT', '/api/v1/channels/current', { set: ['hello:1'] })

  const current = '/ui/containers/hello%3Acurrent'

  const refused = await confirm(`${current}/remove`)
  t.match(refused.asked, /This would be refused.*channel current/s)
  t.notMatch(refused.asked, 'name="confirm"')
  t.equal((await confirm(`${current}/remove`, { said: { force: 'yes' } })).reply.statusCode, 303)

  const { body } = await page('/ui/deleted')
  const [, link] = /href="([^"]*restore[^"]*)"/.exec(body) ?? []
  const { asked, reply } = await confirm(new URL(link!.replaceAll('&amp;', '&'), 'http://x/ui/deleted').href.slice('http://x'.length))
  t.match(asked, 'The container is registered again.')
  t.match(reply.headers.location, /\?done=restored$/)
  t.equal((await ask('GET', '/api/v1/containers/hello%3Acurrent')).images.amd64.url, 's3://b/1.tar')
})

t.test('what is expected is shown before it is said, and nothing leaves it to the rules', async (t) => {
  const { ask, confirm } = await start(t, { expected: ['amd64'] })
  const said = await confirm(`${hello}/expect`, { said: { architectures: 'aarch64, x86_64' } })
  t.match(said.asked, /so far: <b>amd64<\/b>.*from now on: <b>amd64, arm64<\/b>/s)
  t.strictSame((await ask('GET', `${container}/expected`)).architectures, ['amd64', 'arm64'])

  await confirm(`${hello}/expect`, { said: {} })
  t.match(await ask('GET', `${container}/expected`), { architectures: ['amd64'], from: 'default' })
})

t.test('an image is read, and registered as what it proves to be', async (t) => {
  const { ask, confirm } = await start(t)
  await ask('PUT', `${container}/images/arm64`, tarball())

  t.match((await confirm(`${hello}/images/arm64/verify`)).reply.headers.location, /done=verified$/)
  const { asked, reply } = await confirm(`${hello}/images/arm64/relabel`)

  t.match(asked, /registered as the one for <b>amd64<\/b>/)
  t.match(reply.headers.location, /done=relabelled$/)
  t.strictSame(Object.keys((await ask('GET', container)).images), ['amd64'])
})

t.test('a channel is moved to a set, refused with every reason, and moved back', async (t) => {
  const { ask, confirm, post } = await start(t)
  for (const id of ['hello:1', 'hello:2'])
    await ask('PUT', `/api/v1/containers/${id}`, { version: '1', digest: `d${id}`, images: { amd64: `s3://b/${id}.tar` } })
  const way = '/ui/channels/current'

  const first = await confirm(`${way}/promote`, { said: { set: 'hello:1' } })
  t.match(first.asked, /becomes promotion 1, of 1 image/)
  t.match(first.reply.headers.location, /ui\/channels\/current\?done=promoted$/)
  const second = await confirm(`${way}/promote`, { said: { set: 'hello:2' }, fields: { reason: 'night' } })
  t.match(second.asked, /<del>.*hello.*:1.*<\/del>.*<ins>.*:2/s)
  t.match(await ask('GET', '/api/v1/channels/current'), { number: 2, reason: 'night' })

  t.match((await post(`${way}/promote`, { set: 'hello:1\nnobody:1\nnobody:2' })).body, /would be refused.*nobody:1.*nobody:2/s)
  t.equal((await post(`${way}/promote`, {})).statusCode, 400)
  const stale = hiddenIn((await post(`${way}/promote`, { set: 'hello:1' })).body)
  const back = await confirm(`${way}/roll-back?to=1`)
  t.match(back.reply.headers.location, /done=promoted$/)
  t.equal((await post(`${way}/promote`, stale)).statusCode, 412)
  t.match((await ask('GET', '/api/v1/channels/current')).set, [{ origin: 'hello:1' }])
})

const boundary = '----x'
const multipart = (fields: Record<string, string>, file: Buffer): Buffer =>
  Buffer.concat([
    ...Object.entries(fields).map(([name, value]) =>
      Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
    ),
    Buffer.from(
      `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="image.tar"\r\ncontent-type: application/octet-stream\r\n\r\n`
    ),
    file,
    Buffer.from(`\r\n--${boundary}--\r\n`)
  ])

t.test('a form without JavaScript brings a tarball, or only says what it is', async (t) => {
  const { app, ask, everything } = await start(t)
  const send = (fields: Record<string, string>, file = tarball()) =>
    app.inject({
      method: 'POST',
      url: '/ui/bring',
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      payload: multipart({ architecture: '', version: '', reason: '', ...fields }, file)
    })

  const dry = await send({ id: 'hello:1', dryRun: 'yes' })
  t.match(dry.body, /image for <b>amd64<\/b> of <span class="id"><bdi>hello/)
  t.strictSame(await everything(), [])
  const brought = await send({ id: 'hello:1', reason: 'from my laptop' })
  t.equal(brought.headers.location, '../ui/containers/hello%3A1?done=brought')
  t.match(await ask('GET', container), { images: { amd64: { verdict: 'match' } } })
  t.match((await ask('GET', `${container}/history?limit=1&kind=record`)).items, [{ by: { face: 'ui' }, reason: 'from my laptop' }])
  t.match((await send({}, tarball())).body, /id of the container is needed/)
  t.equal((await send({ id: 'hello:1' }, Buffer.from('no tarball'))).statusCode, 422)
})

t.test('only who may do something is asked about it, and the server asks the policy again', async (t) => {
  const { authenticate, headers } = await withTokens(t, { reader: ['read'], builder: ['register'], admin: ['admin'] })
  const { page, post, catalogue } = await start(t, { policy: 'read', authenticate })
  const cause = { face: 'api', identity: null, address: null, agent: null, request: null, reason: null } as const
  await catalogue.edits.apply({
    ...{ id: 'hello:1', publicUrl: 'http://x', cause },
    edits: [{ op: 'put', container: { version: '1', digest: 'd', images: { amd64: 's3://b/x.tar' } } }]
  })
  const confirmed = { confirm: 'yes' }

  const anonymous = await page(`${hello}/remove`)
  t.equal(anonymous.statusCode, 401)
  t.match(anonymous.headers['www-authenticate'], /^Basic/)
  t.equal((await page(`${hello}/remove`, headers['builder'])).statusCode, 403)
  for (const [who, status] of [
    [{}, 401],
    [headers['reader'], 403],
    [headers['builder'], 403]
  ] as const)
    t.equal((await post(`${hello}/remove`, confirmed, who)).statusCode, status)
  t.equal((await post(`${hello}/remove`, confirmed, { ...headers['admin'], origin: 'http://evil.example' })).statusCode, 403)
  t.equal((await post(`${hello}/remove`, confirmed, { ...headers['admin'], 'sec-fetch-site': 'cross-site' })).statusCode, 403)
  t.equal((await post(`${hello}/remove`, confirmed, headers['admin'])).statusCode, 303)
  t.match((await catalogue.history.list('hello:1', { limit: 1 })).items, [{ what: 'removed', by: { identity: 'token:admin' } }])
})

t.test('signing in asks for a token, and leads back to a page of ours only', async (t) => {
  const { authenticate, headers } = await withTokens(t, { reader: ['read'] })
  const { page } = await start(t, { policy: 'read', authenticate })

  const asked = await page('/ui/sign-in')
  t.equal(asked.statusCode, 401)
  t.match(asked.headers['www-authenticate'], /^Basic realm=/)
  const leads = async (to: string) => (await page(`/ui/sign-in?${new URLSearchParams({ to })}`, headers['reader'])).headers.location
  t.equal(await leads('ui/containers/hello%3A1'), '../ui/containers/hello%3A1?done=signed-in')
  for (const elsewhere of ['//evil.example', 'https://evil.example/', '/ui/', 'ui/\\evil', 'storage/x', ''])
    t.equal(await leads(elsewhere), '../ui/?done=signed-in', elsewhere)
  t.match((await page('/ui/')).body, 'Sign in')
  t.match((await page('/ui/', headers['reader'])).body, '<bdi>reader</bdi>')
})
