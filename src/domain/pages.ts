/**
 * Yields the pages of a list, from the first to the last. `list` gets the query, with the cursor of the page before it. Where the query
 * asks to be `fresh`, only its first page is: what is written during the walk need not be met.
 */
export async function* pagesOf<Query extends object, Page extends { next?: string | undefined }>(
  list: (query: Query & { cursor?: string }) => Promise<Page>,
  query: Query
): AsyncGenerator<Page> {
  for (let following: Query & { cursor?: string } = query; ; ) {
    const page = await list(following)
    yield page
    if (page.next === undefined) return
    following = { ...query, ...('fresh' in query && { fresh: false }), cursor: page.next }
  }
}

/** Yields the items of all pages of a list: see pagesOf. */
export async function* itemsOf<Query extends object, Item>(
  list: (query: Query & { cursor?: string }) => Promise<{ items: Item[]; next?: string | undefined }>,
  query: Query
): AsyncGenerator<Item> {
  for await (const { items } of pagesOf(list, query)) yield* items
}
