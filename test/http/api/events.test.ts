import t from 'tap'
import { eventCases } from '../../support/event-cases.ts'
import { listenTo } from '../../support/event-stream.ts'
import { doorOf } from '../../support/front-door.ts'
import { openStores } from '../../support/start-server.ts'
import { startWithTarballs } from '../../support/tarballs.ts'

const now = () => new Date()
const body = { version: 'v1', digest: 'd', images: { amd64: 's3://b/x' } }

t.test('through two servers on one embedded store', async (t) => {
  const stores = await openStores(t)
  const servers = [
    await startWithTarballs(t, { listen: true, now, stores }),
    await startWithTarballs(t, { listen: true, now, stores })
  ] as const

  await eventCases(t, [doorOf(servers[0].url), doorOf(servers[1].url)])
})

t.test('a server that stops ends its streams at once, and says where to go on', async (t) => {
  const { app, url } = await startWithTarballs(t, { listen: true, now })
  const listeners = [await listenTo(`${url}/api/v1/events?kind=record`), await listenTo(`${url}/api/v1/events?container=other`)]
  await doorOf(url).ask('PUT', '/api/v1/containers/a', { body })
  const { id } = (await listeners[0]!.came(1))[0]!

  await app.close()

  for (const { ended } of listeners) t.ok(await ended())
  t.match(listeners[0]!.events.at(-1), { event: 'end', data: { code: 'server_stops', resume: id } })
  t.match(listeners[1]!.events.at(-1), { event: 'end', data: { code: 'server_stops', resume: null } })
})

t.test('events are told behind a prefix', async (t) => {
  const { url } = await startWithTarballs(t, { listen: true, now, prefix: '/mozart' })
  const { came, close } = await listenTo(`${url}/mozart/api/v1/events?kind=record`)
  t.teardown(close)

  await doorOf(`${url}/mozart`).ask('PUT', '/api/v1/containers/a', { body })

  t.match(await came(1), [{ data: { container: 'a' } }])
})

t.test('a quiet stream is kept alive, and so many at most are there at a time', async (t) => {
  const { url } = await startWithTarballs(t, { listen: true, now, eventBounds: { streams: 2, idleMs: 20 } })
  const first = await listenTo(`${url}/api/v1/events`)
  // one client may only have its share
  const second = await listenTo(`${url}/api/v1/events`, { 'x-forwarded-for': '192.0.2.2' })
  t.teardown(second.close)

  const refused = await doorOf(url).ask('GET', '/api/v1/events')
  t.match(refused, { status: 503, body: { code: 'streams_exhausted', detail: /2 readers/ } })
  t.equal(refused.headers.get('retry-after'), '5')
  while (!second.text().includes('\n:\n\n:\n\n')) await new Promise((resolve) => setTimeout(resolve, 10))

  first.close()
  for (let status = 503; status === 503; ) {
    const again = await listenTo(`${url}/api/v1/events`)
    t.teardown(again.close)
    status = again.status
  }
})

t.test('where to begin is an event or a time, in the query also when a header goes before it', async (t) => {
  const { app } = await startWithTarballs(t, { now })
  const begin = async (since: string, headers = {}) =>
    (await app.inject({ method: 'HEAD', url: '/api/v1/events', query: { since }, headers })).statusCode

  for (const since of ['2026-01-02T03:04Z', '2026-01-02T03:04:05.678+01:30', '2026-01-02T03:04:05.678Z/0000000000000012w/2f0c9f8e'])
    t.equal(await begin(since), 200, since)
  for (const since of ['', 'yesterday', '2026-13-02T03:04Z', '2026-01-02T25:04Z', '2026-01-02']) t.equal(await begin(since), 400, since)
  t.equal(await begin('yesterday', { 'last-event-id': '2026-01-02T03:04:05Z' }), 400)
})
