import t from 'tap'
import { startBackground } from '../../src/catalogue/background.ts'
import { CatalogueError } from '../../src/domain/errors.ts'
import type { Policy } from '../../src/domain/policy.ts'
import type { Stores } from '../../src/stores/document-store.ts'
import { eventually } from '../support/processes.ts'
import { openStores } from '../support/start-server.ts'
import { startWithTarballs } from '../support/tarballs.ts'

/** The names of what begins at once. */
async function begun(policy: Policy): Promise<string[]> {
  const names: string[] = []
  const of = (name: string) => async () => {
    names.push(name)
    return 0
  }
  const catalogue = {
    batches: { recover: of('batches') },
    demand: { flush: of('demand') },
    summaries: { run: of('summaries') },
    publishing: { work: of('publishing') },
    journalBounds: { work: of('history') },
    containerfiles: { sweep: of('containerfiles') },
    uploads: { tidy: of('uploads') },
    removals: { work: of('removals'), onWork() {} },
    upkeep: { sweep: of('leftovers') },
    verifier: { work: of('verification'), onWork() {} },
    sweep: of('facts')
  }
  const onFailure = (error: unknown) => {
    throw error
  }
  const unexpected = { onAway: onFailure, onBack: () => onFailure(new Error('nothing was away')) }
  const options = { ...unexpected, policy, reading: true, uploadExpiryMs: 1000, deleteGraceMs: 0, sweepMs: 1000, onFailure }
  const loops = startBackground(catalogue as never, options)
  await Promise.all(loops.map((loop) => loop.stop()))
  return names.sort()
}

t.test('where nobody may write, nothing happens to records, tarballs and history by itself', async (t) => {
  const all = [
    'batches',
    'containerfiles',
    'demand',
    'facts',
    'history',
    'leftovers',
    'publishing',
    'removals',
    'summaries',
    'uploads',
    'verification'
  ]

  t.strictSame(await begun('open'), all)
  t.strictSame(await begun('read-only'), ['demand', 'summaries'])
})

t.test('a store that is away is told once, and once that it is back, however many wait for it', async (t) => {
  let away = true
  const stores = await openStores(t)
  const gated = Object.fromEntries(
    Object.entries(stores).map(([name, store]) => [name, typeof store === 'object' ? unless(() => away, store) : store])
  )
  const { catalogue } = await startWithTarballs(t, { stores: gated as unknown as Stores })
  const told: string[] = []
  const loops = startBackground(catalogue, {
    ...{ policy: 'open', reading: true, uploadExpiryMs: 1000, deleteGraceMs: 0, sweepMs: 1000 },
    onFailure: (error) => told.push(String(error)),
    onAway: (error) => told.push(`away: ${(error as Error).message}`),
    onBack: () => told.push('back')
  })
  t.teardown(() => Promise.all(loops.map((loop) => loop.stop())))
  const again = async (condition: () => boolean) =>
    eventually(
      async () => {
        for (const loop of loops) loop.wake()
        return condition() || undefined
      },
      { what: told.join(', '), everyMs: 10 }
    )
  let rounds = 0

  await again(() => told.length > 0 && ++rounds > 10)
  t.strictSame(told, ['away: it is away'])
  away = false
  await again(() => told.length > 1)

  t.strictSame(told, ['away: it is away', 'back'])
})

/** A store of which every method fails while it is away. */
function unless(away: () => boolean, store: object): object {
  const guarded = ([name, method]: [string, unknown]) => {
    if (typeof method !== 'function') return [name, method]
    const refuse = (...args: unknown[]) => {
      if (away()) throw new CatalogueError('store_unavailable', 'it is away')
      return method(...args)
    }
    return [name, refuse]
  }
  return Object.fromEntries(Object.entries(store).map(guarded))
}
