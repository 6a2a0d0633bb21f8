import t from 'tap'
import type { Engine } from '../../../src/stores/elasticsearch/engine.ts'
import { watchIndex } from '../../../src/stores/elasticsearch/index-state.ts'

const settings = { containers: { settings: { 'index.uuid': 'abcdefghij', 'index.number_of_shards': '8' } } }
const missing = { status: 404, body: JSON.stringify({ error: { type: 'index_not_found_exception' }, status: 404 }) }

/** An engine that gives these answers, one after another, and what it was asked. */
function engineOf(answers: { status: number; body: string }[]) {
  const asked: string[] = []
  const engine: Engine = {
    patienceMs: 60_000,
    close: async () => {},
    async send({ method, path }) {
      asked.push(`${method} ${path}`)
      return { ...answers.shift()!, repeated: false }
    }
  }
  return { asked, watch: watchIndex(engine, { index: 'containers', body: {} }) }
}

t.test('an engine that has just started, and has not read its indices yet, does not make an index absent', async (t) => {
  const { asked, watch } = engineOf([
    missing,
    { status: 404, body: '{"_index":"containers","_id":"absent","found":false}' },
    { status: 200, body: JSON.stringify(settings) }
  ])

  t.strictSame(await watch.recent(), { uuid: 'abcdefgh', shards: 8 })
  t.strictSame(asked, ['GET /containers/_settings', 'GET /containers/_doc/absent', 'GET /containers/_settings'])
})

t.test('an index that documents cannot be read from either is absent', async (t) => {
  const { watch } = engineOf([missing, missing])

  t.equal(await watch.recent(), undefined)
})
