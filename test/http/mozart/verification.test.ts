import { getEventListeners } from 'node:events'
import t from 'tap'
import { startLoop } from '../../../src/catalogue/jobs/loop.ts'
import { CatalogueError } from '../../../src/domain/errors.ts'
import { appLayer, baseLayer, inChunks } from '../../support/images.ts'
import { openBlobs, openStores } from '../../support/start-server.ts'
import { startWithTarballs, tarball, type WithTarballs } from '../../support/tarballs.ts'

const arm64 = tarball({ architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] })
const mislabelled = tarball({ architecture: 'arm64' })
const hello = { name: 'hello:1', version: 'v1', digest: 'sha256:1' }
const ours = (key: string) => `http://127.0.0.1:0/storage/${key}`

const add = ({ app }: WithTarballs, fields: Record<string, string>) =>
  app.inject({ method: 'POST', url: '/api/v0.1/container/add', query: { ...hello, ...fields } })
const work = ({ catalogue }: WithTarballs) => catalogue.verifier!.work({ atOnce: 10, signal: new AbortController().signal })
const waiting = async ({ stores }: WithTarballs) => (await stores.tasks.list({ limit: 10 })).items.length
const verdict = async ({ app }: WithTarballs, arch: string) => {
  const { result, message } = (await app.inject(`/container/resolve?id=hello:1&arch=${arch}`)).json()
  return result?.verdict ?? message
}

t.test('an image of our own store is read behind the back of who registered it', async (t) => {
  const server = await startWithTarballs(t)
  await server.blobs.put('arm.tar.gz', inChunks(arm64))
  await server.blobs.put('wrong.tar.gz', inChunks(mislabelled))
  const amd64 = ours('arm.tar.gz').replace('http:', 'dav:')
  const urls = JSON.stringify({ x86_64: amd64, arm64: ours('arm.tar.gz'), s390x: 's3://b/z.tar' })
  await add(server, { url: amd64, urls })
  t.equal(await verdict(server, 'arm64'), 'unverified')
  t.equal(await waiting(server), 2, 'what stands elsewhere is not even put down')

  t.equal(await work(server), 2)

  t.equal(await verdict(server, 'arm64'), 'match')
  t.match(await verdict(server, 'x86_64'), /^the image for amd64 of hello:1 is proven to be for arm64/)
  t.equal(await verdict(server, 's390x'), 'unverified')
  t.equal(await waiting(server), 0)
})

t.test('an image that others register, in the store itself, is read when that is noticed', async (t) => {
  const server = await startWithTarballs(t, { appendGraceMs: 0, now: () => new Date() })
  const sweep = async () => {
    await server.catalogue.summaries.run({ everyMs: 0, signal: new AbortController().signal })
    await server.catalogue.summaries.settled(5000)
  }
  await server.blobs.put('arm.tar.gz', inChunks(arm64))
  await add(server, { url: 's3://b/x.tar', urls: '{"arm64": "s3://b/arm.tar"}' })
  await sweep()
  t.equal(await waiting(server), 0)
  const { document } = (await server.stores.containers.get('hello:1'))!
  await server.stores.containers.put('hello:1', document.replaceAll('s3://b/arm.tar', ours('arm.tar.gz')))

  await sweep()
  t.equal(await waiting(server), 1)
  await work(server)

  t.equal(await verdict(server, 'arm64'), 'match')
  await sweep()
  t.equal(await waiting(server), 0, 'it is told once')
})

t.test('registering what may not be read puts nothing down', async (t) => {
  const own = await startWithTarballs(t)
  await add(own, { url: 's3://b/x.tar', urls: '{"arm64": "s3://b/arm.tar"}' })
  t.equal(await waiting(own), 0)

  const off = await startWithTarballs(t, { mode: 'off' })
  await off.blobs.put('arm.tar.gz', inChunks(arm64))
  await add(off, { url: ours('arm.tar.gz') })
  t.equal(await waiting(off), 0)
})

t.test('who waits is answered when the images were read', async (t) => {
  const server = await startWithTarballs(t)
  await server.blobs.put('arm.tar.gz', inChunks(arm64))

  const reply = await add(server, { url: '', urls: JSON.stringify({ aarch64: ours('arm.tar.gz') }), verify: 'wait' })

  t.equal(reply.statusCode, 200)
  t.equal(await verdict(server, 'arm64'), 'match')
  t.equal(await waiting(server), 0, 'and nobody reads them again')
  t.equal((await add(server, { url: 's3://x', verify: 'perhaps' })).statusCode, 400)
})

t.test('who waits on a strict site is refused what is not proven, and nothing is registered', async (t) => {
  const server = await startWithTarballs(t, { strict: true })
  await server.blobs.put('arm.tar.gz', inChunks(arm64))
  await server.blobs.put('wrong.tar.gz', inChunks(mislabelled))
  const named = (url: string) => ({ url: '', urls: JSON.stringify({ aarch64: url }), verify: 'wait' })
  for (const [url, why] of [
    [ours('wrong.tar.gz'), /^the image for arm64 is mislabelled: .*nothing was registered$/],
    [ours('absent.tar.gz'), /^absent\.tar\.gz is not in the store any more; .*nothing was registered$/],
    ['s3://b/arm.tar', /LEPORELLO_VERIFY.*nothing was registered$/]
  ] as const) {
    const reply = await add(server, named(url))
    t.match({ status: reply.statusCode, ...reply.json() }, { status: 409, success: false, message: why }, url)
  }
  t.equal((await server.app.inject('/container/info?id=hello:1')).statusCode, 404)

  const proven = await add(server, named(ours('arm.tar.gz')))
  t.equal(proven.statusCode, 200)
  t.equal(await verdict(server, 'arm64'), 'match')
  t.equal(await waiting(server), 0, 'and nobody reads it again')
  t.equal((await add(server, { url: 's3://b/x.tar' })).statusCode, 200, 'who does not wait registers at once, as everywhere')
})

