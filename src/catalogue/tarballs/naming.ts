import { keysNamedIn } from '../../domain/image/storage.ts'
import { pagesOf } from '../../domain/pages.ts'
import type { DocumentStore, Stored } from '../../stores/document-store.ts'

/** Who names which tarball. */
export interface Naming {
  /** Those of the keys that some container names, or an image that waits to be published in one. Reads them all, page by page. */
  namedAmong(keys: ReadonlySet<string>, options?: { signal?: AbortSignal; onPage?: () => Promise<void> }): Promise<Set<string>>
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
        for await (const page of allDocuments(store, signal)) {
          for (const { document } of page) for (const key of keysNamedIn(document)) if (keys.has(key)) named.add(key)
          if (named.size === keys.size) return named
          await onPage?.()
        }
      }
      return named
    }
  }
}

/** Yields every document of a collection, a page at a time. Throws the reason of an aborted signal. */
export async function* allDocuments(store: DocumentStore, signal?: AbortSignal): AsyncGenerator<Stored[]> {
  for await (const { items } of pagesOf(store.list, { limit: pageSize })) {
    signal?.throwIfAborted()
    yield items
  }
}
