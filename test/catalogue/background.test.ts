import t from 'tap'
import { startBackground } from '../../src/catalogue/background.ts'
import type { Policy } from '../../src/domain/policy.ts'

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
    uploads: { tidy: of('uploads') },
    removals: { work: of('removals'), onWork() {} },
    verification: { work: of('verification'), onWork() {} },
    sweep: of('facts')
  }
  const onFailure = (error: unknown) => {
    throw error
  }
  const options = { policy, reading: true, uploadExpiryMs: 1000, deleteGraceMs: 0, sweepMs: 1000, onFailure }
  const loops = startBackground(catalogue as never, options)
  await Promise.all(loops.map((loop) => loop.stop()))
  return names.sort()
}

t.test('where nobody may write, nothing happens to records, tarballs and history by itself', async (t) => {
  const all = ['batches', 'demand', 'facts', 'history', 'publishing', 'removals', 'summaries', 'uploads', 'verification']

  t.strictSame(await begun('open'), all)
  t.strictSame(await begun('read-only'), ['demand', 'summaries'])
})
