import { existsSync } from 'node:fs'
import t from 'tap'
import { ask, engineNames, startEngine } from '../support/engines.ts'
import { sharedEngine } from '../support/shared-engine.ts'

const versions = { es7: /^7\.10\./, es8: /^8\.19\./, es9: /^9\.5\./, os2: /^2\.19\./, os3: /^3\.8\./ }

for (const name of engineNames) {
  t.test(`${name} is the engine it is named for, and keeps its data over a kill`, async (t) => {
    const engine = await sharedEngine(name)
    t.teardown(engine.stop)
    const { body: root } = await ask(engine, ['GET', '/'])
    t.match(root.version.number, versions[name])
    t.equal(root.version.distribution, name.startsWith('os') ? 'opensearch' : undefined)
    t.equal((await ask(engine, ['PUT', '/kept/_doc/1', { a: 1 }])).status, 201)

    await engine.kill()
    await t.rejects(fetch(engine.url), 'a killed engine does not answer')
    await engine.restart()

    t.same((await ask(engine, ['GET', '/kept/_doc/1'])).body._source, { a: 1 })
  })
}

t.test('an engine of its own takes its data with it', async (t) => {
  const engine = await startEngine('es7')
  t.teardown(engine.stop)
  t.ok(existsSync(engine.dataDir))

  await engine.stop()

  t.notOk(existsSync(engine.dataDir))
})
