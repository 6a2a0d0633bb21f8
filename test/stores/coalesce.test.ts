import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { coalesce } from '../../src/stores/coalesce.ts'

t.test('concurrent calls are joined, and each gets its own result or error', async (t) => {
  const batches: number[][] = []
  const double = coalesce<number, number>({
    maxItems: 3,
    concurrency: 1,
    patienceMs: 1000,
    async run(batch) {
      batches.push(batch)
      return batch.map((n) => (n === 4 ? new Error('four') : n * 2))
    }
  })

  const results = await Promise.allSettled([1, 2, 3, 4, 5].map(double))

  t.strictSame(batches, [
    [1, 2, 3],
    [4, 5]
  ])
  t.strictSame(
    results.map((result) => (result.status === 'fulfilled' ? result.value : (result.reason as Error).message)),
    [2, 4, 6, 'four', 10]
  )
})

t.test('a batch knows when its first item came, and holds none that came much later', async (t) => {
  const batches: { items: string[]; since: number }[] = []
  let free = () => {}
  const held = new Promise<void>((resolve) => {
    free = resolve
  })
  const send = coalesce<string, void>({
    maxItems: 10,
    concurrency: 1,
    patienceMs: 2000,
    async run(items, { since }) {
      batches.push({ items, since })
      if (items.includes('first')) await held
      return items.map(() => undefined)
    }
  })

  const first = send('first')
  await nextTurn() // it is under way now
  const began = Date.now()
  const early = send('early')
  const ended = Date.now()
  await sleep(300)
  const late = send('late')
  free()
  await Promise.all([first, early, late])

  t.strictSame(
    batches.map(({ items }) => items),
    [['first'], ['early'], ['late']]
  )
  const { since } = batches[1]!
  t.ok(since >= began && since <= ended, 'its callers count their patience from here')
})

t.test('who waited too long is told no, and is not carried out any more', async (t) => {
  const carriedOut: string[] = []
  let free = () => {}
  const held = new Promise<void>((resolve) => {
    free = resolve
  })
  const send = coalesce<string, void>({
    maxItems: 1,
    concurrency: 1,
    patienceMs: 100,
    maxWaiting: 1,
    async run(items) {
      carriedOut.push(...items)
      await held
      return items.map(() => undefined)
    }
  })

  const first = send('first')
  await nextTurn()
  const second = send('second')
  await t.rejects(send('third'), { code: 'store_unavailable', message: /is behind/ })
  await t.rejects(first, { code: 'store_unavailable', message: /within 100 ms/ })
  await t.rejects(second, { code: 'store_unavailable' })
  free()
  await sleep(20)

  t.strictSame(carriedOut, ['first'])
})
