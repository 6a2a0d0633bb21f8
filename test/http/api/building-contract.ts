import type { Test } from 'tap'
import t from 'tap'
import { parse } from 'yaml'
import type { Opened } from '../../stores/contract.ts'
import { containerOn, startSite } from '../../support/assembly-client.ts'

/** What is expected of a container, and how its builds stand: the same over every store. Ids are this contract's own. */
export function buildingContract(name: string, open: (t: Test) => Promise<Opened>): void {
  const site = async (t: Test, options = {}) => startSite(t, { stores: (await open(t)).stores, ...options })
  const nodes = {
    kind: 'List',
    items: ['amd64', 'arm64', 'arm64'].map((architecture, i) => ({
      kind: 'Node',
      metadata: { name: `node-${i}` },
      status: { nodeInfo: { architecture, operatingSystem: 'linux' } }
    }))
  }

  t.test(`${name}: what is expected comes from the container, else from a rule, else from the server`, async (t) => {
    const rules = [{ match: 'expected-ruled*', expected: ['arm64', 'ppc64le'] as never }]
    const server = await site(t, { expected: ['amd64'], rules })
    const plain = containerOn(server, 'expected-plain:1')
    const ruled = containerOn(server, 'expected-ruled:1')

    t.match((await plain.get('/expected')).body, { architectures: ['amd64'], from: 'default', since: null, revision: null })
    t.match((await ruled.get('/expected')).body, { architectures: ['arm64', 'ppc64le'], from: 'rule', pattern: 'expected-ruled*' })

    const said = await ruled.put('/expected', { architectures: ['aarch64', 'x86_64'] })
    t.match(said.body, { architectures: ['amd64', 'arm64'], from: 'container', since: '2026-01-02T03:00:00.000Z', unchanged: false })
    t.equal((await ruled.put('/expected', { architectures: ['amd64', 'arm64'] })).body.unchanged, true)
    t.match((await ruled.image('amd64')).body.container, { state: 'partial', expected: ['amd64', 'arm64'], missing: ['arm64'] })

    t.match((await ruled.ask('DELETE', '/expected')).body, { architectures: ['arm64', 'ppc64le'], from: 'rule' })
    t.match((await ruled.get()).body, { missing: ['arm64', 'ppc64le'] })
    t.match((await ruled.put('/expected', { architectures: [] })).body, { architectures: [], from: 'container' })
    t.match((await ruled.get()).body, { state: 'complete', expected: [] })
  })

  t.test(`${name}: a cluster that could be mixed but is not expects what its nodes are`, async (t) => {
    const container = containerOn(await site(t), 'expected-nodes:1')

    t.match((await container.put('/expected', nodes)).body, { architectures: ['amd64', 'arm64'], from: 'container' })
    const text = { 'content-type': 'text/plain' }
    t.match((await container.put('/expected', 'arm64\n"aarch64"\n', text)).body, { architectures: ['arm64'] })
    t.match((await container.put('/expected', nodes.items[0])).body, { architectures: ['amd64'] })
    t.match(await container.put('/expected', { architectures: ['amd64', 5], colour: 1 }), {
      status: 400,
      body: { code: 'parameter_invalid', errors: [{ path: 'colour' }, { path: 'architectures[1]' }] }
    })
    t.match(await container.put('/expected', 'arm64 amd46', text), {
      status: 400,
      body: { errors: [{ path: '[1]', message: /known are amd64/ }] }
    })
    t.match(await container.put('/expected', { kind: 'List', items: [] }), { status: 400, body: { code: 'parameter_invalid' } })
    t.match(await container.put('/expected', '{"architectures"'), { status: 400, body: { code: 'json_invalid' } })
    t.match((await container.get('/expected')).body, { architectures: ['amd64'] })
  })

  t.test(`${name}: what is expected can be read by jobs of a cluster as a ConfigMap`, async (t) => {
    const container = containerOn(await site(t, { expected: ['arm64', 'amd64'] }), 'expected-map:1')

    const asked = await container.get('/expected?format=configmap&name=archs&namespace=hysds')
    const accepted = await container.ask('GET', '/expected', { headers: { accept: 'application/yaml' } })

    t.match(asked.headers['content-type'], /^application\/yaml/)
    t.match(parse(asked.text, { version: '1.1' }), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'archs', namespace: 'hysds' },
      data: { ARCHITECTURES: 'amd64 arm64', ARCHITECTURES_JSON: '["amd64","arm64"]', ARCHITECTURE_COUNT: '2' }
    })
    t.match(accepted.text, /name: "expected-map-1-architectures"/)
    t.match(await container.get('/expected?format=configmap&name=No'), { status: 400, body: { code: 'parameter_invalid' } })
    t.match(await container.get('/expected?format=xml'), { status: 400, body: { code: 'parameter_invalid' } })
  })

  t.test(`${name}: a build that fails makes the container degraded by name, the rest stays usable, and a new image heals it`, async (t) => {
    const server = await site(t, { expected: ['amd64', 'arm64'] })
    const container = containerOn(server, 'build-failed:1')
    await container.image('amd64')
    const first = await container.build('arm64', { status: 'running', log: 'https://ci/1', started: '2026-01-02T02:59:00Z' })
    server.later(5)
    const failed = await container.build('arm64', { status: 'failed', reason: 'no wheel for aarch64', started: '2026-01-02T02:59:00Z' })

    t.equal(first.status, 201)
    t.match(failed, { status: 200, body: { status: 'failed', log: 'https://ci/1', begun: '2026-01-02T03:00:00.000Z', unchanged: false } })
    const degraded = (await container.get()).body
    t.match(degraded, { state: 'degraded', missing: ['arm64'] })
    t.match(degraded.reasons[0], {
      code: 'build_failed',
      architecture: 'arm64',
      message: /no wheel for aarch64 \(https:\/\/ci\/1\)/,
      since: '2026-01-02T03:05:00.000Z'
    })
    t.match((await server.app.inject('/container/resolve?id=build-failed:1&arch=x86_64')).json(), { success: true })
    t.match((await container.get('/builds')).body, { items: [{ architecture: 'arm64', status: 'failed' }] })

    server.later(5)
    t.match((await container.image('arm64')).body.container, { state: 'complete', reasons: [] })
  })

  t.test(`${name}: the same image again mends no failed build; new content under its URL does`, async (t) => {
    const server = await site(t)
    const container = containerOn(server, 'build-again:1')
    await container.image('arm64')
    await container.build('arm64', { status: 'failed', reason: 'x' })
    t.equal((await container.get()).body.state, 'degraded')

    server.later(1)
    const again = await container.image('arm64')

    t.match(again.body, { unchanged: true, container: { state: 'degraded' } })
    t.match((await container.get('/builds/arm64')).body, { status: 'failed' }, 'the state and the builds agree')

    server.later(1)
    await container.image('arm64', undefined, { digest: 'sha256:rebuilt' })
    t.match((await container.get()).body, { state: 'complete' })
  })

  t.test(`${name}: a build of which nothing is heard is stale after a while; a sign of life puts that off`, async (t) => {
    const rules = [{ match: '*', buildTimeoutMs: 3_600_000 }]
    const server = await site(t, { rules, expected: ['arm64'] })
    const container = containerOn(server, 'build-stale:1')
    await container.build('arm64', { status: 'running' })
    server.later(50)
    await container.build('arm64', { status: 'running' })
    server.later(50)
    t.match((await container.get('/builds/arm64')).body, { status: 'running', stale: false })
    t.match((await container.get()).body, { state: 'partial', revision: null, images: {} })

    server.later(20)

    t.match((await container.get('/builds/arm64')).body, { status: 'running', stale: true })
    t.match((await container.get()).body, { state: 'degraded', reasons: [{ code: 'build_stale', since: '2026-01-02T04:50:00.000Z' }] })
  })

  t.test(`${name}: a build on another machine than it is for is marked; sources and machines are kept`, async (t) => {
    const container = containerOn(await site(t), 'build-emulated:1')
    const source = { commit: '9c0e1f2', base: 'sha256:0d5a' }

    t.match((await container.build('aarch64', { status: 'running', machine: 'x86_64', source })).body, {
      architecture: 'arm64',
      emulated: true,
      machine: { name: 'x86_64', architecture: 'amd64' },
      source
    })
    t.match((await container.build('arm64', { status: 'succeeded' })).body, { emulated: true, source, status: 'succeeded' })
    t.equal((await container.build('amd64', { status: 'running', machine: 'x86_64' })).body.emulated, false)
    t.equal((await container.build('s390x', { status: 'running', machine: { name: 'a', emulated: true } })).body.emulated, true)
    t.match(await container.build('arm64', { status: 'done', colour: 'red' }), {
      status: 400,
      body: { errors: [{ path: 'colour' }, { path: 'status' }] }
    })
    t.match(await container.get('/builds/riscv64'), { status: 404, body: { code: 'job_unknown', available: ['amd64', 'arm64', 's390x'] } })
  })

  t.test(`${name}: a test that fails on one architecture degrades the container, and one that succeeds heals it`, async (t) => {
    const container = containerOn(await site(t), 'test-failed:1')
    await container.image('arm64')

    t.equal((await container.test('arm64', { status: 'failed', reason: 'segmentation fault' })).status, 201)
    t.match((await container.get()).body, { state: 'degraded', reasons: [{ code: 'test_failed', message: /segmentation fault/ }] })
    t.match((await container.get('/tests')).body, { container: 'test-failed:1', items: [{ architecture: 'arm64', status: 'failed' }] })
    await container.test('arm64', { status: 'succeeded' })
    t.match((await container.get()).body, { state: 'complete' })
  })

  t.test(`${name}: secrets in a log's address or a reason are not kept`, async (t) => {
    const container = containerOn(await site(t), 'build-secret:1')

    await container.build('arm64', { status: 'failed', log: 'https://user:hunter2@ci/1', reason: 'cannot push to https://u:hunter2@r/' })

    t.notMatch((await container.get('/builds/arm64')).text, /hunter2/)
  })

  t.test(`${name}: builds may be reported before there is a container, and are forgotten with it; what is expected is not`, async (t) => {
    const container = containerOn(await site(t), 'build-first:1')
    t.match(await container.get('/builds'), { status: 404, body: { code: 'container_unknown' } })
    t.match(await container.get(), { status: 404 })

    await container.put('/expected', { architectures: ['amd64', 'arm64'] })
    t.match(await container.get(), { status: 404 }, 'an expectation makes no container')
    await container.build('amd64', { status: 'running' })
    t.match(await container.get(), { status: 200, body: { state: 'partial', version: null, revision: null, missing: ['amd64', 'arm64'] } })
    await container.image('amd64')
    t.equal((await container.ask('DELETE', '')).status, 200)

    t.match(await container.get(), { status: 404 })
    t.match((await container.get('/builds')).body, { items: [] })
    t.match((await container.get('/expected')).body, { architectures: ['amd64', 'arm64'] })
  })

  t.test(`${name}: changes beside a container keep preconditions and dry runs too`, async (t) => {
    const container = containerOn(await site(t), 'build-conditions:1')
    t.match((await container.put('/expected?dryRun=true', { architectures: ['arm64'] })).body, { architectures: ['arm64'] })
    t.match((await container.get('/expected')).body, { from: 'none' })

    const first = await container.put('/expected', { architectures: ['arm64'] }, { 'if-none-match': '*' })
    const etag = String(first.headers['etag'])
    t.match(await container.put('/expected', { architectures: ['amd64'] }, { 'if-none-match': '*' }), { status: 412 })
    t.match(await container.put('/expected', { architectures: ['amd64'] }, { 'if-match': '"other"' }), { status: 412 })
    t.match(await container.put('/expected', { architectures: ['amd64'] }, { 'if-match': etag }), { status: 200 })
  })

  t.test(`${name}: two at once who change what stands beside one container lose nothing`, async (t) => {
    const { stores } = await open(t)
    const replicas = await Promise.all([0, 1].map(() => startSite(t, { stores })))
    const architectures = Array.from({ length: 40 }, (_, i) => `x-test${i}`)

    const replies = await Promise.all(
      architectures.map((architecture, i) => containerOn(replicas[i % 2]!, 'build-many:1').build(architecture, { status: 'running' }))
    )

    t.strictSame([...new Set(replies.map(({ status }) => status))], [201])
    const { items } = (await containerOn(replicas[0]!, 'build-many:1').get('/builds')).body
    t.equal(items.length, 40)
  })

  t.test(`${name}: what is said is told in the journal, once for each change of meaning`, async (t) => {
    const { stores, settle } = await open(t)
    const container = containerOn(await startSite(t, { stores }), 'build-told:1')
    await container.put('/expected', { architectures: ['arm64'] }, { 'x-reason': 'the new cluster' })
    await container.put('/expected', { architectures: ['arm64'] })
    for (const status of ['running', 'running', 'failed']) await container.build('arm64', { status })

    await settle()
    const told: { kind: string; what: string; reason: string | null }[] = []
    for await (const ids of stores.journal.ids()) {
      for (const one of await stores.journal.getMany(ids)) {
        const { container: of, kind, what, by } = JSON.parse(one!.document)
        // what follows from it is told too, but by and by
        if (of === 'build-told:1' && kind !== 'state') told.push({ kind, what, reason: by.reason })
      }
    }
    t.strictSame(told.map(({ kind, what }) => `${kind} ${what}`).sort(), ['build failed', 'build running', 'expected expected'])
    t.equal(told.find(({ kind }) => kind === 'expected')?.reason, 'the new cluster')
  })
}
