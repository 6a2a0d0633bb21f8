/** Does so many things at once, and gives what came out in order. */
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
