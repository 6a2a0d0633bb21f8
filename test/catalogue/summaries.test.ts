import t from 'tap'
import { createChanges } from '../../src/catalogue/changes.ts'
import { createJournal } from '../../src/catalogue/journal.ts'
import { joinSpans, type Span, spanOf } from '../../src/catalogue/noticing.ts'
import { createSummaries } from '../../src/catalogue/summaries.ts'
import { background } from '../../src/domain/entry.ts'
import { onUntold, openStores, sha256 } from '../support/start-server.ts'

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
  const changes = createChanges({ containers, journal: { tell: onUntold as never }, hash: sha256, onUntold })
  const summaries = createSummaries({
    store: { ...store, get },
    changes,
    summarise: onUntold as never,
    summariseComing: async () => undefined,
    account: async () => ({ accounted: null, suspect: null, fingerprint: null, at: undefined, born: undefined }),
    graceMs: 1000,
    onError: onUntold
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
  const changes = createChanges({ containers, journal, hash: sha256, onUntold })
  const spans: (Span | undefined)[] = []
  changes.onChange((_, told) => spans.push(spanOf(told)))
  const write = (version: string | undefined) =>
    changes.write('a', {
      cause: background('a test'),
      to: () => (version === undefined ? undefined : `{"id": "a", "version": "${version}", "url": "s3://bucket/a.tar.gz"}`)
    })

  const one = await write('1')
  const two = await write('2')
  await write(undefined)

  const [created, changed, removed] = spans
  const both = joinSpans(created, changed)
  t.match(both, { before: undefined, after: two.after!.revision, at: changed!.at, born: created!.at })
  t.strictSame(changed!.before, { revision: one.after!.revision, fingerprint: one.meant.after })
  t.match(joinSpans(both, removed), { before: undefined, after: undefined, at: removed!.at })
  t.equal(joinSpans(created, removed), undefined, 'something came in between')
  t.notMatch(JSON.stringify(spans), /bucket/)
})
