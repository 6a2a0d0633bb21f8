import { say } from '../terminal/command.ts'
import type { Api } from './api.ts'

export interface Pages {
  path: string
  query: Record<string, string | undefined>
  most: number
}

/** Page after page, and no more of the last one than was asked for. */
export async function* everyPage<Item>(api: Api, { path, query, most }: Pages): AsyncGenerator<Item[]> {
  let cursor: string | undefined
  let left = most
  do {
    const page: { items: Item[]; next: string | null } = await api.ask({ path, query: { ...query, limit: Math.min(left, 200), cursor } })
    left -= page.items.length
    yield page.items
    cursor = page.next ?? undefined
  } while (cursor !== undefined && left > 0)
}

/** One JSON array, written as it comes. */
export async function printed(pages: AsyncIterable<unknown[]>): Promise<void> {
  let before = '['
  for await (const page of pages) {
    for (const item of page) {
      say(before + JSON.stringify(item))
      before = ','
    }
  }
  say(before === '[' ? '[]' : ']')
}
