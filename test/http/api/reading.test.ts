import { randomBytes } from 'node:crypto'
import t from 'tap'
import { listenTo } from '../../support/event-stream.ts'
import { gatedInspect } from '../../support/gated-inspect.ts'
import { appLayer, baseLayer, inChunks } from '../../support/images.ts'
import { eventually } from '../../support/processes.ts'
import { openBlobs, openStores } from '../../support/start-server.ts'
import { startWithTarballs, tarball, type WithTarballs } from '../../support/tarballs.ts'
import { tusClient } from '../../support/tus.ts'

const now = () => new Date()
const data = [{ name: 'app/data', body: randomBytes(5_000_000) }]
const bytes = tarball({ architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64'), data] })

const container = async ({ app }: WithTarballs) => (await app.inject('/api/v1/containers/hello%3A1')).json()
const page = async ({ app }: WithTarballs, path: string) => (await app.inject(`/ui/${path}`)).body

t.test('how far an image has been read is seen at every replica, until it is proven', async (t) => {
  const { inspect, open } = gatedInspect()
  t.teardown(open)
  const shared = { stores: await openStores(t), blobs: await openBlobs(t), now, leaseMs: 2000, eventBounds: { everyMs: 20 }, listen: true }
  const here = await startWithTarballs(t, { ...shared, inspect })
  const there = await startWithTarballs(t, shared)
  await here.blobs.put('arm.tar.gz', inChunks(bytes))
  const images = { arm64: 'http://127.0.0.1:0/storage/arm.tar.gz', amd64: 's3://b/x.tar' }
  await here.app.inject({ method: 'PUT', url: '/api/v1/containers/hello%3A1', payload: { version: 'v1', digest: 'd', images } })
  t.notOk((await container(here)).images.arm64.reading, 'nobody reads it yet')
  const everything = await listenTo(`${there.url}/api/v1/events`)
  const stream = await listenTo(`${there.url}/api/v1/events?kind=reading&container=hello:*`)
  for (const { close } of [everything, stream]) t.teardown(close)

  const work = here.catalogue.verifier!.work({ atOnce: 1, signal: new AbortController().signal })
  const halfway = async (server: WithTarballs) => {
    const reading = (await container(server)).images.arm64.reading
    return reading?.read > 0 ? reading : undefined
  }
  const reading = await eventually(() => halfway(here), { what: 'its first bytes have been read' })
  t.strictSame(await eventually(() => halfway(there), { what: 'the other replica knows' }), reading)

  const { read, size } = reading
  t.equal(size, bytes.length)
  t.ok(read < size, `${read} of ${size}`)
  const bar = `<progress value="${read}" max="${size}"></progress> <small>`
  for (const server of [here, there]) {
    t.match((await server.app.inject('/api/v1/containers/hello%3A1/images/arm64')).json(), { verdict: 'unverified', reading })
    const [catalogue, detail] = [await page(server, ''), await page(server, 'containers/hello%3A1')]
    for (const shown of [catalogue, detail]) t.equal(shown.split(bar).length, 2, 'at the one image that is read')
  }
  const told = [{ container: 'hello:1', architecture: 'arm64', read, size }]
  t.strictSame((await stream.came(1))[0], { id: '', event: 'reading', data: { readings: told } })

  open()
  t.equal(await work, 1)
  t.strictSame((await container(here)).images.arm64.reading, undefined)
  t.match((await container(there)).images.arm64, { verdict: 'match', reading: undefined }, 'its result ends it at every replica at once')
  t.match((await stream.came(2)).at(-1), { event: 'reading', data: { readings: [] } })
  t.notOk(
    everything.events.some(({ event }) => event === 'reading'),
    'who does not ask for it gets the history only'
  )
})

t.test('how far the bytes of an upload have been read is seen while it is proven', async (t) => {
  const { inspect, open } = gatedInspect()
  t.teardown(open)
  const server = await startWithTarballs(t, { now, inspect, listen: true })
  const client = tusClient(server.url)
  const path = await client.begin({ id: 'hello:1' }, bytes.length)
  const sent = client.patch(path, 0, bytes)

  const found = await eventually(
    async () => {
      const upload = (await (await client.ask(path)).json()) as { state: string; read?: number }
      return upload.read !== undefined && upload.read > 0 ? upload : undefined
    },
    { what: 'its first bytes have been read' }
  )

  t.equal(found.state, 'proving')
  t.ok(found.read! < bytes.length)
  await server.app.inject({
    method: 'PUT',
    url: '/api/v1/containers/hello%3A1',
    payload: { version: 'v1', digest: 'd', images: { s390x: 's3://b/x' } }
  })
  const shown = await page(server, 'containers/hello%3A1')
  t.match(shown, `<progress value="${found.read}" max="${bytes.length}"></progress>`)
  t.match(shown, /its bytes are being read: [\d.]+ [kM]B of [\d.]+ MB</)
  open()
  t.equal((await sent).status, 204)
  t.notOk('read' in ((await (await client.ask(path)).json()) as object))
})
