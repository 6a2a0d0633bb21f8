import { createHash } from 'node:crypto'
import t, { type Test } from 'tap'
import { isImmutable, parseRules } from '../../../src/domain/build/rules.ts'
import { containerOn, openEmbedded, startSite } from '../../support/assembly-client.ts'
import { startWithTarballs, tarball } from '../../support/tarballs.ts'

const both = ['amd64', 'arm64'] as never[]

async function start(t: Test) {
  const rules = [
    { match: 'free-*', immutable: false },
    { match: 'held-*', immutable: true, expected: both, publish: 'all' as const },
    { match: '*', immutable: true, expected: both }
  ]
  return startSite(t, { ...(await openEmbedded(t)), rules })
}

const add = (fields: Record<string, string>) => ({
  method: 'POST' as const,
  url: '/api/v0.1/container/add',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  payload: new URLSearchParams({ version: '1', digest: 'sha256:d', ...fields }).toString()
})
const urls = (amd64: string) => ({
  url: amd64,
  urls: JSON.stringify({ x86_64: amd64, amd64, arm64: 's3://b/arm.tar', aarch64: 's3://b/arm.tar' })
})

t.test('the first rule that matches says whether versions are immutable', async (t) => {
  const { rules } = parseRules([
    { match: 'free-*', immutable: false },
    { match: 'x*', publish: 'each' },
    { match: 'x*', immutable: true }
  ])

  t.strictSame(
    ['free-1', 'x:1', 'y:1'].map((id) => isImmutable(id, rules)),
    [false, true, false]
  )
  t.match(parseRules([{ match: '*', immutable: 'yes' }]).problems, [{ path: 'rules[0].immutable', message: /expected true or false/ }])
})

t.test('until it is complete a version may change; then the same is fine, and anything else is 409 with both fingerprints', async (t) => {
  const server = await start(t)
  const container = containerOn(server, 'hello:1')
  const image = async (architecture: string, url: string) => (await container.image(architecture, url)).status

  t.equal(await image('amd64', 's3://b/one.tar'), 201)
  t.equal(await image('amd64', 's3://b/two.tar'), 200)
  t.equal(await image('arm64', 's3://b/arm.tar'), 201)
  const { fingerprint, digest, version } = (await container.get()).body
  t.equal(await image('arm64', 's3://b/arm.tar'), 200)
  const refused = await container.image('amd64', 's3://b/three.tar')

  t.match(refused, { status: 409, body: { code: 'version_immutable' } })
  const [, is, wouldBe] = /its fingerprint is (\w{64}), and would be (\w{64});/.exec(refused.body.detail) ?? []
  t.equal(is, fingerprint)
  t.not(wouldBe, fingerprint)
  const same = { version, digest, url: 's3://b/two.tar', images: { arm64: 's3://b/arm.tar', amd64: 's3://b/two.tar' } }
  t.equal((await container.put('', same)).status, 200)
  t.equal((await container.put('', { ...same, digest: 'sha256:other' })).status, 409)
  t.equal((await container.ask('DELETE', '/images/arm64')).status, 409)
  t.match((await container.get()).body, { fingerprint })
})

t.test('on the Mozart face it is said in its envelope', async (t) => {
  const { app } = await start(t)
  await app.inject(add({ name: 'hello:1', ...urls('s3://b/one.tar') }))

  const same = await app.inject(add({ name: 'hello:1', ...urls('s3://b/one.tar') }))
  const other = await app.inject(add({ name: 'hello:1', ...urls('s3://b/two.tar') }))

  t.match(same, { statusCode: 200 })
  t.equal(other.statusCode, 409)
  t.match(other.json(), { success: false, message: /its fingerprint is \w{64}, and would be \w{64}/, result: null })
})

t.test('nobody makes it incomplete in order to change it', async (t) => {
  const server = await start(t)
  const container = containerOn(server, 'hello:1')
  for (const architecture of both) await container.image(architecture)

  t.equal((await container.put('/expected', { architectures: [...both, 'ppc64le'] })).status, 409)
  t.equal((await container.ask('DELETE', '/expected')).status, 200, 'which changes nothing')
  await container.build('arm64', { status: 'failed' })
  await container.test('amd64', { status: 'failed' })
  t.equal((await container.get()).body.state, 'degraded')
  t.equal((await container.image('amd64', 's3://b/other.tar')).status, 409)
})

t.test('an image that is proven to be wrong may be replaced', async (t) => {
  const server = await start(t)
  const container = containerOn(server, 'hello:1')
  await container.upload('amd64', tarball(), '?version=1')
  await container.upload('arm64', tarball(), '?version=1')

  t.match((await container.get()).body, { state: 'degraded' })
  t.equal((await container.image('arm64', 's3://b/right.tar')).status, 200)
  t.equal((await container.image('arm64', 's3://b/another.tar')).status, 409)
})

t.test('an image that could not be published later is refused when it comes, and its tarball goes again', async (t) => {
  const server = await start(t)
  const container = containerOn(server, 'held-hello:1')
  for (const architecture of both) await container.image(architecture)
  t.match((await container.get()).body, { state: 'complete' })

  t.match(await container.image('arm64', 's3://b/other.tar'), { status: 409, body: { code: 'version_immutable' } })
  t.match(await container.upload('arm64', tarball({ architecture: 'arm64' })), { status: 409 })
  t.match(server.said, [{ released: /held-hello-1-arm64/ }], 'the tarball goes again')
  t.match((await container.get()).body, { state: 'complete' })
})

t.test('a version may be removed, and other names are free', async (t) => {
  const server = await start(t)
  const [hello, free] = [containerOn(server, 'hello:1'), containerOn(server, 'free-hello:1')]
  for (const architecture of both) await hello.image(architecture)
  for (const architecture of both) await free.image(architecture)

  t.equal((await free.image('arm64', 's3://b/other.tar')).status, 200)
  t.equal((await hello.ask('DELETE', '')).status, 200)
  t.equal((await hello.image('arm64', 's3://b/other.tar')).status, 201)
})

t.test('the tarballs of a complete version are neither replaced nor removed by their path', async (t) => {
  const { app } = await startWithTarballs(t, { rules: [{ match: 'held:*', immutable: true }], expected: ['amd64'] })
  const bytes = tarball()
  const octets = { 'content-type': 'application/octet-stream' }
  const put = (payload: Buffer, headers = {}) =>
    app.inject({ method: 'PUT', url: '/storage/h.tar', headers: { ...octets, ...headers }, payload })
  for (const id of ['held:1', 'free:1'])
    await app.inject({ method: 'PUT', url: `/api/v1/containers/${id}/images/amd64`, headers: octets, payload: bytes })
  const path = async (id: string) => new URL((await app.inject(`/api/v1/containers/${id}`)).json().images.amd64.url).pathname
  const held = await path('held:1')
  const sha256 = createHash('sha256').update(bytes).digest('base64')

  const replaced = await app.inject({ method: 'PUT', url: held, headers: octets, payload: 'x' })
  const removed = await app.inject({ method: 'DELETE', url: held })
  const same = await app.inject({ method: 'PUT', url: held, headers: { ...octets, 'repr-digest': `sha-256=:${sha256}:` }, payload: bytes })

  t.match(replaced, { statusCode: 409, body: /is an image of held:1, which is complete/ })
  t.equal(removed.statusCode, 409)
  t.equal(same.statusCode, 204, same.body)
  t.equal((await app.inject({ method: 'DELETE', url: await path('free:1') })).statusCode, 204)
  t.equal((await put(bytes)).statusCode, 201)
  t.equal((await put(Buffer.from('x'))).statusCode, 204, 'what no container names may change')
})