t.test('a proven record without architectures is given to its machines only', async (t) => {
  const server = await startWithTarballs(t)
  await server.blobs.put('arm.tar.gz', inChunks(arm64))
  await add(server, { url: ours('arm.tar.gz') })
  t.equal(await verdict(server, 'x86_64'), 'unverified')

  await work(server)

  t.equal(await verdict(server, 'aarch64'), 'match')
  t.equal(await verdict(server, 'x86_64'), 'hello:1 has no image for amd64 (asked as x86_64); its one image is proven to be for arm64')
})

t.test('an image that is gone is known to be gone, and what was proven before stays', async (t) => {
  const server = await startWithTarballs(t)
  await add(server, { url: '', urls: JSON.stringify({ arm64: ours('never-there.tar') }) })

  await work(server)

  t.match((await server.app.inject('/api/v1/containers/hello%3A1/images/arm64')).json(), { status: 'gone', verdict: 'unverified' })
  t.equal(await waiting(server), 0)
})

t.test('an image that cannot be read says why, until it can', async (t) => {
  const server = await startWithTarballs(t, { mode: 'all' }) // which reads nothing but its own, and says so
  await add(server, { url: '', urls: '{"arm64": "s3://b/arm.tar"}' })

  t.equal(await work(server), 1)

  const image = (await server.app.inject('/api/v1/containers/hello%3A1/images/arm64')).json()
  t.match(image, { status: 'unreachable', verdict: 'unverified', summary: /LEPORELLO_VERIFY/ })
  t.equal(await waiting(server), 0, 'nobody asks again what is not permitted')
  t.equal(await verdict(server, 'arm64'), 'unverified', 'and machines are given it as before')
})

t.test('a record that was removed meanwhile is no work', async (t) => {
  const server = await startWithTarballs(t)
  await add(server, { url: ours('arm.tar.gz') })
  await server.app.inject('/container/remove?id=hello:1')

  t.equal(await work(server), 1)
  t.equal(await waiting(server), 0)
})

t.test('the loop reads what was there before it began, and what comes while it sleeps', async (t) => {
  const server = await startWithTarballs(t)
  await server.blobs.put('arm.tar.gz', inChunks(arm64))
  await add(server, { url: '', urls: JSON.stringify({ arm64: ours('arm.tar.gz') }) })
  const onError = (error: unknown) => t.fail(String(error))

  const verification = server.catalogue.verifier!

  const loop = startLoop({ work: (signal) => verification.work({ atOnce: 2, signal }), everyMs: 600_000, onError })
  verification.onWork(loop.wake)
  t.teardown(() => loop.stop())

  await until(async () => (await verdict(server, 'arm64')) === 'match')
  await add(server, { digest: 'sha256:2', url: '', urls: JSON.stringify({ arm64: ours('arm.tar.gz') }) })
  await until(async () => (await verdict(server, 'arm64')) === 'match')
  await loop.stop()
})

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('it did not come to pass within 10 s')
}

t.test('a task that can neither be done nor put back is no success, and one that fails as nobody foresaw is told', async (t) => {
  const stores = await openStores(t)
  let away = false
  const unlessAway = <Args extends unknown[], Answer>(method: (...args: Args) => Promise<Answer>) => {
    return async (...args: Args) => {
      if (away) throw new CatalogueError('store_unavailable', 'it is away')
      return method(...args)
    }
  }
  const tasks = { ...stores.tasks, put: unlessAway(stores.tasks.put), remove: unlessAway(stores.tasks.remove) }
  const told: string[] = []
  const blobs = await openBlobs(t)
  const broken = new TypeError('a fault of ours')
  let fail = true
  const get: typeof blobs.get = async (...args) => {
    if (fail) throw broken
    away = true
    return blobs.get(...args)
  }
  const clock = { ahead: 0 }
  const server = await startWithTarballs(t, {
    stores: { ...stores, tasks },
    blobs: { ...blobs, get },
    now: () => new Date(Date.now() + clock.ahead),
    onFailure: (error, what) => told.push(`${what}: ${(error as Error).message}`)
  })
  await blobs.put('arm.tar.gz', inChunks(arm64))
  await add(server, { url: 's3://b/x.tar', urls: JSON.stringify({ arm64: ours('arm.tar.gz') }) })
  const long = new AbortController()

  t.equal(await server.catalogue.verifier!.work({ atOnce: 10, signal: long.signal }), 1)
  t.strictSame(told, ['the image of hello:1 could not be read: a fault of ours'])
  fail = false
  clock.ahead = 3_600_000
  await t.rejects(server.catalogue.verifier!.work({ atOnce: 10, signal: long.signal }), { code: 'store_unavailable' })
  t.equal(await waiting(server), 1, 'it is done when its lease has ended')
  t.equal(getEventListeners(long.signal, 'abort').length, 0, 'nor is anything left at the signal')
})
