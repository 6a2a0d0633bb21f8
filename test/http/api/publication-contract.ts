import type { Test } from 'tap'
import t from 'tap'
import type { Opened } from '../../stores/contract.ts'
import { containerOn, startSite } from '../../support/assembly-client.ts'
import { appLayer, baseLayer } from '../../support/images.ts'
import { tarball } from '../../support/tarballs.ts'

const images = {
  amd64: tarball(),
  arm64: tarball({ architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] })
}

/** When images are published, over every store. */
export function publicationContract(name: string, open: (t: Test) => Promise<Opened>): void {
  const both = ['amd64', 'arm64'] as never[]
  const rules = [
    { match: 'all-*', expected: both, publish: 'all' as const, pendingMs: 3_600_000 },
    { match: 'verified-*', expected: both, publish: 'verified' as const },
    {
      match: 'operator*',
      bundle: [
        { suffix: '-arm', architecture: 'arm64' as never },
        { suffix: '-amd', architecture: 'amd64' as never }
      ]
    }
  ]
  const site = async (t: Test, options = {}) => startSite(t, { stores: (await open(t)).stores, rules, ...options })
  const info = async (server: Awaited<ReturnType<typeof site>>, id: string) =>
    (await server.app.inject(`/container/info?id=${encodeURIComponent(id)}`)).json().result

  t.test(`${name}: a container's own policy and expectation go before rules, need no restart, and can be withdrawn`, async (t) => {
    const server = await site(t)
    const container = containerOn(server, 'own-policy:1')
    const own = { digest: 'sha256:x', images: { amd64: 's3://b/one.tar' }, expected: ['x86_64', 'arm64'], publish: 'all' }

    const said = await container.put('', own)
    t.match(said, { status: 201, body: { unchanged: false, container: { expected: ['amd64', 'arm64'], missing: ['arm64'] } } })
    t.match((await container.put('', own)).body, { unchanged: true })
    t.match((await container.get('/expected')).body, { architectures: ['amd64', 'arm64'], from: 'container', publish: 'all' })
    t.match(await container.image('s390x', 's3://b/s.tar', { digest: 'sha256:s' }), { status: 202, body: { pending: true } })

    t.match((await container.put('', { ...own, expected: null, publish: null })).body, { unchanged: false, container: { expected: [] } })

    t.match((await container.get('/expected')).body, { architectures: [], from: 'none', publish: 'each' })
    t.match(Object.keys((await container.get()).body.images), ['amd64', 's390x'], 'what waited is published')
    t.match((await container.image('arm64', 's3://b/arm.tar', { digest: 'sha256:a' })).status, 201)
    t.match((await container.put('', { ...own, publish: 'never' })).body, { errors: [{ path: 'publish' }] })
  })

  t.test(`${name}: all or nothing: images wait for the last one, and are published together`, async (t) => {
    const server = await site(t)
    const container = containerOn(server, 'all-first:1')

    const first = await container.image('amd64', 's3://b/x.tar', { digest: 'sha256:x' })
    t.match(first, { status: 202, body: { pending: true, image: { url: 's3://b/x.tar', digest: 'sha256:x' } } })
    t.match(first.body.container, {
      state: 'partial',
      url: null,
      images: {},
      revision: null,
      missing: ['arm64'],
      pending: { amd64: { url: 's3://b/x.tar', version: '1', expires: '2026-01-02T04:00:00.000Z' } },
      reasons: [
        { code: 'pending', architecture: 'amd64' },
        { code: 'missing', architecture: 'arm64' }
      ]
    })
    t.equal((await container.image('amd64', 's3://b/x.tar', { digest: 'sha256:x' })).body.unchanged, true)
    t.equal((await server.app.inject('/container/info?id=all-first:1')).statusCode, 404)

    const last = await container.image('arm64', 's3://b/arm.tar', { digest: 'sha256:arm' })
    t.match(last, { status: 201, body: { pending: false, container: { state: 'complete', pending: {}, url: 's3://b/x.tar' } } })
    t.match(last.body.container.images, { amd64: { digest: 'sha256:x' }, arm64: { url: 's3://b/arm.tar', digest: 'sha256:arm' } })
  })

  t.test(
    `${name}: an image that waits and is brought again is of the build that brought it; the same one mends none that failed`,
    async (t) => {
      const server = await site(t)
      const container = containerOn(server, 'all-again:1')
      const bring = () => container.image('amd64', 's3://b/x.tar', { digest: 'sha256:x' })
      const plan = async () => {
        const payload = { container: 'all-again:1', sources: { amd64: { commit: 'c2' } } }
        return (await server.app.inject({ method: 'POST', url: '/api/v1/plan', payload })).json()
      }
      await container.build('amd64', { status: 'running', source: { commit: 'c1' } })
      await bring()

      await container.build('amd64', { status: 'running', source: { commit: 'c2' } })
      const again = await bring()
      const planned = await plan()
      await container.build('amd64', { status: 'failed' })
      const failed = (await container.get()).body
      await bring()
      const same = (await container.get()).body
      await container.image('amd64', 's3://b/x.tar', { digest: 'sha256:rebuilt' })
      const mended = (await container.get()).body

      t.match(again, { status: 202, body: { unchanged: true, pending: true } })
      t.match(planned, { build: [], reuse: ['amd64'] })
      t.match(failed, { state: 'degraded', reasons: [{ code: 'build_failed' }, { code: 'pending' }, {}] })
      t.match(same, { state: 'degraded', reasons: [{ code: 'build_failed' }, { code: 'pending' }, {}] })
      t.match(mended, { state: 'partial', reasons: [{ code: 'pending' }, { code: 'missing' }] })
    }
  )

  t.test(`${name}: a new version needs the whole set; until then the previous one stands`, async (t) => {
    const server = await site(t)
    const container = containerOn(server, 'all-next:latest')
    for (const architecture of both) await container.image(architecture, `s3://b/1/${architecture}`, { version: '1' })

    await container.image('arm64', 's3://b/2/arm64', { version: '2' })
    t.match(await info(server, 'all-next:latest'), { version: '1', url: 's3://b/1/amd64' })
    t.match((await server.app.inject('/container/resolve?id=all-next:latest&arch=arm64')).json().result, { url: 's3://b/1/arm64' })
    t.match((await container.image('amd64', 's3://b/1/amd64', { version: '1' })).body, { unchanged: true, pending: false })

    await container.image('amd64', 's3://b/2/amd64', { version: '2' })
    t.match(await info(server, 'all-next:latest'), { version: '2', url: 's3://b/2/amd64' })
    t.match((await container.image('amd64', 's3://b/2/amd64-again', { version: '2' })).body, { pending: false }, 'the set is whole')
    t.match((await container.get()).body, { images: { amd64: { url: 's3://b/2/amd64-again' }, arm64: { url: 's3://b/2/arm64' } } })
  })

  t.test(
    `${name}: what is built anew under its version is waited for, until its image comes or its build says that it is as it was`,
    async (t) => {
      const server = await site(t)
      const container = containerOn(server, 'all-anew:latest')
      const bring = (architecture: string, build: number) =>
        container.image(architecture, `s3://b/${build}/${architecture}`, { digest: `sha256:${build}` })
      const shown = async () => (await container.get()).body
      for (const architecture of both) await bring(architecture, 1)
      for (const architecture of both) await container.build(architecture, { status: 'running' })

      t.match(await bring('amd64', 2), {
        status: 202,
        body: { pending: true, container: { pending: { amd64: { url: 's3://b/2/amd64' } } } }
      })
      t.match(await info(server, 'all-anew:latest'), { url: 's3://b/1/amd64' }, 'the previous set stands')
      await container.build('arm64', { status: 'failed', reason: 'no wheel' })
      t.match(await shown(), { state: 'degraded', url: 's3://b/1/amd64', pending: { amd64: {} } })
      await bring('arm64', 2)
      t.match(await shown(), {
        state: 'complete',
        pending: {},
        images: { amd64: { url: 's3://b/2/amd64' }, arm64: { url: 's3://b/2/arm64' } }
      })

      for (const architecture of both) await container.build(architecture, { status: 'pending' })
      await bring('amd64', 3)
      t.match(await info(server, 'all-anew:latest'), { url: 's3://b/2/amd64' })
      await container.build('arm64', { status: 'succeeded' })
      t.match(await shown(), { pending: {}, images: { amd64: { url: 's3://b/3/amd64' }, arm64: { url: 's3://b/2/arm64' } } })
    }
  )

  t.test(`${name}: a merging container/add waits like others, a plain one replaces all at once`, async (t) => {
    const server = await site(t)
    const add = (urls: object, more = '') =>
      server.app.inject({
        method: 'POST',
        url: `/container/add?name=all-add:1&version=1&digest=d&urls=${encodeURIComponent(JSON.stringify(urls))}${more}`
      })

    const merged = await add({ aarch64: 's3://b/arm' }, '&merge=true')
    t.match(merged.json(), { success: true, result: 'all-add:1' })
    t.match((await containerOn(server, 'all-add:1').get()).body, { images: {}, pending: { arm64: { url: 's3://b/arm' } } })
    await add({ x86_64: 's3://b/x' }, '&merge=true')
    t.match(await info(server, 'all-add:1'), { url: 's3://b/x', urls: /s3:\/\/b\/arm/ })
    await add({ s390x: 's3://b/z' })
    t.strictSame(Object.keys((await containerOn(server, 'all-add:1').get()).body.images), ['s390x'])
  })

  t.test(`${name}: what has waited for too long is given up, and its architecture is missing again`, async (t) => {
    const server = await site(t)
    const container = containerOn(server, 'all-late:1')
    await container.image('amd64')
    server.later(61)

    t.match((await container.get()).body.missing, ['amd64', 'arm64'])
    await server.catalogue.publishing.publishPending('all-late:1')
    t.match(await container.get(), { status: 404 })
    await container.image('arm64')
    t.match((await container.image('amd64')).body, { pending: false, container: { state: 'complete' } })
  })

  t.test(`${name}: an image that waits can be taken back`, async (t) => {
    const container = containerOn(await site(t), 'all-back:1')
    await container.image('amd64')
    t.match(await container.ask('DELETE', '/images/amd64'), { status: 200, body: { container: { pending: {}, revision: null } } })
    t.match(await container.ask('DELETE', '/images/amd64'), { status: 404 })
    t.match((await container.image('arm64')).body, { pending: true })
  })

  t.test(`${name}: a dry run tells whether an image would wait or complete the set, and changes nothing`, async (t) => {
    const container = containerOn(await site(t), 'all-dry:1')
    const dry = (architecture: string) =>
      container.put(`/images/${architecture}?dryRun=true`, { url: `s3://b/${architecture}`, digest: 'd' })

    t.match(await dry('amd64'), { status: 202, body: { pending: true } })
    t.match(await container.get(), { status: 404 })
    await container.image('arm64')
    t.match(await dry('amd64'), { status: 201, body: { pending: false } })
    t.match((await container.get()).body, { images: {}, pending: { arm64: {} } })
  })

  t.test(`${name}: verified: uploads that are proven are published at once when the set is whole, a mislabelled one never`, async (t) => {
    const server = await site(t)
    const container = containerOn(server, 'verified-uploads:1')

    const wrong = await container.upload('arm64', images.amd64)
    t.match(wrong, {
      status: 202,
      body: { image: { verdict: 'mislabelled' }, container: { pending: { arm64: { verdict: 'mislabelled' } } } }
    })
    t.equal((await container.upload('amd64', images.amd64)).status, 202)
    t.match(await server.app.inject('/container/info?id=verified-uploads:1'), { statusCode: 404 })
    const right = await container.upload('arm64', images.arm64)

    t.match(right, { status: 201, body: { pending: false, image: { verdict: 'match' }, container: { state: 'complete', pending: {} } } })
    t.match(right.body.container.images, { amd64: { verdict: 'match' }, arm64: { verdict: 'match' } })
    t.equal((await container.get('/images/arm64/report')).status, 200)
  })

  t.test(`${name}: verified: an image that is proven later is published then`, async (t) => {
    const { stores, settle } = await open(t)
    const server = await startSite(t, { stores, rules })
    const other = containerOn(server, 'plain-source:1')
    const [amd, arm] = [await other.upload('amd64', images.amd64), await other.upload('arm64', images.arm64)]
    const container = containerOn(server, 'verified-later:1')

    await container.image('amd64', amd.body.image.url)
    t.match((await container.image('arm64', arm.body.image.url)).body, { pending: true, image: { verdict: 'unverified' } })
    // as a list sees it that lags behind
    await settle()
    await server.catalogue.verifier!.work({ atOnce: 8, signal: new AbortController().signal })

    t.match((await container.get()).body, {
      state: 'complete',
      pending: {},
      images: { amd64: { verdict: 'match' }, arm64: { verdict: 'match', url: arm.body.image.url } }
    })
  })

  t.test(`${name}: a server killed between any two steps loses nothing: the next one that looks finishes`, async (t) => {
    const { stores } = await open(t)
    for (let step = 1; step <= 12; step++) {
      const id = `all-killed-${step}:1`
      const whole = await startSite(t, { stores, rules })
      await containerOn(whole, id).image('amd64')
      let writes = 0
      // the store of a process that is killed at its n-th write takes none any more
      const dying = (store: typeof stores.containers): typeof stores.containers => ({
        ...store,
        put: (...given) => (++writes > step ? Promise.reject(new Error('killed')) : store.put(...given)),
        remove: (...given) => (++writes > step ? Promise.reject(new Error('killed')) : store.remove(...given))
      })
      const killed = await startSite(t, {
        stores: {
          ...stores,
          containers: dying(stores.containers),
          buildStatuses: dying(stores.buildStatuses),
          facts: dying(stores.facts),
          tasks: dying(stores.tasks)
        },
        rules,
        onAppendFailed: () => {}
      })
      const reply = await containerOn(killed, id).image('arm64')

      const half = (await containerOn(whole, id).get()).body
      t.ok([0, 2].includes(Object.keys(half.images).length), `all or nothing after ${step} writes`)
      await whole.catalogue.publishing.publishPending(id)
      const after = (await containerOn(whole, id).get()).body
      // an image that was acknowledged, or has arrived, is there
      const arrived = reply.status < 300 || half.pending.arm64 || half.images.arm64
      t.equal(after.state, arrived ? 'complete' : 'partial', `after ${step} writes`)
      if (arrived) t.strictSame(after.pending, {})
      t.match((await containerOn(whole, id).image('arm64')).body, { pending: false, container: { state: 'complete', pending: {} } })
    }
  })

  t.test(`${name}: what is known of an image stays known when another one brings the record another digest`, async (t) => {
    const container = containerOn(await site(t), 'plain-digests:1')
    await container.image('arm64', 's3://b/arm', { digest: 'sha256:arm' })
    const { images } = (await container.image('amd64', 's3://b/x', { digest: 'sha256:x' })).body.container
    t.match(images, { amd64: { digest: 'sha256:x' }, arm64: { digest: 'sha256:arm' } })
  })

  t.test(`${name}: names with a suffix are bundled into one container`, async (t) => {
    const server = await site(t)
    await server.app.inject({ method: 'POST', url: '/container/add?name=operator-arm:1&version=1&digest=sha256:arm&url=s3://b/arm' })
    await containerOn(server, 'operator-amd:1').image('amd64', 's3://b/x', { digest: 'sha256:x' })

    t.match((await containerOn(server, 'operator:1').get()).body, {
      version: '1',
      digest: 'sha256:x',
      images: { amd64: { url: 's3://b/x' }, arm64: { url: 's3://b/arm', digest: 'sha256:arm' } }
    })
    t.match((await containerOn(server, 'operator-arm:1').get()).body, { url: 's3://b/arm', images: {} })
  })
}
