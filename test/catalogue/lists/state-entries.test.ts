import t from 'tap'
import { appendStateEntry } from '../../../src/catalogue/lists/state-entries.ts'
import type { StoredSummary } from '../../../src/domain/lists/summary.ts'

const created = '2026-01-02T03:04:05.000Z'
const partial = { id: 'a:1', state: 'partial', revision: '1', created } as StoredSummary
const complete = { ...partial, state: 'complete' } as StoredSummary
const unborn = { ...partial, created: null }

/** The words of the entry that two summaries make, if any. */
async function entryOf(before: StoredSummary | undefined, after: StoredSummary, born?: string): Promise<string | undefined> {
  const entries: { summary: string }[] = []
  const parts = {
    journal: { append: async (entry: { summary: string }) => entries.push(entry) },
    views: { status: async () => ({ state: after.state, reasons: [] }) },
    onAppendFailed: (error: unknown) => t.error(error)
  }
  await appendStateEntry(parts as never, { id: 'a:1', before, after, born })
  return entries[0]?.summary
}

t.test('a container is told of when it comes to another state', async (t) => {
  t.equal(await entryOf(undefined, partial, created), 'it is partial', 'a new one')
  t.equal(await entryOf(undefined, unborn), undefined, 'one that was there before its first summary')
  t.equal(await entryOf(partial, partial), undefined, 'the same state')
  t.equal(await entryOf(partial, complete), 'it is complete, and was partial')
  t.equal(await entryOf(unborn, complete), 'it is complete, and was partial', 'one of unknown age')
})

t.test('a new one whose first summary was written before the entry of its creation is told of when that has come', async (t) => {
  t.equal(await entryOf(unborn, partial, created), 'it is partial')
  t.equal(await entryOf(unborn, complete, created), 'it is complete', 'also in the state that it has come to since')
})
