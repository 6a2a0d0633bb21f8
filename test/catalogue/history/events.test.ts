import t, { type Test } from 'tap'
import type { StreamItem } from '../../../src/catalogue/history/event-stream.ts'
import { createEvents, type EventBounds } from '../../../src/catalogue/history/events.ts'
import { createJournal } from '../../../src/catalogue/records/journal.ts'
import { CatalogueError } from '../../../src/domain/errors.ts'
import { background } from '../../../src/domain/history/entry.ts'
import type { Stores } from '../../../src/stores/document-store.ts'
import { openStores, sha256 } from '../../support/start-server.ts'

const state = { kind: 'state', what: 'changed', by: background('test'), summary: '', architecture: null, fingerprint: null } as const
const entry = (container: string) => ({
  ...state,
  container,
  revision: null,
  previous: null,
  before: null,
  after: null,
  subject: container
})

/** A replica: what it tells, and who listens to it. */
function replica(t: Test, stores: Pick<Stores, 'journal'>, bounds: Partial<EventBounds> = {}) {
  const journal = createJournal(stores.journal, { hash: sha256, now: () => new Date() })
  let looks = 0
  const entries: typeof journal.entries = (query) => {
    looks++
    return journal.entries(query)
  }
  const onError = (error: unknown) => t.fail(error as Error)
  const listReadings = async () => []
  const events = createEvents({
    journal: { ...journal, entries },
    listReadings,
    now: () => new Date(),
    onError,
    bounds: { everyMs: 20, ...bounds }
  })
  t.teardown(events.close)
  const gone = new AbortController()
  const open = async (since?: string, abandon = () => {}) =>
    (await events.open({ since, wanted: () => true, signal: gone.signal, abandon }))[Symbol.asyncIterator]() as AsyncGenerator<StreamItem>
  const append = async (...containers: string[]) => {
    for (const container of containers) await journal.append(entry(container))
  }
  return { events, open, append, leave: () => gone.abort(), looks: () => looks }
}

const next = async (stream: AsyncGenerator<StreamItem>) => (await stream.next()).value as StreamItem
const named = (item: StreamItem) => (item.type === 'entry' ? item.entry.container : item)

t.test('a reader that is too slow is cut off, told where to go on, and misses nothing when it does', async (t) => {
  const { open, append } = replica(t, await openStores(t), { lag: 3, everyMs: 600_000, resumeOverlapMs: 0 })
  const stream = await open()
  await append('a', 'b')
  t.equal(named(await next(stream)), 'a')

  const many = Array.from({ length: 10 }, (_, i) => `c${i}`)
  await append(...many)

  t.equal(named(await next(stream)), 'b', 'what it was given already')
  const end = await next(stream)
  t.match(end, { type: 'end', code: 'too_slow', resume: /^\d/ })
  t.equal((await stream.next()).done, true)
  const again = await open((end as { resume: string }).resume)
  for (const container of many) t.equal(named(await next(again)), container)
})

t.test('nothing is looked up while nobody listens, and once however many do', async (t) => {
  const stores = await openStores(t)
  const here = replica(t, stores, { everyMs: 500 })
  await here.append('before')
  t.equal(here.looks(), 0)

  const streams = await Promise.all(Array.from({ length: 20 }, () => here.open()))
  t.ok(here.looks() <= 2, `${here.looks()} looks for 20 readers`)
  const first = streams.map(next)
  await replica(t, stores).append('elsewhere')
  for (const item of await Promise.all(first)) t.equal(named(item), 'elsewhere')

  here.leave()
  await Promise.all(streams.map((stream) => stream.return(undefined)))
  await new Promise((resolve) => setTimeout(resolve, 600))
  const looks = here.looks()
  await new Promise((resolve) => setTimeout(resolve, 600))
  t.equal(here.looks(), looks)
})

t.test('an entry that another replica stored late is told once, and the way back never leads past it', async (t) => {
  const stores = await openStores(t)
  const here = replica(t, stores)
  const elsewhere = createJournal(stores.journal, { hash: sha256, now: () => new Date(Date.now() - 1500) })
  const stream = await here.open()
  await here.append('in time')
  const first = (await next(stream)) as StreamItem & { type: 'entry' }

  await elsewhere.append(entry('late'))

  const late = (await next(stream)) as StreamItem & { type: 'entry' }
  t.equal(named(late), 'late')
  t.ok(late.entry.order < first.entry.order)
  t.equal(late.resume, first.resume)
  const waiting = next(stream)
  await here.append('after')
  t.equal(named(await waiting), 'after')
})

t.test('who comes from another replica may be told again of the moments before, but misses nothing', async (t) => {
  const stores = await openStores(t)
  const [one, two] = [replica(t, stores), replica(t, stores)]
  const elsewhere = createJournal(stores.journal, { hash: sha256, now: () => new Date(Date.now() - 500) })
  const stream = await one.open()
  await one.append('had')
  const { resume } = (await next(stream)) as StreamItem & { type: 'entry' }
  one.leave()
  await elsewhere.append(entry('late'))

  const moved = await two.open(resume)

  t.equal(named(await next(moved)), 'late')
})

t.test('a reader that takes nothing is let go of, and its place is free', async (t) => {
  const { open, append } = replica(t, await openStores(t), { streams: 1, stallMs: 0 })
  let abandoned = 0
  const stream = await open(undefined, () => {
    abandoned++
    void stream.return(undefined)
  })
  const taken = next(stream)
  await append('a')
  await taken

  await append('b')

  t.ok(abandoned > 0)
  await new Promise((resolve) => setImmediate(resolve))
  await open()
})

t.test('a store that goes away while somebody catches up ends the stream, with where to go on', async (t) => {
  const stores = await openStores(t)
  await replica(t, stores).append('a')
  let away = false
  const list: Stores['journal']['list'] = async (query) => {
    if (away) throw new CatalogueError('store_unavailable', 'away')
    return stores.journal.list(query)
  }
  const here = replica(t, { journal: { ...stores.journal, list } })
  const stream = await here.open('1999-01-01T00:00:00.000Z')
  away = true

  t.match(await next(stream), { type: 'end', code: 'store_unavailable', resume: '1999-01-01T00:00:00.000Z' })
  await t.rejects(replica(t, { journal: { ...stores.journal, list } }).open(), { code: 'store_unavailable' })
})
