import { CatalogueError } from '../domain/errors.ts'

export interface CoalesceOptions<Item, Result> {
  /**
   * Carries out a batch and returns the results in the same order, with an Error for each item that failed. When it throws, the whole batch
   * fails. The first item arrived at `since` (Date.now()), the others shortly after. Do not retry items whose callers have already been
   * refused: an old write could then overwrite a newer one.
   */
  run(batch: Item[], timing: { since: number }): Promise<(Result | Error)[]>
  sizeOf?(item: Item): number
  maxItems: number
  /** The limit for the sum of sizeOf in one batch. A larger item forms a batch of its own. */
  maxSize?: number
  /** How many batches run at once. Meanwhile, items queue for the next batch: there is no timer, and no added latency when idle. */
  concurrency: number
  /** How many items may wait. Further items are refused with store_unavailable. */
  maxWaiting?: number
  /** How long a caller waits before it gets store_unavailable, whether or not its item is carried out later. */
  patienceMs: number
}

interface WaitingItem<Item, Result> {
  item: Item
  resolve(result: Result): void
  reject(error: unknown): void
  timer: NodeJS.Timeout
  since: number
}

interface Batching<Item, Result> extends Required<CoalesceOptions<Item, Result>> {
  waiting: Set<WaitingItem<Item, Result>>
  underWay: number
  scheduled: boolean
}

/** Joins concurrent calls into batches: each caller gets its own result or its own error. */
export function coalesce<Item, Result>(options: CoalesceOptions<Item, Result>): (item: Item) => Promise<Result> {
  const batching: Batching<Item, Result> = {
    ...{ sizeOf: () => 1, maxSize: Number.POSITIVE_INFINITY, maxWaiting: 20_000, ...options },
    ...{ waiting: new Set<WaitingItem<Item, Result>>(), underWay: 0, scheduled: false }
  }
  const { waiting, maxWaiting, concurrency, patienceMs } = batching

  return (item) =>
    new Promise<Result>((resolve, reject) => {
      if (waiting.size >= maxWaiting) {
        reject(new CatalogueError('store_unavailable', `the store is behind: ${maxWaiting} requests are waiting for it; try again`))
        return
      }
      const giveUp = () => {
        waiting.delete(entry)
        reject(new CatalogueError('store_unavailable', `the store gave no answer within ${patienceMs} ms`))
      }
      const entry = { item, resolve, reject, timer: setTimeout(giveUp, patienceMs), since: Date.now() }
      waiting.add(entry)
      if (batching.scheduled || batching.underWay >= concurrency) return
      batching.scheduled = true
      setImmediate(() => startBatches(batching))
    })
}

function startBatches<Item, Result>(batching: Batching<Item, Result>): void {
  batching.scheduled = false
  while (batching.underWay < batching.concurrency && batching.waiting.size > 0) {
    batching.underWay++
    void runBatch(batching, takeBatch(batching))
  }
}

function takeBatch<Item, Result>({ waiting, sizeOf, maxItems, maxSize, patienceMs }: Batching<Item, Result>): WaitingItem<Item, Result>[] {
  const batch: WaitingItem<Item, Result>[] = []
  let size = 0
  for (const entry of waiting) {
    size += sizeOf(entry.item)
    const first = batch[0]
    if (first && (batch.length === maxItems || size > maxSize || entry.since - first.since > patienceMs / 10)) break
    batch.push(entry)
    waiting.delete(entry)
  }
  return batch
}

async function runBatch<Item, Result>(batching: Batching<Item, Result>, batch: WaitingItem<Item, Result>[]): Promise<void> {
  try {
    const items = batch.map(({ item }) => item)
    const results = await batching.run(items, { since: batch[0]!.since })
    for (const [i, { resolve, reject }] of batch.entries()) {
      const result = results[i] as Result | Error
      if (result instanceof Error) reject(result)
      else resolve(result)
    }
  } catch (error) {
    for (const { reject } of batch) reject(error)
  } finally {
    for (const { timer } of batch) clearTimeout(timer)
    batching.underWay--
    startBatches(batching)
  }
}
