import t from 'tap'
import { CatalogueError } from '../../src/domain/errors.ts'
import { measuredStores } from '../../src/observability/measured.ts'
import { createMetrics } from '../../src/observability/metrics.ts'
import { embeddedStores } from '../../src/stores/embedded/embedded-stores.ts'
import { gatedStores } from '../../src/stores/gated-stores.ts'
import { prepare } from '../../src/stores/preparation.ts'
import { openStores } from '../support/start-server.ts'
import { documentStoreContract } from './contract.ts'
import { temporaryDirectory } from './embedded/directory.ts'

documentStoreContract('behind a gate, measured', async (t) => {
  const gate = gatedStores(await embeddedStores({ data: temporaryDirectory(t), patienceMs: 60_000 }))
  const migrate = async () => {
    const outcome = await gate.stores.migrate()
    gate.open()
    return outcome
  }
  return { stores: { ...measuredStores(gate.stores, createMetrics()), migrate }, settle: async () => {} }
})

t.test('a closed gate refuses every operation as store_unavailable, with the reason, and is not ready', async (t) => {
  const gate = gatedStores(await openStores(t))
  gate.closed('the engine does not answer')
  const { containers, health } = gate.stores
  const refusal = { code: 'store_unavailable', message: 'the store is not ready: the engine does not answer' }

  await t.rejects(containers.get('a'), refusal)
  await t.rejects(containers.getMany(['a']), refusal)
  await t.rejects(containers.put('a', '{}'), refusal)
  await t.rejects(containers.remove('a'), refusal)
  await t.rejects(containers.list({ limit: 1 }), refusal)
  await t.rejects(containers.refresh(), refusal)
  await t.rejects(containers.describe('a', { pretty: false }), refusal)
  await t.rejects(async () => {
    for await (const _ of containers.ids()) t.fail('a batch came through')
  }, refusal)
  t.strictSame(await health(), { ok: false, reason: refusal.message })
})

t.test('an engine that comes late opens the gate, and each reason is told once', async (t) => {
  const stores = await openStores(t)
  let attempts = 0
  const late = async () => {
    if (++attempts < 3) throw new CatalogueError('store_unavailable', 'connection refused')
    return stores.migrate()
  }
  const gate = gatedStores({ ...stores, migrate: late })
  const told: string[] = []

  const preparation = prepare(gate, { onDelay: ({ message }) => told.push(message), onReady: () => told.push('ready') })
  await t.rejects(gate.stores.containers.get('a'), { code: 'store_unavailable' })
  await preparation.done

  t.strictSame(told, ['connection refused', 'ready'])
  t.equal(await gate.stores.containers.get('a'), undefined)
})

t.test('a database that is newer than the program is not waited for', async (t) => {
  const newer = async () => {
    throw new CatalogueError('database_newer', 'version 9; this program knows 1')
  }
  const gate = gatedStores({ ...(await openStores(t)), migrate: newer })

  await t.rejects(prepare(gate, { onDelay: () => {}, onReady: () => t.fail('ready') }).done, { code: 'database_newer' })
})

t.test('waiting for an engine ends when the program does', async (t) => {
  const away = async () => {
    throw new CatalogueError('store_unavailable', 'away')
  }
  const gate = gatedStores({ ...(await openStores(t)), migrate: away })

  const preparation = prepare(gate, { onDelay: () => preparation.stop(), onReady: () => t.fail('ready') })

  await t.resolves(preparation.done)
})
