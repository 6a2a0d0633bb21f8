import t, { type Test } from 'tap'
import type { BlobStore } from '../../../src/blobs/blob-store.ts'
import { namedAmong } from '../../../src/catalogue/tarballs/naming.ts'
import type { Rule } from '../../../src/domain/build/rules.ts'
import type { DocumentStore, Stores } from '../../../src/stores/document-store.ts'
import { inChunks } from '../../support/images.ts'
import { openBlobs, openStores } from '../../support/start-server.ts'
import { startWithTarballs, tarball } from '../../support/tarballs.ts'

const first = tarball()
const second = tarball({ config: { Env: ['VERSION=2'] } })
const octets = { 'content-type': 'application/octet-stream' }
const hour = 3_600_000

/** A server with a clock that the test moves, and an hour of grace. */
async function start(t: Test, graceMs = hour, options: { rules?: Rule[]; stores?: Stores; blobs?: BlobStore } = {}) {
  let ahead = 0
  const server = await startWithTarballs(t, { ...options, graceMs, now: () => new Date(Date.now() + ahead) })
  const { app, catalogue, blobs } = server
  return {
    ...server,
    pass(ms: number) {
      ahead += ms
    },
    put: (id: string, payload: Buffer, architecture = 'amd64') =>
      app.inject({ method: 'PUT', url: `/api/v1/containers/${id}/images/${architecture}`, headers: octets, payload }),
    copy: (id: string, from: string) =>
      app.inject({
        method: 'PUT',
        url: `/api/v1/containers/${id}/images/amd64`,
        headers: { 'content-type': 'application/json' },
        payload: JSON.stringify({ from })
      }),
    remove: (id: string) => app.inject(`/api/v0.1/container/remove?id=${id}`),
    work: () => catalogue.removals!.work({ atOnce: 100, signal: new AbortController().signal }),
    keys: async () => (await blobs.list({ limit: 100 })).items.map(({ key }) => key)
  }
}

t.test('removing a container removes its tarballs after the grace, and Mozart says what it always said', async (t) => {
  const server = await start(t)
  await server.put('hello:1', first)
  const [key] = await server.keys()

  const reply = await server.remove('hello:1')
  t.equal(await server.work(), 0)
  t.strictSame(await server.keys(), [key], 'the grace is not over')
  server.pass(hour + 1000)
  t.equal(await server.work(), 1)

  t.equal(reply.body, '{"success": true, "message": "job_spec deleted: hello:1"}\n')
  t.strictSame(await server.everything(), [])
  t.strictSame(server.said, [{ released: key }, { removed: key }])
  t.equal((await server.stores.tasks.list({ limit: 10 })).items.length, 0)
})

t.test('an image in place of another releases the tarball of that one, and the answer says so', async (t) => {
  const server = await start(t)
  const before = await server.put('hello:1', first)
  const [old] = await server.keys()

  const reply = await server.put('hello:1', second)

  t.strictSame(before.json().released, [])
  const [released] = reply.json().released
  t.match(released, { key: old, container: 'hello:1' })
  t.ok(Date.parse(released.due) > Date.now() + hour - 60_000)
  server.pass(hour + 1000)
  await server.work()
  t.strictSame(await server.keys(), [reply.json().image.url.split('/storage/')[1]])
})

t.test('an image that is taken away releases its tarball', async (t) => {
  const server = await start(t)
  await server.put('hello:1', first)
  await server.put('hello:1', tarball({ architecture: 'arm64' }), 'arm64')

  const reply = await server.app.inject({ method: 'DELETE', url: '/api/v1/containers/hello:1/images/arm64' })

  t.match(reply.json().released, [{ key: /-arm64\.tar\.gz$/ }])
})

t.test('a tarball that another container names stays until that one is gone too', async (t) => {
  const server = await start(t)
  await server.put('hello:1', first)
  await server.copy('twin:1', 'hello:1')
  const [key] = await server.keys()

  await server.remove('hello:1')
  server.pass(hour + 1000)
  t.equal(await server.work(), 1)
  t.strictSame(await server.keys(), [key])
  await server.remove('twin:1')
  server.pass(hour + 1000)
  await server.work()

  t.strictSame(await server.keys(), [])
})

