import type { Test } from 'tap'
import t from 'tap'
import { CatalogueError } from '../../../src/domain/errors.ts'
import type { Opened } from '../../stores/contract.ts'
import { containerOn, startSite } from '../../support/assembly-client.ts'

/** Waiting for a container, over every store. */
export function waitingContract(name: string, open: (t: Test) => Promise<Opened>): void {
  const site = async (t: Test) => startSite(t, { stores: (await open(t)).stores, expected: ['amd64', 'arm64'] })

  t.test(`${name}: who waits for a container is answered when its last image has come`, async (t) => {
    const container = containerOn(await site(t), 'wait-local:1')
    const waiting = container.get('/wait?timeout=300')
    const settled = container.get('/wait?for=settled&timeout=300')
    const one = container.get('/wait?architecture=aarch64&timeout=300')

    t.equal((await container.image('arm64')).status, 201)
    t.match((await one).body, { reached: true, architecture: 'arm64', state: 'complete', missing: [] })
    t.equal((await container.image('amd64')).status, 201)

    t.match((await waiting).body, {
      container: 'wait-local:1',
      for: 'complete',
      reached: true,
      state: 'complete',
      missing: [],
      reasons: []
    })
    t.match((await settled).body, { for: 'settled', reached: true, state: 'complete' })
    t.match((await container.get('/wait')).body, { reached: true })
  })

  t.test(`${name}: at the timeout it is told which are missing, and why`, async (t) => {
    const container = containerOn(await site(t), 'wait-missing:1')
    await container.image('amd64')
    await container.build('arm64', { status: 'running' })

    const waited = await container.get('/wait?timeout=0.05')

    t.equal(waited.status, 200)
    t.match(waited.body, {
      reached: false,
      state: 'partial',
      expected: ['amd64', 'arm64'],
      missing: ['arm64'],
      reasons: [{ code: 'missing', architecture: 'arm64', message: /its build is running/ }]
    })
    t.match((await containerOn(await site(t), 'wait-nothing:1').get('/wait?timeout=0')).body, {
      missing: ['amd64', 'arm64'],
      revision: null
    })
  })

  t.test(`${name}: an architecture that nobody expects is awaited by who waits for it`, async (t) => {
    const container = containerOn(await site(t), 'wait-unexpected:1')
    for (const architecture of ['amd64', 'arm64']) await container.image(architecture)

    const missing = (await container.get('/wait?architecture=s390x&timeout=0')).body
    const failed = container.get('/wait?architecture=s390x&for=settled&timeout=300')
    await container.build('s390x', { status: 'failed', reason: 'no compiler' })

    t.match(missing, { reached: false, state: 'partial', expected: ['amd64', 'arm64'], missing: ['s390x'], reasons: [{ code: 'missing' }] })
    t.match((await failed).body, { reached: true, state: 'degraded', reasons: [{ code: 'build_failed', message: /no compiler/ }, {}] })
    t.match((await container.get()).body, { state: 'complete', missing: [] })
  })

  t.test(`${name}: who waits for either learns of a failed build at once`, async (t) => {
    const container = containerOn(await site(t), 'wait-failed:1')
    const waiting = container.get('/wait?for=settled&timeout=300')
    await container.image('amd64')

    await container.build('arm64', { status: 'failed', reason: 'no wheel' })

    t.match((await waiting).body, { reached: true, state: 'degraded', reasons: [{ code: 'build_failed', architecture: 'arm64' }, {}] })
    t.match((await container.get('/wait?for=degraded&timeout=0')).body, { reached: true })
    t.match((await container.get('/wait?architecture=amd64&timeout=0')).body, { reached: true, state: 'complete' })
  })

  t.test(`${name}: what comes through another replica ends the waiting too`, async (t) => {
    const { stores } = await open(t)
    const replicas = await Promise.all([0, 1].map(() => startSite(t, { stores, expected: ['amd64', 'arm64'] })))
    const [one, two] = replicas.map((replica) => containerOn(replica, 'wait-replicas:1'))
    await one!.image('amd64')
    const waiting = one!.get('/wait?timeout=300')

    await two!.image('arm64')

    t.match((await waiting).body, { reached: true, state: 'complete' })
  })

  t.test(`${name}: a store that is away for a moment ends no waiting; one that is away at its end is told`, async (t) => {
    const { stores } = await open(t)
    const gate = { away: false }
    const get: typeof stores.containers.get = async (...args) => {
      if (gate.away) throw new CatalogueError('store_unavailable', 'it is away')
      return stores.containers.get(...args)
    }
    const guarded = { ...stores, containers: { ...stores.containers, get } }
    const container = containerOn(await startSite(t, { stores: guarded, expected: ['amd64'] }), 'wait-away:1')
    gate.away = true

    const waiting = container.get('/wait?timeout=300')
    t.match(await container.get('/wait?timeout=0'), { status: 503, body: { code: 'store_unavailable' } })
    gate.away = false
    await container.image('amd64')

    t.match(await waiting, { status: 200, body: { reached: true } })
  })

  t.test(`${name}: what cannot be waited for is refused; so is one waiter too many, and none outlives the server`, async (t) => {
    const server = await site(t)
    const container = containerOn(server, 'wait-refused:1')
    for (const query of ['for=miracle', 'timeout=301', 'timeout=-1', 'timeout=soon', 'architecture=a%20b', 'until=complete']) {
      t.equal((await container.get(`/wait?${query}`)).status, 400, query)
    }

    // a client may only have its share
    const wait = (client: number) => container.ask('GET', '/wait?timeout=300', { headers: { 'x-forwarded-for': `192.0.2.${client}` } })
    const waiting = Array.from({ length: 256 }, (_, i) => wait(i % 4))
    // they are counted before they look at the store
    await container.get('/expected')
    t.match(await container.get('/wait'), { status: 503, body: { code: 'waiters_exceeded' } })
    await server.app.close()
    t.strictSame([...new Set((await Promise.all(waiting)).map(({ body }) => body.reached))], [false])
  })
}
