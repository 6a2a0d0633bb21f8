import { say } from '../terminal/command.ts'
import type { Api } from './api.ts'

export interface PagesRequest {
  path: string
  query: Record<string, string | undefined>
  /** How many items to return at most. */
  most: number
}

/** Yields the items of a list, page by page. */
export async function* itemPages<Item>(api: Api, { path, query, most }: PagesRequest): AsyncGenerator<Item[]> {
  let cursor: string | undefined
  let left = most
  do {
    const page: { items: Item[]; next: string | null } = await api.ask({ path, query: { ...query, limit: Math.min(left, 200), cursor } })
    left -= page.items.length
    yield page.items
    cursor = page.next ?? undefined
  } while (cursor !== undefined && left > 0)
}

/** Prints items as one JSON array, as they arrive. */
export async function printPages(pages: AsyncIterable<unknown[]>): Promise<void> {
  let before = '['
  for await (const page of pages) {
    for (const item of page) {
      say(before + JSON.stringify(item))
      before = ','
    }
  }
  say(before === '[' ? '[]' : ']')
}