t.test(
  'a container that is removed releases what it named and what waited beside it, and the answer says so; so does a batch',
  async (t) => {
    const server = await start(t, hour, { rules: [{ match: 'whole*', publish: 'all', expected: ['amd64', 'arm64'] as never }] })
    const arm64 = tarball({ architecture: 'arm64' })
    const keysOf = (released: { key: string }[]) => released.map(({ key }) => key).sort()
    for (const id of ['whole:1', 'whole:2', 'whole:3']) {
      await server.put(id, first)
      await server.put(id, arm64, 'arm64')
      t.equal((await server.put(id, second, 'amd64?version=next')).statusCode, 202, 'the next version waits')
    }
    const own = async (id: string) => (await server.keys()).filter((key) => key.includes(`/${id.replace(':', '-')}/`))
    const wanted = await Promise.all(['whole:1', 'whole:2', 'whole:3'].map(own))
    const batch = async (id: string, atomic: boolean) => {
      const payload = JSON.stringify({ atomic, items: [{ op: 'delete', id }] })
      const headers = { 'content-type': 'application/json' }
      return (await server.app.inject({ method: 'POST', url: '/api/v1/batch', headers, payload })).json().results[0].released
    }

    const { released } = (await server.app.inject({ method: 'DELETE', url: '/api/v1/containers/whole:1' })).json()

    t.strictSame(keysOf(released), wanted[0])
    t.strictSame(keysOf(await batch('whole:2', true)), wanted[1])
    t.strictSame(keysOf(await batch('whole:3', false)), wanted[2])
    t.ok(wanted.every((keys) => keys.length === 3))
  }
)

t.test('looking through many containers takes longer than a lease, and yet no other replica looks at the same time', async (t) => {
  const stores = await openStores(t)
  const blobs = await openBlobs(t)
  const other = await start(t, hour, { stores, blobs })
  let onPage = async () => {}
  // one container a page, and each takes its time
  const slowly: DocumentStore['list'] = async (query) => {
    await onPage()
    return stores.containers.list({ ...query, limit: 1 })
  }
  const server = await start(t, hour, { stores: { ...stores, containers: { ...stores.containers, list: slowly } }, blobs })
  await server.put('hello:1', first)
  for (const id of ['a:1', 'b:1', 'c:1', 'd:1']) await server.put(id, second)
  await server.remove('hello:1')
  server.pass(hour + 1000)
  other.pass(hour + 1000)
  const meanwhile: number[] = []
  onPage = async () => {
    server.pass(40_000)
    other.pass(40_000)
    meanwhile.push(await other.work())
  }

  t.equal(await server.work(), 1)

  t.strictSame(meanwhile, [0, 0, 0, 0])
  t.equal(server.said.filter(({ removed }) => removed).length, 1)
})

t.test('a tarball that its container names again, though not through us, is looked for right before it goes', async (t) => {
  const stores = await openStores(t)
  let onEnd = async () => {}
  const list: DocumentStore['list'] = async (query) => {
    const page = await stores.containers.list(query)
    await onEnd()
    return page
  }
  const server = await start(t, hour, { stores: { ...stores, containers: { ...stores.containers, list } } })
  await server.put('hello:1', first)
  const { document } = (await stores.containers.get('hello:1'))!
  await server.remove('hello:1')
  server.pass(hour + 1000)
  onEnd = async () => void (await stores.containers.put('hello:1', document))

  await server.work()

  t.equal((await server.keys()).length, 1)
})

t.test('whoever registers it again within the grace keeps it, even under another address', async (t) => {
  const server = await start(t)
  const { image } = (await server.put('hello:1', first)).json()
  await server.remove('hello:1')
  const url = image.url.replace('http://127.0.0.1:0', 'dav://registry.example.org/behind/a/proxy')
  await server.app.inject({ method: 'POST', url: '/container/add', query: { name: 'again', version: '1', digest: 'sha256:1', url } })

  t.equal((await server.stores.tasks.list({ limit: 10 })).items.length, 0, 'its removal is called off')
  server.pass(hour + 1000)
  await server.work()

  t.equal((await server.keys()).length, 1)
})

t.test('a tarball that came anew since stays: its record may be about to be written', async (t) => {
  const server = await start(t)
  await server.put('hello:1', first)
  const [key] = await server.keys()
  await server.remove('hello:1')
  await new Promise((resolve) => setTimeout(resolve, 5))
  await server.blobs.put(key!, inChunks(first))

  server.pass(hour + 1000)
  await server.work()

  t.strictSame(await server.keys(), [key])
})

t.test('what was put by path is its own, and stays', async (t) => {
  const server = await start(t, 0)
  for (const key of ['containers/hello.tar.gz', `containers/hello/${'0'.repeat(12)}/hello.tar.gz`]) {
    await server.blobs.put(key, inChunks(first))
    const query = { name: 'hello:1', version: '1', digest: 'sha256:1', url: `http://127.0.0.1:0/storage/${key}` }
    await server.app.inject({ method: 'POST', url: '/container/add', query })
    await server.remove('hello:1')
    await server.work()
  }

  t.equal((await server.keys()).length, 2)
  t.strictSame(
    server.said.filter(({ removed }) => removed),
    []
  )
})

t.test('without a grace it is gone at once, for a container with any id', async (t) => {
  const server = await start(t, 0)
  const woken = new Promise<void>((resolve) => server.catalogue.removals!.onWork(resolve))
  await server.put(encodeURIComponent('org/höllo wörld%41:1'), first)
  await server.remove(encodeURIComponent('org/höllo wörld%41:1'))

  await woken
  await server.work()

  t.strictSame(await server.everything(), [])
})

