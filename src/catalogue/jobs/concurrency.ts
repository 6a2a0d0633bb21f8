/** Works on `atOnce` items at a time. After a failure it begins no more, and throws it when those under way have ended. */
export async function workThrough<Item, Result>(
  items: readonly Item[],
  { atOnce, work, done }: { atOnce: number; work: (item: Item) => Promise<Result>; done: (result: Result, item: Item) => void }
): Promise<void> {
  for (let at = 0; at < items.length; at += atOnce) {
    const group = items.slice(at, at + atOnce)
    const results = await Promise.allSettled(group.map(work))
    for (const [i, result] of results.entries()) if (result.status === 'fulfilled') done(result.value, group[i]!)
    const failed = results.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
  }
}

/** Waits until work is done or so many milliseconds have passed. Throws what the work throws in that time. */
export async function waitAtMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, patience]).finally(() => clearTimeout(timer))
  // nobody hears of a later failure
  work.catch(() => {})
}

/** Works on `atOnce` items at a time, and returns the results in the order of the items. Other requests get their turn in between. */
export async function mapInTurns<Item, Result>(items: Iterable<Item>, work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  for await (const result of forEachConcurrently(items, { atOnce: turnSize, work })) {
    results.push(result)
    // the embedded store answers at once
    if (results.length % turnSize === 0) await new Promise((resolve) => setTimeout(resolve))
  }
  return results
}

const turnSize = 16

/** Works on `atOnce` items at a time, and yields the results in the order of the items. */
export async function* forEachConcurrently<Item, Result>(
  items: Iterable<Item>,
  { atOnce, work }: { atOnce: number; work: (item: Item) => Promise<Result> }
): AsyncGenerator<Result> {
  let group: Item[] = []
  for (const item of items) {
    group.push(item)
    if (group.length < atOnce) continue
    yield* await Promise.all(group.map(work))
    group = []
  }
  yield* await Promise.all(group.map(work))
}
