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
