import { keysNamedIn } from '../../domain/image/storage.ts'
import type { DocumentStore, Stored } from '../../stores/document-store.ts'

/** Who names which tarball. */
export interface Naming {
  /** Those of the keys that some container names, or an image that waits to be published in one. Reads them all, page by page. */
  namedAmong(keys: ReadonlySet<string>, options?: { signal?: AbortSignal; onPage?: () => Promise<void> }): Promise<Set<string>>
  /** Every record, page by page. */
  records(options?: { signal?: AbortSignal | undefined }): AsyncGenerator<Stored[]>
}

const pageSize = 500

/** Nothing but a walk over all containers is sure to find whoever names a tarball: a copy names it under another container's id. */
export function namingOf({ containers, buildStatuses }: { containers: DocumentStore; buildStatuses: DocumentStore }): Naming {
  return {
    async namedAmong(keys, { signal, onPage } = {}) {
      const named = new Set<string>()
      // in the order in which a tarball goes: one that is published meanwhile is met here or there
      for (const store of [buildStatuses, containers]) {
        // a copy that was made a moment ago counts
        await store.refresh()
        for await (const page of pagesOf(store, signal)) {
          for (const { document } of page) for (const key of keysNamedIn(document)) if (keys.has(key)) named.add(key)
          if (named.size === keys.size) return named
          await onPage?.()
        }
      }
      return named
    },
    records: ({ signal } = {}) => pagesOf(containers, signal)
  }
}

/** A whole collection in pages. */
export async function* pagesOf(store: DocumentStore, signal?: AbortSignal): AsyncGenerator<Stored[]> {
  let cursor: string | undefined
  do {
    signal?.throwIfAborted()
    const { items, next } = await store.list({ limit: pageSize, ...(cursor !== undefined && { cursor }) })
    yield items
    cursor = next
  } while (cursor !== undefined)
}
