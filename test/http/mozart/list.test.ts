import { get } from 'node:http'
import { text } from 'node:stream/consumers'
import t from 'tap'
import type { Stores } from '../../../src/stores/document-store.ts'
import { openStores, startServer } from '../../support/start-server.ts'

/** Stores that list as many containers as a test wants, without holding them. */
function listing(stores: Stores, ids: Stores['containers']['ids']): Stores {
  return { ...stores, containers: { ...stores.containers, ids } }
}

async function* batches(count: number, size = 1000): AsyncGenerator<string[]> {
  for (let start = 0; start < count; start += size) {
    yield Array.from({ length: Math.min(size, count - start) }, (_, i) => `container-${start + i}:v1`)
  }
}

t.test('a list is sorted, and what was just added is in it', async (t) => {
  const { app, stores } = await startServer(t)
  for (const id of ['b:1', 'é:1', 'a:1']) await stores.containers.put(id, `{"id": "${id}"}`)

  const { body } = await app.inject('/api/v0.2/container/list')

  t.equal(body, '{"success": true, "message": "", "result": ["a:1", "b:1", "\\u00e9:1"]}\n')
})

t.test('up to 20,000 ids come with their length, more as a stream, and none is lost', async (t) => {
  const stores = await openStores(t)
  for (const count of [20_000, 20_001, 65_432]) {
    const { app } = await startServer(t, { stores: listing(stores, () => batches(count)) })

    const reply = await app.inject('/container/list')

    t.equal(new Set(reply.json().result).size, count)
    t.equal('content-length' in reply.headers, count === 20_000)
    t.equal(reply.headers['content-type'], 'application/json')
  }
})

t.test('a fault after the first byte destroys the connection, so that half a list is not taken for a whole one', async (t) => {
  const stores = await openStores(t)
  const faulty = listing(stores, async function* () {
    yield* batches(30_000)
    throw new Error('the engine went away')
  })
  const { url } = await startServer(t, { stores: faulty, listen: true })

  await t.rejects(
    new Promise((resolve, reject) => get(`${url}/container/list`, (reply) => text(reply).then(resolve, reject)).on('error', reject)),
    { message: 'aborted' }
  )
})

t.test('a fault before the first byte is an ordinary refusal', async (t) => {
  const stores = await openStores(t)
  const faulty = listing(stores, async function* () {
    yield* batches(2000)
    throw new Error('secret words')
  })
  const { app } = await startServer(t, { stores: faulty })

  const { statusCode, body } = await app.inject('/container/list')

  t.equal(statusCode, 500)
  t.equal(body, '{"message": "Internal Server Error"}\n')
})

t.test('a reader that leaves a long list ends the walk through the store', async (t) => {
  const stores = await openStores(t)
  const ended = new Promise<void>((resolve) => {
    const endless = listing(stores, async function* () {
      try {
        for (;;) yield* batches(1000)
      } finally {
        resolve()
      }
    })
    startServer(t, { stores: endless, listen: true }).then(({ url }) => {
      const request = get(`${url}/container/list`, (reply) => reply.once('data', () => request.destroy()))
      request.on('error', () => {})
    })
  })

  await t.resolves(ended)
})
