import { CatalogueError } from '../domain/errors.ts'

export interface CoalesceOptions<Item, Result> {
  /**
   * Carries out a batch and answers in its order, an Error for an item that failed. A throw fails the whole batch. Its items came at
   * about the same time, the first at `since` (Date.now()): nothing may be tried for them when their callers have been told no, or an
   * old write could come after a newer one.
   */
  run(batch: Item[], timing: { since: number }): Promise<(Result | Error)[]>
  sizeOf?(item: Item): number
  maxItems: number
  /** The sum of sizeOf in one batch; a single larger item goes alone. */
  maxSize?: number
  /** Batches under way at once. While they are, items gather for the next one: no timer, no added latency when idle. */
  concurrency: number
  /** Items waiting; one more is refused as store_unavailable. */
  maxWaiting?: number
  /** After this a caller is told store_unavailable, whatever becomes of its item. */
  patienceMs: number
}

/** Joins concurrent calls into batches: each caller gets its own result and its own error. */
export function coalesce<Item, Result>(options: CoalesceOptions<Item, Result>): (item: Item) => Promise<Result> {
  const { run, maxItems, concurrency, sizeOf = () => 1, maxSize = Number.POSITIVE_INFINITY, maxWaiting = 20_000, patienceMs } = options
  interface Waiting {
    item: Item
    resolve(result: Result): void
    reject(error: unknown): void
    timer: NodeJS.Timeout
    since: number
  }
  const waiting = new Set<Waiting>()
  let underWay = 0
  let scheduled = false

  function takeBatch(): Waiting[] {
    const batch: Waiting[] = []
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

  function start(): void {
    scheduled = false
    while (underWay < concurrency && waiting.size > 0) {
      underWay++
      void carryOut(takeBatch())
    }
  }

  async function carryOut(batch: Waiting[]): Promise<void> {
    try {
      const results = await run(
        batch.map(({ item }) => item),
        { since: batch[0]!.since }
      )
      for (const [i, { resolve, reject }] of batch.entries()) {
        const result = results[i] as Result | Error
        if (result instanceof Error) reject(result)
        else resolve(result)
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    } finally {
      for (const { timer } of batch) clearTimeout(timer)
      underWay--
      start()
    }
  }

  function giveUp(entry: Waiting): void {
    waiting.delete(entry)
    entry.reject(new CatalogueError('store_unavailable', `the store gave no answer within ${patienceMs} ms`))
  }

  return (item) =>
    new Promise<Result>((resolve, reject) => {
      if (waiting.size >= maxWaiting) {
        reject(new CatalogueError('store_unavailable', `the store is behind: ${maxWaiting} requests are waiting for it; try again`))
        return
      }
      const entry: Waiting = { item, resolve, reject, timer: setTimeout(() => giveUp(entry), patienceMs), since: Date.now() }
      waiting.add(entry)
      if (scheduled || underWay >= concurrency) return
      scheduled = true
      setImmediate(start)
    })
}
