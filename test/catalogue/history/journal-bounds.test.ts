import t, { type Test } from 'tap'
import { createJournalBounds } from '../../../src/catalogue/history/journal-bounds.ts'
import { createLeases } from '../../../src/catalogue/jobs/leases.ts'
import { createJournal } from '../../../src/catalogue/records/journal.ts'
import { background, type EntryKind } from '../../../src/domain/history/entry.ts'
import { openStores, sha256 } from '../../support/start-server.ts'

const day = 86_400_000
const { signal } = new AbortController()

/** A journal on some day, kept for ten of them and for five entries a container. */
async function start(t: Test) {
  const stores = await openStores(t)
  let at = Date.parse('2026-01-01T00:00:00Z')
  const now = () => new Date(at)
  const journal = createJournal(stores.journal, { hash: sha256, now })
  const leases = createLeases(stores.leases, { now, leaseMs: 60_000 })
  const parts = { store: stores.journal, journal, containers: stores.containers, leases, hash: sha256, now, entries: 5, keepMs: 10 * day }
  const bounds = createJournalBounds(parts)
  let number = 0
  return {
    stores,
    bounds,
    leases,
    later: (ms: number) => (at += ms),
    async append(container: string, kind: EntryKind, summary: string) {
      const entry = { container, kind, what: 'changed', by: background('test'), summary, architecture: null, fingerprint: null }
      const revision = kind === 'record' ? `store.${++number}.1` : null
      await journal.append({ ...entry, revision, previous: null, before: null, after: null, subject: summary })
    },
    kept: async (container: string) => (await journal.ofContainer(container, { limit: 100 })).items.map(({ summary }) => summary),
    async run() {
      let looked = 0
      for (let done = 1; done > 0; looked += done) done = await bounds.work({ signal })
      return looked
    }
  }
}

t.test('of one container so many entries are kept, the newest; what was removed is told', async (t) => {
  const { bounds, append, kept, run, later } = await start(t)
  for (let i = 0; i < 12; i++) await append('many', 'record', `r${i}`)
  await append('few', 'record', 'one')
  await run()
  t.equal((await kept('many')).length, 12, 'what is a moment old is left alone')
  t.equal(await bounds.cutOf('many'), null)
  later(120_000)

  await run()

  t.strictSame(await kept('many'), ['r11', 'r10', 'r9', 'r8', 'r7'])
  t.match(await bounds.cutOf('many'), { entries: 7, until: '2026-01-01T00:00:00.000Z' })
  t.strictSame(await kept('few'), ['one'])
  t.equal(await bounds.cutOf('few'), null)
  await append('many', 'build', 'b0')
  later(120_000)
  await run()
  t.strictSame(await kept('many'), ['b0', 'r11', 'r10', 'r9', 'r8'])
  t.match(await bounds.cutOf('many'), { entries: 8 })
})

t.test('what is too old is removed, but not the newest about a record that is there', async (t) => {
  const { stores, bounds, append, kept, run, later } = await start(t)
  await stores.containers.put('present', '{"id": "present"}')
  for (const container of ['present', 'absent']) {
    for (const summary of ['r0', 'r1']) await append(container, 'record', summary)
    await append(container, 'build', 'b0')
  }
  later(9 * day)
  await run()
  t.equal((await kept('absent')).length, 3)
  later(2 * day)

  await run()

  t.strictSame(await kept('present'), ['r1'])
  t.match(await bounds.cutOf('present'), { entries: 2 })
  t.strictSame(await kept('absent'), [])
  t.equal(await bounds.cutOf('absent'), null, 'nothing is left of it at all')
  t.equal(await run(), 0, 'nothing is looked at twice')
  await append('present', 'record', 'r2')
  later(day)
  await run()
  t.strictSame(await kept('present'), ['r2'], 'a newer one lets the old one go')
})

t.test('the newest about a record stays however many others come after it', async (t) => {
  const { append, kept, run, later } = await start(t)
  await append('a', 'record', 'r0')
  for (let i = 0; i < 8; i++) await append('a', 'build', `b${i}`)
  later(120_000)

  await run()

  t.strictSame(await kept('a'), ['b7', 'b6', 'b5', 'b4', 'b3', 'r0'])
})

t.test('one replica at a time does it', async (t) => {
  const { bounds, leases, append, run, later } = await start(t)
  await append('a', 'record', 'r0')
  later(120_000)
  const held = await leases.acquire('journal-bounds')

  t.equal(await bounds.work({ signal }), 0)
  await held!.release({})
  t.equal(await run(), 1)
})

t.test('a process that stops lets go in the middle, and the next one does the rest at once', async (t) => {
  const { bounds, kept, append, run, later } = await start(t)
  for (const container of ['a', 'b', 'c']) for (let i = 0; i < 7; i++) await append(container, 'build', `b${i}`)
  later(120_000)
  const counts = async () => Promise.all(['a', 'b', 'c'].map(async (one) => (await kept(one)).length))

  t.equal(await bounds.work({ signal: AbortSignal.abort() }), 0)
  t.strictSame((await counts()).sort(), [5, 7, 7])

  t.equal(await run(), 19)
  t.strictSame(await counts(), [5, 5, 5])
})
