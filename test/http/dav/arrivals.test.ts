import t from 'tap'
import { appLayer, baseLayer } from '../../support/images.ts'
import { eventually } from '../../support/processes.ts'
import { startWithTarballs, tarball, type WithTarballs } from '../../support/tarballs.ts'

const amd64 = tarball()
const arm64 = tarball({ architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] })
const hello = { name: 'hello:1', version: 'v1', digest: 'sha256:1', url: '' }
const path = '/storage/images/hello.tar.gz'

const register = ({ app }: WithTarballs, url = `http://127.0.0.1:0${path}`) =>
  app.inject({ method: 'POST', url: '/container/add', query: { ...hello, urls: JSON.stringify({ amd64: url }) } })
const put = ({ app }: WithTarballs, payload: Buffer) => app.inject({ method: 'PUT', url: path, payload })
const work = ({ catalogue }: WithTarballs) => catalogue.verifier!.work({ atOnce: 10, signal: new AbortController().signal })
const shown = async ({ app }: WithTarballs) => (await app.inject('/api/v1/containers/hello%3A1/images/amd64')).json()
const waiting = async ({ stores }: WithTarballs) => (await stores.tasks.list({ limit: 10 })).items.length
const putDown = (server: WithTarballs) =>
  eventually(async () => (await waiting(server)) || undefined, { what: 'the image is put down to be read', everyMs: 10 })

t.test('a tarball that comes after its registration is read when it is there', async (t) => {
  const server = await startWithTarballs(t)
  await register(server, `dav://127.0.0.1:0${path}`)
  await work(server)
  t.match(await shown(server), { verdict: 'unverified', status: 'gone' })

  await put(server, amd64)
  await putDown(server)
  await work(server)

  t.match(await shown(server), { verdict: 'match', status: 'present' })
})

t.test('what was proven of a tarball is forgotten when another one takes its place, and that one is read', async (t) => {
  const server = await startWithTarballs(t)
  await put(server, amd64)
  await register(server)
  await work(server)
  t.match(await shown(server), { verdict: 'match', proven: 'amd64' })

  await put(server, arm64)
  await putDown(server)
  t.match(await shown(server), { verdict: 'unverified', proven: null, summary: /another tarball/ })
  await work(server)

  t.match(await shown(server), { verdict: 'mislabelled', proven: 'arm64' })
})

t.test('the same bytes again, and bytes that nobody registered, are not read', async (t) => {
  const server = await startWithTarballs(t)
  await put(server, amd64)
  await register(server)
  await work(server)

  await server.catalogue.fileEvents!.arrived({ key: 'images/hello.tar.gz', sha256: (await shown(server)).sha256 })
  await server.catalogue.fileEvents!.arrived({ key: 'images/other.tar.gz', sha256: 'f'.repeat(64) })

  t.equal(await waiting(server), 0)
  t.match(await shown(server), { verdict: 'match' })
})

t.test('where no image may be read, what was proven of other bytes is forgotten all the same', async (t) => {
  const server = await startWithTarballs(t, { mode: 'off' })
  await put(server, amd64)
  await register(server)
  await server.app.inject({ method: 'POST', url: '/api/v1/containers/hello%3A1/images/amd64/verify' })
  t.match(await shown(server), { verdict: 'match' })

  await server.catalogue.fileEvents!.arrived({ key: 'images/hello.tar.gz', sha256: 'f'.repeat(64) })

  t.match(await shown(server), { verdict: 'unverified' })
  t.equal(await waiting(server), 0)
})

t.test('a tarball that is removed by its path is known to be gone at once, and to be there again when it comes again', async (t) => {
  const server = await startWithTarballs(t)
  await put(server, amd64)
  await register(server)
  await work(server)
  const state = async () => (await server.app.inject('/api/v1/containers/hello%3A1')).json()
  const stands = (status: string) =>
    eventually(async () => (await shown(server)).status === status || undefined, { what: `it is ${status}`, everyMs: 10 })
  t.match(await state(), { state: 'complete' })

  const reply = await server.app.inject({ method: 'DELETE', url: path })
  await stands('gone')
  t.equal(reply.statusCode, 204)
  t.match(await shown(server), { verdict: 'match' }, 'what was proven of it stays known')
  t.match(await state(), { state: 'degraded', reasons: [{ code: 'gone' }] })
  t.strictSame(server.departed, [{ key: 'images/hello.tar.gz', containers: ['hello:1'] }])

  await put(server, amd64)
  await stands('present')
  t.match(await state(), { state: 'complete' })
  t.equal(await waiting(server), 0, 'the same bytes need not be read again')
})

t.test('a client that removes a file before it puts another, as osaka does, leaves nothing that is gone', async (t) => {
  const server = await startWithTarballs(t)
  await put(server, amd64)
  await register(server)
  await work(server)
  await server.app.inject({ method: 'DELETE', url: '/storage/images/nothing.tar.gz' })

  for (const bytes of [amd64, arm64, amd64, arm64]) {
    await server.app.inject({ method: 'DELETE', url: path })
    await put(server, bytes)
  }

  await eventually(
    async () => {
      await work(server)
      const { verdict, status } = await shown(server)
      return (verdict === 'mislabelled' && status === 'present') || undefined
    },
    { what: 'the last one stands, and was read', everyMs: 10 }
  )
})
