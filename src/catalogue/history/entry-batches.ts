import type { JournalEntry } from '../../domain/history/entry.ts'
import { pagesOf } from '../../domain/pages.ts'
import type { EntryQuery, Journal } from '../records/journal.ts'

/** Yields all entries of a query in batches of its limit, in its order. */
export async function* entryBatches(journal: Pick<Journal, 'entries'>, query: EntryQuery): AsyncGenerator<JournalEntry[]> {
  const bound = query.newestFirst ? 'before' : 'after'
  const list = async ({ cursor, ...rest }: EntryQuery & { cursor?: string }) => {
    const items = await journal.entries({ ...rest, ...(cursor !== undefined && { [bound]: cursor }) })
    return { items, next: items.length < query.limit ? undefined : items.at(-1)!.order }
  }
  for await (const { items } of pagesOf(list, query)) yield items
}
