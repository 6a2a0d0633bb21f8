import t, { type Test } from 'tap'
import { ask, type Engine } from '../support/engines.ts'
import { installHysds } from '../support/hysds.ts'
import { onEngine, ready, startLeporello } from '../support/leporello.ts'
import { aContainer, mozartClient } from '../support/mozart-client.ts'
import { areOutages, isDone, patienceMs } from '../support/outage.ts'
import { sharedEngine } from '../support/shared-engine.ts'

type Mozart = ReturnType<typeof mozartClient>

for (const name of ['es7', 'es9', 'os3'] as const) {
  t.test(`${name}: indices that refuse`, async (t) => {
    const engine = await sharedEngine(name)
    t.teardown(engine.stop)
    await installHysds(engine)
    const server = await startLeporello(onEngine(engine.url, { ENGINE_PATIENCE_MS: String(patienceMs) }))
    t.teardown(server.stop)
    await ready(server)
    await refusals(t, { engine, server, mozart: mozartClient(server.url) })
  })
}

async function refusals(t: Test, { engine, server, mozart }: { engine: Engine; server: { url: string }; mozart: Mozart }): Promise<void> {
  const send = async (...request: [method: string, path: string, body?: unknown]) => {
    const { status, body } = await ask(engine, request)
    if (status >= 300) throw new Error(`${request[0]} ${request[1]}: ${status} ${JSON.stringify(body)}`)
  }
  const works = (t: Test, id: string) =>
    isDone(`${id} can be written`, () => mozart.add(aContainer(id))).then(async () =>
      t.equal((await mozart.info('container-kept:v1')).status, 200, 'what was there is still there')
    )

  await isDone('it is registered', () => mozart.add(aContainer('container-kept:v1')))

  await t.test('a closed index', async (t) => {
    await send('POST', '/containers/_close')
    await areOutages(t, {
      info: mozart.info('container-kept:v1'),
      add: mozart.add(aContainer('container-new:v1')),
      remove: mozart.remove('container-kept:v1'),
      list: mozart.list()
    })
    await send('POST', '/containers/_open?wait_for_active_shards=1')
    await works(t, 'container-new:v1')
  })

  for (const block of ['index.blocks.write', 'index.blocks.read_only', 'index.blocks.read_only_allow_delete']) {
    await t.test(`an index with ${block}`, async (t) => {
      await send('PUT', '/containers/_settings', { [block]: true })
      await areOutages(t, {
        add: mozart.add(aContainer('container-new:v2')),
        'merging add': mozart.add(aContainer('container-kept:v1', { merge: 'true' }))
      })
      t.equal((await mozart.info('container-kept:v1')).status, 200, 'reading goes on')
      t.equal((await mozart.info('container-new:v2')).status, 404)
      await send('PUT', '/containers/_settings', { [block]: null })
      await works(t, 'container-new:v2')
      await mozart.remove('container-new:v2')
    })
  }

  await t.test('a red index', async (t) => {
    await send('DELETE', '/job_specs').catch(() => undefined)
    await send('PUT', '/job_specs?wait_for_active_shards=0&timeout=1s', {
      settings: { 'index.routing.allocation.require._name': 'nobody' }
    })
    await areOutages(t, {
      'job_spec type': mozart.spec('job_spec', 'job-red:v1'),
      'job_spec add': mozart.addSpec('job_spec', { id: 'job-red:v1' }),
      'job_spec list': mozart.send('GET', '/api/v0.1/job_spec/list')
    })
    t.equal((await mozart.info('container-kept:v1')).status, 200, 'the other indices go on')
    const unready = await fetch(`${server.url}/health/ready`)
    t.equal(unready.status, 503)
    t.match(await unready.text(), /red/)

    const patient = await startLeporello(onEngine(engine.url, { ENGINE_PATIENCE_MS: '60000' }))
    t.teardown(patient.stop)
    await isDone('the other indices are there for it', () => mozartClient(patient.url).info('container-kept:v1'))
    const underWay = [
      mozartClient(patient.url).spec('job_spec', 'job-red:v1'),
      mozartClient(patient.url).addSpec('job_spec', { id: 'job-x:v1' })
    ]
    await new Promise((resolve) => setTimeout(resolve, 300))
    await send('PUT', '/job_specs/_settings', { 'index.routing.allocation.require._name': null })
    t.same(
      (await Promise.all(underWay)).map(({ status, text }) => (status === 503 ? text : status)),
      [404, 200],
      'whoever waits is answered when its shards are back'
    )
    await ready(server)
    t.equal((await mozart.addSpec('job_spec', { id: 'job-red:v1' })).status, 200)
  })

  await t.test('a document that the engine cannot index is the caller’s fault, and harms no neighbour', async (t) => {
    t.equal((await mozart.addSpec('job_spec', { id: 'job-typed:v1', typed: 1 })).status, 200)
    const bad = [
      { id: 'job-object:v1', typed: { a: 1 } },
      { id: 'job-text:v1', typed: 'no number' },
      { id: 'job-immense:v1', text: 'u'.repeat(40_000) },
      { id: 'job-deep:v1', deep: JSON.parse(`${'{"a":'.repeat(30)}1${'}'.repeat(30)}`) }
    ]
    const good = Array.from({ length: 20 }, (_, i) => ({ id: `job-good:v${i}`, typed: i }))
    const [refused, taken] = await Promise.all([
      Promise.all(bad.map((spec) => mozart.addSpec('job_spec', spec))),
      Promise.all(good.map((spec) => mozart.addSpec('job_spec', spec)))
    ])

    for (const [i, reply] of refused.entries()) {
      t.equal(reply.status, 400, `${bad[i]!.id}: ${reply.body?.message}`)
      t.equal(reply.body?.success, false)
      t.notMatch(reply.text, /uuuuuuuuuu/, 'the value is not repeated')
      t.equal((await mozart.spec('job_spec', bad[i]!.id)).status, 404)
    }
    t.ok(taken.every(({ status }) => status === 200))
  })

  await t.test('an index that is deleted underneath is a normal state', async (t) => {
    await send('DELETE', '/containers,job_specs,hysds_ios-mozart')
    t.equal((await mozart.info('container-kept:v1')).status, 404)
    t.equal((await mozart.resolve('container-kept:v1', 'arm64')).status, 404)
    t.equal((await mozart.remove('container-kept:v1')).status, 404)
    const list = await mozart.list()
    t.same([list.status, list.body?.result], [200, []])
    t.equal((await ask(engine, ['HEAD', '/containers'])).status, 404, 'reading makes no index')

    t.equal((await mozart.add(aContainer('container-after:v1'))).status, 200)
    t.equal((await mozart.addSpec('hysds_io', { id: 'hysds-io-a:v1', params: [{ name: 'a', default: 1 }] })).status, 200)
    t.equal((await mozart.addSpec('hysds_io', { id: 'hysds-io-b:v1', params: [{ name: 'b', default: { x: [] } }] })).status, 200)
    const { body } = await ask(engine, ['GET', '/containers/_mapping'])
    t.equal(body.containers.mappings.properties.id.fields.keyword.ignore_above, 256, "made from HySDS's template")
  })
}
