import t from 'tap'
import { createChanges } from '../../../src/catalogue/records/changes.ts'
import { createJournal } from '../../../src/catalogue/records/journal.ts'
import { CatalogueError } from '../../../src/domain/errors.ts'
import { background } from '../../../src/domain/history/entry.ts'
import type { Stores } from '../../../src/stores/document-store.ts'
import { onAppendFailed, openStores, sha256 } from '../../support/start-server.ts'

const cause = background('test')
const document = (version: string, more = '') => `{"id": "a", "version": "${version}", "url": "s3://b/a.tar"${more}}`
const now = () => new Date('2026-01-02T03:04:05Z')

function changesOf(stores: Stores, untold: (error: unknown) => void = onAppendFailed) {
  const journal = createJournal(stores.journal, { hash: sha256, now })
  return { journal, changes: createChanges({ containers: stores.containers, journal, hash: sha256, onAppendFailed: untold }) }
}

t.test('each change of meaning is told once, with what was there before and after, by whom and why', async (t) => {
  const { journal, changes } = changesOf(await openStores(t))

  const { after: first } = await changes.write('a', { cause, to: () => document('1') })
  const { after: second } = await changes.write('a', { cause, to: () => document('2') })
  await changes.write('a', { cause, to: () => undefined })

  const { items } = await journal.ofContainer('a', { limit: 10 })
  t.strictSame(
    items.map(({ what, before, after, revision, previous, by }) => ({ what, before, after, revision, previous, by })),
    [
      { what: 'removed', before: document('2'), after: null, revision: null, previous: second!.revision, by: cause },
      { what: 'changed', before: document('1'), after: document('2'), revision: second!.revision, previous: first!.revision, by: cause },
      { what: 'created', before: null, after: document('1'), revision: first!.revision, previous: null, by: cause }
    ]
  )
  t.match(await journal.ofRevision('a', second!.revision), { what: 'changed' })
  t.match(await journal.ofRemoval('a', second!.revision), { what: 'removed' })
})

t.test('what means the same is not written, unless its very bytes are wanted; then nothing is told of it', async (t) => {
  const stores = await openStores(t)
  const { journal, changes } = changesOf(stores)
  const { after } = await changes.write('a', { cause, to: () => document('1') })
  const other = document('1', ', "more": 1')

  const same = await changes.write('a', { cause, to: () => other })
  t.match(same, { unchanged: true, after: { revision: after!.revision } })
  t.equal((await stores.containers.get('a'))?.document, document('1'))

  const verbatim = await changes.write('a', { cause, verbatim: true, to: () => other })
  t.equal(verbatim.unchanged, true)
  t.equal((await stores.containers.get('a'))?.document, other)
  t.equal((await journal.ofContainer('a', { limit: 10 })).items.length, 1)
})

t.test('200 writers through two catalogues on one store lose nothing, with fewer than 3 attempts each', async (t) => {
  const stores = await openStores(t)
  const replicas = [changesOf(stores), changesOf(stores)]
  const add = (i: number) =>
    replicas[i % 2]!.changes.write('a', {
      cause,
      to: (known) => JSON.stringify({ id: 'a', version: `${known?.record.version ?? ''}${i},` })
    })

  const changed = await Promise.all(Array.from({ length: 200 }, (_, i) => add(i)))

  const numbers = JSON.parse((await stores.containers.get('a'))!.document)
    .version.split(',')
    .slice(0, -1)
  t.same(new Set(numbers).size, 200)
  const attempts = changed.reduce((sum, { attempts }) => sum + attempts, 0)
  t.ok(attempts < 600, `${attempts} attempts`)
  const { items } = await replicas[0]!.journal.ofContainer('a', { limit: 1000 })
  t.equal(items.length, 200)
  for (const [i, { before }] of items.entries()) t.equal(before, items[i + 1]?.after ?? null)
})

t.test('a precondition that does not hold is refused, and nothing is written', async (t) => {
  const stores = await openStores(t)
  const { changes } = changesOf(stores)
  const refused = { code: 'precondition_failed' }
  await t.rejects(changes.write('a', { cause, to: () => document('1'), precondition: { present: true } }), refused)
  await t.rejects(changes.write('a', { cause, to: () => document('1'), precondition: { revisions: ['x.1.1'] } }), refused)
  const { after } = await changes.write('a', { cause, to: () => document('1'), precondition: { absent: true } })
  await t.rejects(changes.write('a', { cause, to: () => document('2'), precondition: { absent: true } }), refused)

  await changes.write('a', { cause, to: () => document('2'), precondition: { revisions: ['x.1.1', after!.revision] } })

  await t.rejects(changes.write('a', { cause, to: () => document('3'), precondition: { revisions: [after!.revision] } }), refused)
  t.equal((await stores.containers.get('a'))?.document, document('2'))
})

t.test('a dry run tells what would be, and writes nothing', async (t) => {
  const stores = await openStores(t)
  const { changes, journal } = changesOf(stores)

  const { before, after, unchanged } = await changes.write('a', { cause, dryRun: true, to: () => document('1') })

  t.match({ before, unchanged, document: after?.document }, { before: undefined, unchanged: false, document: document('1') })
  t.equal(await stores.containers.get('a'), undefined)
  t.same((await journal.ofContainer('a', { limit: 10 })).items, [])
})

t.test('a change that the journal cannot take is made all the same, and that it is untold is said', async (t) => {
  const stores = await openStores(t)
  const untold: unknown[] = []
  const away = { ...stores.journal, put: () => Promise.reject(new CatalogueError('store_unavailable', 'away')) }
  const { changes } = changesOf({ ...stores, journal: away }, (error) => untold.push(error))

  await changes.write('a', { cause, to: () => document('1') })

  t.equal((await stores.containers.get('a'))?.document, document('1'))
  t.match(untold, [{ code: 'store_unavailable' }])
})