t.test('a removal outlasts the process that put it down, and of two replicas one does it', async (t) => {
  const server = await start(t)
  await server.put('hello:1', first)
  await server.remove('hello:1')
  server.pass(hour + 1000)

  const [one, other] = await Promise.all([server.work(), server.work()])

  t.equal(one + other, 1)
  t.strictSame(await server.keys(), [])
})

t.test('a tarball that workers read from the bucket itself stays', async (t) => {
  const server = await start(t)
  await server.put('hello:1', first)
  const [key] = await server.keys()
  await server.remove('hello:1')
  const url = `s3://s3-us-west-2.amazonaws.com:80/bucket/of/ours/${key}`
  // behind our back
  await server.stores.containers.put('again:1', JSON.stringify({ id: 'again:1', version: '1', digest: 'sha256:1', url }))
  server.pass(hour + 1000)
  await server.work()

  t.strictSame(await server.keys(), [key])
})

t.test('a tarball is named while it is being published, from whichever side one looks', async (t) => {
  const url = `http://127.0.0.1:0/storage/containers/hello-1/${'0'.repeat(12)}/hello-1.tar`
  const names = { id: 'hello:1', document: JSON.stringify({ id: 'hello:1', url }), revision: '1' }
  let published = false
  const listed = (isThere: () => boolean) => ({
    refresh: async () => {},
    list: async () => {
      const items = isThere() ? [names] : []
      published = true
      return { items }
    }
  })
  const stores = { containers: listed(() => published), buildStatuses: listed(() => !published) }
  const key = url.split('/storage/')[1]!

  t.strictSame([...(await namedAmong(stores as never, { keys: new Set([key]) }))], [key])
})

t.test('an image that is put down to wait, while its tarball is about to be removed, keeps it', async (t) => {
  const server = await start(t, hour, { rules: [{ match: 'whole*', publish: 'all', expected: ['amd64', 'arm64'] as never }] })
  const { image } = (await server.put('hello:1', first)).json()
  await server.remove('hello:1')
  server.pass(hour + 1000)
  const { list } = server.stores.containers
  server.stores.containers.list = async (query) => {
    const page = await list(query)
    server.stores.containers.list = list
    const payload = { url: image.url, digest: 'sha256:1', version: '1' }
    const reply = await server.app.inject({ method: 'PUT', url: '/api/v1/containers/whole:1/images/amd64', payload })
    t.equal(reply.statusCode, 202)
    return page
  }
  await server.work()

  t.equal((await server.keys()).length, 1)
})

t.test('one that cannot be removed keeps no other', async (t) => {
  const stored = await openBlobs(t)
  let permitted = false
  const remove = async (key: string) => {
    if (permitted) return stored.remove(key)
    permitted = true
    throw new Error('not permitted')
  }
  const server = await start(t, hour, { blobs: { ...stored, remove } })
  for (const id of ['hello:1', 'hello:2']) {
    await server.put(id, first)
    await server.remove(id)
  }
  server.pass(hour + 1000)

  await t.rejects(server.work(), /not permitted/)

  t.equal((await server.keys()).length, 1)
})

t.test(
  'a tarball that waits to be published is released when it is given up, replaced, or its container removed, and not before',
  async (t) => {
    const server = await start(t, hour, { rules: [{ match: 'whole*', publish: 'all', expected: ['amd64', 'arm64'] as never }] })
    const arm64 = tarball({ architecture: 'arm64' })
    const released = () => server.said.length

    const told: string[] = []
    const tell = (reply: Awaited<ReturnType<typeof server.put>>) => {
      told.push(...reply.json().released.map(({ key }: { key: string }) => key))
      return reply.statusCode
    }

    t.equal(tell(await server.put('whole:1', first)), 202)
    tell(await server.put('whole:1', second))
    t.equal(released(), 1, 'replaced')
    tell(await server.app.inject({ method: 'DELETE', url: '/api/v1/containers/whole:1/images/amd64' }))
    t.equal(released(), 2, 'given up')
    tell(await server.put('whole:1', first))
    t.equal(tell(await server.put('whole:1', arm64, 'arm64')), 201)
    t.equal(released(), 2, 'published')
    tell(await server.put('whole:1', second))
    t.equal(released(), 3, 'the one that the record named')
    t.strictSame(
      told,
      server.said.map(({ released }) => released),
      'each answer says what it released'
    )
    server.pass(hour + 1000)
    await server.work()

    const { images } = (await server.app.inject('/api/v1/containers/whole:1')).json()
    const named = Object.values<{ url: string }>(images).map(({ url }) => url.split('/storage/')[1])
    t.strictSame((await server.keys()).sort(), named.sort())
  }
)
