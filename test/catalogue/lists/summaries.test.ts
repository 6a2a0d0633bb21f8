import t from 'tap'
import { type ChangeRange, joinRanges, rangeOf } from '../../../src/catalogue/lists/change-range.ts'
import { createSummaries } from '../../../src/catalogue/lists/summaries.ts'
import { createChanges } from '../../../src/catalogue/records/changes.ts'
import { createJournal } from '../../../src/catalogue/records/journal.ts'
import { background } from '../../../src/domain/history/entry.ts'
import { onAppendFailed, openStores, sha256 } from '../../support/start-server.ts'

t.test('what is touched while rows are made is made when they are done, all of it at once', async (t) => {
  const { containers, summaries: store } = await openStores(t)
  const asked: string[] = []
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const get = async (id: string) => {
    asked.push(id)
    if (id === 'first') await held
    return store.get(id)
  }
  const changes = createChanges({ containers, journal: { append: onAppendFailed as never }, hash: sha256, onAppendFailed })
  const summaries = createSummaries({
    store: { ...store, get },
    changes,
    summarise: onAppendFailed as never,
    summariseComing: async () => undefined,
    account: async () => ({ accounted: null, suspect: null, fingerprint: null, at: undefined, born: undefined }),
    graceMs: 1000,
    onError: onAppendFailed
  })
  t.teardown(() => summaries.stop())

  for (const id of ['first', 'second', 'third', 'second']) summaries.touched(id)
  await new Promise((resolve) => setTimeout(resolve, 50))
  const meanwhile = [...asked]
  release()
  await summaries.settled(10_000)

  t.strictSame(meanwhile, ['first'])
  t.strictSame(asked, ['first', 'second', 'third'])
})

t.test('what is remembered of changes until the row is made joins them, and holds none of their documents', async (t) => {
  const { containers, journal: entries } = await openStores(t)
  const journal = createJournal(entries, { hash: sha256, now: () => new Date() })
  const changes = createChanges({ containers, journal, hash: sha256, onAppendFailed })
  const spans: (ChangeRange | undefined)[] = []
  changes.onChange((_, told) => spans.push(rangeOf(told)))
  const write = (version: string | undefined) =>
    changes.write('a', {
      cause: background('a test'),
      to: () => (version === undefined ? undefined : `{"id": "a", "version": "${version}", "url": "s3://bucket/a.tar.gz"}`)
    })

  const one = await write('1')
  const two = await write('2')
  await write(undefined)

  const [created, changed, removed] = spans
  const both = joinRanges(created, changed)
  t.match(both, { before: undefined, after: two.after!.revision, at: changed!.at, born: created!.at })
  t.strictSame(changed!.before, { revision: one.after!.revision, fingerprint: one.meant.after })
  t.match(joinRanges(both, removed), { before: undefined, after: undefined, at: removed!.at })
  t.equal(joinRanges(created, removed), undefined, 'something came in between')
  t.notMatch(JSON.stringify(spans), /bucket/)
})
