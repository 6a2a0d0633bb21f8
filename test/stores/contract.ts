import t from 'tap'
import type { Stores } from '../../src/stores/document-store.ts'
import { documentsContract } from './contract-documents.ts'
import { listsContract } from './contract-lists.ts'
import { ownListsContract } from './contract-own-lists.ts'
import { writesContract } from './contract-writes.ts'

/** What every store must do; no caller may assume more. */
export interface Opened {
  /** Empty collections of this test's own. The suite migrates and closes them; whoever opened them cleans up in t.teardown. */
  stores: Stores
  /** Makes what was written visible to lists: nothing to do on one store, a refresh of the indices on another. */
  settle(): Promise<void>
}

export type Open = (t: Tap) => Promise<Opened>
export type Tap = Pick<typeof t, 'teardown' | 'test' | 'equal' | 'not' | 'ok' | 'notOk' | 'strictSame' | 'match' | 'rejects' | 'resolves'>

/** The definition of the port: every adapter's test file calls it with a way to open empty stores. */
export function documentStoreContract(name: string, open: Open): void {
  const opened: Open = async (t) => {
    const { stores, settle } = await open(t)
    t.teardown(() => stores.close())
    await stores.migrate()
    return { stores, settle }
  }
  t.test(`${name}: stores`, (t) => storesContract(t, open))
  t.test(`${name}: documents`, (t) => documentsContract(t, opened))
  t.test(`${name}: writes`, (t) => writesContract(t, opened))
  t.test(`${name}: lists`, (t) => listsContract(t, opened))
  for (const own of ['facts', 'tasks', 'buildStatuses', 'journal', 'summaries', 'demand', 'leases', 'releases', 'oci'] as const) {
    const instead: Open = async (t) => {
      const { stores, settle } = await opened(t)
      return { stores: { ...stores, containers: stores[own] }, settle }
    }
    t.test(`${name}: documents of ${own}`, (t) => documentsContract(t, instead))
    t.test(`${name}: writes of ${own}`, (t) => writesContract(t, instead))
  }
  t.test(`${name}: lists of our own`, (t) => ownListsContract(t, opened))
}

async function storesContract(t: Tap, open: Open): Promise<void> {
  const { stores, settle } = await open(t)
  t.teardown(() => stores.close())

  await t.test('migrating a second time applies nothing and harms nothing', async (t) => {
    const first = await stores.migrate()
    await stores.containers.put('kept', '{"id":"kept"}')

    const second = await stores.migrate()

    t.ok(first.applied.length > 0, 'the first time, something was applied')
    t.strictSame(second, { version: first.version, applied: [] })
    t.equal((await stores.containers.get('kept'))?.document, '{"id":"kept"}')
  })

  await t.test('two that migrate at once both succeed', async (t) => {
    const [one, two] = await Promise.all([stores.migrate(), stores.migrate()])

    t.equal(one.version, two.version)
  })

  await t.test('a store in order is healthy and names its engine', async (t) => {
    t.strictSame(await stores.health(), { ok: true })
    t.match(await stores.engine(), /^[a-z]+ \d+\.\d+/)
  })

  await t.test('collections do not share documents', async (t) => {
    await stores.containers.put('same', '{"id":"same","is":"container"}')
    await stores.jobSpecs.put('same', '{"id":"same","is":"job-spec"}')
    await stores.hysdsIos.put('same', '{"id":"same","is":"hysds-io"}')
    await stores.jobSpecs.remove('same')
    await settle()

    t.equal((await stores.containers.get('same'))?.document, '{"id":"same","is":"container"}')
    t.equal(await stores.jobSpecs.get('same'), undefined)
    t.equal((await stores.hysdsIos.get('same'))?.document, '{"id":"same","is":"hysds-io"}')
    t.strictSame((await stores.jobSpecs.list({ limit: 10 })).items, [])
  })

  await t.test('closing waits for writes under way, and afterwards every call is refused', async (t) => {
    const writes = Array.from({ length: 1000 }, (_, i) => stores.containers.put(`last-${i}`, `{"id":"last-${i}"}`))

    await stores.close()

    t.equal((await Promise.all(writes)).length, 1000)
    await t.rejects(stores.containers.get('same'), { code: 'store_unavailable' })
    await t.rejects(stores.containers.put('same', '{}'), { code: 'store_unavailable' })
    await t.rejects(stores.containers.list({ limit: 1 }), { code: 'store_unavailable' })
    await stores.close()
  })
}
