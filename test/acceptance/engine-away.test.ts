import t from 'tap'
import { ask } from '../support/engines.ts'
import { startFaultyProxy } from '../support/faulty-proxy.ts'
import { installHysds } from '../support/hysds.ts'
import { onEngine, ready, startLeporello } from '../support/leporello.ts'
import { aContainer, mozartClient } from '../support/mozart-client.ts'
import { areOutages, isDone, patienceMs, patientMs } from '../support/outage.ts'
import { eventually } from '../support/processes.ts'
import { sharedEngine } from '../support/shared-engine.ts'

const settings = { ENGINE_PATIENCE_MS: String(patienceMs) }

const engine = await sharedEngine('es7')
t.teardown(engine.stop)
await installHysds(engine)

t.test('an engine that is away at the start: the server listens, says so, and recovers by itself', async (t) => {
  await engine.kill()
  const server = await startLeporello(onEngine(engine.url, settings))
  t.teardown(server.stop)
  const mozart = mozartClient(server.url)

  await areOutages(t, {
    info: mozart.info('container-a:v1'),
    add: mozart.add(aContainer('container-a:v1')),
    list: mozart.list(),
    remove: mozart.remove('container-a:v1'),
    'job_spec add': mozart.addSpec('job_spec', { id: 'job-a:v1' })
  })
  const unready = await fetch(`${server.url}/health/ready`)
  t.equal(unready.status, 503)
  t.match(await unready.json(), { ready: false, checks: { store: { ok: false, reason: String } } })
  t.equal((await fetch(`${server.url}/health/live`)).status, 200)
  t.equal((await mozart.add({ name: 'container-a:v1' })).status, 400, 'what needs no engine is judged without one')

  await engine.restart()
  await ready(server)

  t.ok(await isDone('it is registered', () => mozart.add(aContainer('container-a:v1'))))
  t.equal((await mozart.info('container-a:v1')).status, 200)
})

t.test('an engine that dies under the server and comes back', async (t) => {
  const server = await startLeporello(onEngine(engine.url, settings))
  t.teardown(server.stop)
  const mozart = mozartClient(server.url)
  await ready(server)
  await isDone('it is registered', () => mozart.add(aContainer('container-b:v1')))

  await engine.kill()
  await areOutages(t, {
    info: mozart.info('container-b:v1'),
    add: mozart.add(aContainer('container-b:v1')),
    list: mozart.list()
  })
  const many = await Promise.all(Array.from({ length: 100 }, () => mozart.info('container-b:v1')))
  const longest = patientMs()
  t.ok(
    many.every(({ status, tookMs }) => status === 503 && tookMs < longest),
    'nor do many at once wait longer'
  )
  await engine.restart()
  await ready(server)

  t.ok(await isDone('it is known', () => mozart.info('container-b:v1')))
  t.equal((await mozart.add(aContainer('container-b:v2'))).status, 200)
})

t.test('an engine that hangs (SIGSTOP) and goes on', async (t) => {
  const server = await startLeporello(onEngine(engine.url, settings))
  t.teardown(server.stop)
  const mozart = mozartClient(server.url)
  await ready(server)
  await isDone('it is registered', () => mozart.add(aContainer('container-c:v1')))

  process.kill(engine.pid(), 'SIGSTOP')
  t.teardown(() => process.kill(engine.pid(), 'SIGCONT'))
  await areOutages(t, {
    info: mozart.info('container-c:v1'),
    add: mozart.add(aContainer('container-c:v2')),
    list: mozart.list()
  })
  t.equal((await fetch(`${server.url}/health/ready`)).status, 503)
  process.kill(engine.pid(), 'SIGCONT')
  await ready(server)

  t.equal((await mozart.info('container-c:v1')).status, 200)
})

t.test('a bad connection to the engine', async (t) => {
  const proxy = await startFaultyProxy(engine)
  t.teardown(proxy.stop)
  const server = await startLeporello(onEngine(proxy.url, settings))
  t.teardown(server.stop)
  const mozart = mozartClient(server.url)
  await ready(server)
  await isDone('it is registered', () => mozart.add(aContainer('container-d:v1')))
  await mozart.addSpec('job_spec', { id: 'job-first:v1' }) // making an index takes its time
  const clearsUp = (afterMs: number) => setTimeout(() => Object.assign(proxy, { weather: 'fair' }), afterMs)

  for (const weather of ['cut', 'lost', 'busy'] as const) {
    await t.test(`that is ${weather} for a moment is ridden over`, async (t) => {
      proxy.weather = weather
      clearsUp(400)
      const replies = await Promise.all([
        mozart.info('container-d:v1'),
        mozart.list(),
        mozart.add(aContainer(`container-${weather}:v1`)),
        mozart.addSpec('job_spec', { id: `job-${weather}:v1` })
      ])

      t.same(
        replies.map(({ status }) => status),
        [200, 200, 200, 200]
      )
      t.equal((await mozart.info(`container-${weather}:v1`)).status, 200)
      t.equal((await mozart.spec('job_spec', `job-${weather}:v1`)).status, 200)
    })

    await t.test(`that stays ${weather} is an outage, and over when it ends`, async (t) => {
      proxy.weather = weather
      await areOutages(t, {
        info: mozart.info('container-d:v1'),
        add: mozart.add(aContainer('container-d:v2')),
        list: mozart.list()
      })
      proxy.weather = 'fair'

      t.equal((await mozart.info('container-d:v1')).status, 200)
      t.equal((await mozart.add(aContainer('container-d:v2'))).status, 200)
    })
  }

  await t.test('that is slow is waited for, and not longer than the patience', async (t) => {
    proxy.weather = 300
    t.equal((await mozart.info('container-d:v1')).status, 200)
    proxy.weather = 3 * patienceMs
    await areOutages(t, {
      info: mozart.info('container-d:v1'),
      add: mozart.add(aContainer('container-slow:v1'))
    })
    proxy.weather = 'fair'
    t.equal((await mozart.info('container-d:v1')).status, 200)
  })

  await t.test('merging writers lose nothing, though answers of the engine are lost', async (t) => {
    const architectures = ['amd64', 'arm64', 'ppc64le', 's390x', 'riscv64', 'loong64']
    let raining = true
    const rain = (async () => {
      while (raining) {
        proxy.weather = 'lost'
        await new Promise((resolve) => setTimeout(resolve, 40))
        proxy.weather = 'fair'
        await new Promise((resolve) => setTimeout(resolve, 120))
      }
    })()
    await Promise.all(
      architectures.map((architecture) =>
        eventually(
          async () => {
            const urls = JSON.stringify({ [architecture]: `s3://b/${architecture}.tar.gz` })
            const { status } = await mozart.add(aContainer('container-rain:v1', { url: '', urls, merge: 'true' }))
            return status === 200 || undefined
          },
          { what: `${architecture} is registered` }
        )
      )
    ).finally(() => {
      raining = false
    })
    await rain

    const { body } = await ask(engine, ['GET', '/containers/_doc/container-rain:v1'])
    t.match(JSON.parse(body._source.urls), Object.fromEntries(architectures.map((name) => [name, `s3://b/${name}.tar.gz`])))
  })
})
