import type { Test } from 'tap'
import { type Listener, listenTo } from './event-stream.ts'
import type { Doors } from './history-cases.ts'

const path = (id: string) => `/api/v1/containers/${encodeURIComponent(id)}`
const ofThis = (id: string, more = '') => `/api/v1/events?kind=record&container=${encodeURIComponent(id)}${more}`

/** Everything about events that a client can see, on whatever store. */
export async function eventCases(t: Test, [one, two]: Doors): Promise<void> {
  const put = (door: Doors[number], id: string, version: string) =>
    door.ask('PUT', path(id), { body: { version, digest: 'd', images: { amd64: 's3://key:hush@b/x' } } })
  const listen = async (t: Test, url: string, headers?: Record<string, string>) => {
    const listener = await listenTo(url, headers)
    t.teardown(listener.close)
    return listener
  }

  await t.test('who listens is told of what happens here and in the other replica, each once', async (t) => {
    const listeners = [await listen(t, one.url + ofThis('event-told:*')), await listen(t, two.url + ofThis('event-told:*'))]
    for (const { status, headers } of listeners) {
      t.equal(status, 200)
      t.equal(headers.get('content-type'), 'text/event-stream')
      t.equal(headers.get('x-accel-buffering'), 'no')
      t.match(headers.get('cache-control'), 'no-store')
    }

    const first = await put(one, 'event-told:v1', 'v1')
    const second = await put(two, 'event-told:v1', 'v2')
    await one.ask('DELETE', path('event-told:v1'), { headers: { 'x-reason': 'over' } })

    for (const { came, text } of listeners) {
      // what happened here is told at once, what happened elsewhere within a second or two: their order says which was first
      const told = (await came(3)).toSorted((a, b) => (a.data.order < b.data.order ? -1 : 1))
      t.strictSame(
        told.map(({ data }) => data.what),
        ['created', 'changed', 'removed']
      )
      t.match(told[0], {
        event: 'record',
        data: { container: 'event-told:v1', revision: first.body.container.revision, after: 'v1: amd64' }
      })
      t.match(told[1], { data: { revision: second.body.container.revision, by: { face: 'api' }, summary: /version was changed/ } })
      t.match(told[2], { data: { revision: null, reason: 'over', after: null } })
      for (const { id, data } of told) t.ok(id >= data.order)
      t.notMatch(text(), 'hush', 'no secret is told')
    }
    // what came from the other replica is read again and again, and told once
    await put(one, 'event-told:v2', 'v1')
    await put(two, 'event-told:v3', 'v1')
    for (const { came } of listeners) {
      const told = await came(5)
      t.equal(new Set(told.map(({ data }) => data.id)).size, told.length)
      t.equal(told.length, 5)
    }
  })

  await t.test('who comes back with the last id is told of what was missed, and of nothing twice', async (t) => {
    const first = await listen(t, one.url + ofThis('event-back:v1'))
    await put(one, 'event-back:v1', 'v1')
    const { id } = (await first.came(1))[0]!
    first.close()
    await put(one, 'event-back:v1', 'v2')
    await put(two, 'event-back:v1', 'v3')

    const again = await listen(t, one.url + ofThis('event-back:v1', '&since=1999-01-01T00:00:00Z'), { 'last-event-id': id })
    const asked = await listen(t, one.url + ofThis('event-back:v1', `&since=${encodeURIComponent(id)}`))
    for (const listener of [again, asked]) await listener.came(2)
    await put(two, 'event-back:v1', 'v4')

    for (const listener of [again, asked]) {
      await listener.came(3)
      t.strictSame(
        listener.events.map(({ data }) => data.after),
        ['v2: amd64', 'v3: amd64', 'v4: amd64']
      )
    }
  })

  await t.test('a client of another replica goes on where it was', async (t) => {
    const first = await listen(t, one.url + ofThis('event-moved:v1'))
    await put(one, 'event-moved:v1', 'v1')
    await put(two, 'event-moved:v1', 'v2')
    const { id } = (await first.came(2))[1]!
    first.close()
    await put(one, 'event-moved:v1', 'v3')

    const moved = await listen(t, two.url + ofThis('event-moved:v1'), { 'last-event-id': id })
    await put(two, 'event-moved:v1', 'v4')

    await moved.came(2)
    const had = new Set(first.events.map(({ data }) => data.id))
    const fresh = async () => moved.events.filter(({ data }) => !had.has(data.id)).map(({ data }) => data.after)
    await moved.came(moved.events.length + Math.max(0, 2 - (await fresh()).length))
    t.strictSame(await fresh(), ['v3: amd64', 'v4: amd64'])
  })

  await t.test('what happened since a moment is told first', async (t) => {
    await put(one, 'event-since:v1', 'v1')
    await new Promise((resolve) => setTimeout(resolve, 10))
    const since = new Date().toISOString()
    await put(one, 'event-since:v1', 'v2')
    await put(one, 'event-since:v1', 'v3')

    const { came } = await listen(t, two.url + ofThis('event-since:v1', `&since=${since}`))

    t.strictSame(
      (await came(2)).map(({ data }) => data.after),
      ['v2: amd64', 'v3: amd64']
    )
  })

  await t.test('only what is asked for is told: by kind, and by the pattern of an id', async (t) => {
    const { came } = await listen(t, `${one.url}/api/v1/events?kind=record,state&container=event-on?:*`)
    await put(one, 'event-off:v1', 'v1')
    await put(one, 'event-one:v1', 'v1')

    t.match(await came(1), [{ data: { container: 'event-one:v1' } }])
    for (const query of ['kind=colour', 'kind=record,', 'since=yesterday', 'since=2026-13-01T00:00:00Z', 'page=1']) {
      t.match(await one.ask('GET', `/api/v1/events?${query}`), { status: 400, body: { code: 'parameter_invalid' } }, query)
    }
    t.match(await one.ask('GET', '/api/v1/events', { headers: { 'last-event-id': 'x' } }), {
      status: 400,
      body: { errors: [{ path: 'Last-Event-ID' }] }
    })
    const head = await one.ask('HEAD', '/api/v1/events')
    t.equal(head.status, 200)
    t.equal(head.headers.get('content-type'), 'text/event-stream')
  })

  await t.test('a container that comes to another state is told of once, with the reasons', async (t) => {
    const id = 'event-state:v1'
    const listeners = [one, two].map(({ url }) => listen(t, `${url}/api/v1/events?kind=state&container=${id}`))
    const [here, elsewhere] = (await Promise.all(listeners)) as [Listener, Listener]
    const image = (architecture: string) => ({ body: { url: `s3://b/${architecture}`, digest: 'd' } })
    await one.ask('PUT', `${path(id)}/expected`, { body: { architectures: ['amd64', 'arm64'] } })
    await one.ask('PUT', `${path(id)}/images/amd64`, image('amd64'))
    await here.came(1)
    await two.ask('PUT', `${path(id)}/images/arm64`, image('arm64'))
    await here.came(2)
    await one.ask('PUT', `${path(id)}/builds/arm64`, { body: { status: 'failed', reason: 'no space left' } })

    for (const { came } of [here, elsewhere]) {
      const told = (await came(3)).toSorted((a, b) => (a.data.order < b.data.order ? -1 : 1))
      t.strictSame(
        told.map(({ event, data: { what, before, after } }) => [event, what, before, after]),
        [
          ['state', 'partial', null, 'partial'],
          ['state', 'complete', 'partial', 'complete'],
          ['state', 'degraded', 'complete', 'degraded']
        ]
      )
      t.match(told[0]!.data.summary, /^it is partial; .*arm64/)
      t.match(told[2]!.data.summary, /^it is degraded, and was complete; .*no space left/)
    }
    const { items } = (await two.ask('GET', `${path(id)}/history?kind=state`)).body
    t.equal(items.length, 3, 'by whichever replica')
  })

  await t.test(
    'the same content in another order, under other aliases, is no change: nobody is told, and nothing is in the history',
    async (t) => {
      const id = 'event-same:v1'
      const { came } = await listen(t, one.url + ofThis(id))
      const images = { amd64: 's3://b/x', arm64: 's3://b/arm' }
      const first = await one.ask('PUT', path(id), { body: { version: 'v1', digest: 'd', images } })
      const { revision } = first.body.container
      const history = async () => (await two.ask('GET', `${path(id)}/history?kind=record`)).body.items

      const again = [
        await two.ask('PUT', path(id), { body: { images: { aarch64: images.arm64, x86_64: images.amd64 }, digest: 'd', version: 'v1' } }),
        await two.ask('PUT', `${path(id)}/images/aarch64`, { body: { url: images.arm64 } }),
        await one.ask('PATCH', path(id), { body: { images: { x86_64: images.amd64 } } })
      ]
      for (const { status, body } of again) t.match({ status, body }, { status: 200, body: { unchanged: true, container: { revision } } })

      const urls = JSON.stringify({ aarch64: images.arm64, x86_64: images.amd64, arm64: images.arm64, amd64: images.amd64 })
      const form = new URLSearchParams({ name: id, version: 'v1', digest: 'd', url: images.amd64, urls })
      t.equal((await one.ask('POST', '/container/add', { body: form })).status, 200)
      t.equal(
        (await two.ask('GET', `/container/info?id=${id}`)).body.result.urls,
        urls,
        "Mozart's clients read the very bytes that they sent"
      )
      t.equal((await history()).length, 1)

      await put(one, id, 'v2')
      t.strictSame(
        (await came(2)).map(({ data }) => data.what),
        ['created', 'changed']
      )
      t.equal((await history()).length, 2)
    }
  )
}
