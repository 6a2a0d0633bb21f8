import { keysNamedIn } from '../../domain/image/storage.ts'
import { pagesOf } from '../../domain/pages.ts'
import { keepsTarballs } from '../../domain/releases/channel.ts'
import type { DocumentStore, StoredDocument, Stores } from '../../stores/document-store.ts'

export type Naming = ReturnType<typeof createNaming>

interface NamingOptions {
  signal?: AbortSignal
  /** Awaited after each page. */
  onPage?: () => Promise<void>
}

const pageSize = 500

/**
 * Which tarballs are named by containers, pending images, channels or releases. Nothing but a walk over all containers is sure to find what
 * names one: a copy names it under another container's id.
 */
export function createNaming({ containers, buildStatuses, releases }: Pick<Stores, 'containers' | 'buildStatuses' | 'releases'>) {
  return {
    /** Returns those of the keys that are named. Reads every container, a page at a time. */
    async namedAmong(keys: ReadonlySet<string>, { signal, onPage }: NamingOptions = {}): Promise<Set<string>> {
      const named = new Set<string>()
      // pending images first, as they move to the containers: a tarball that is published meanwhile is met in one of the two
      for (const store of [buildStatuses, containers, releases]) {
        // a copy that was made a moment ago counts
        await store.refresh()
        for await (const page of allDocuments(store, signal)) {
          for (const { id, document } of page) {
            if (store === releases && !keepsTarballs(id)) continue
            for (const key of keysNamedIn(document)) if (keys.has(key)) named.add(key)
          }
          if (named.size === keys.size) return named
          await onPage?.()
        }
      }
      return named
    }
  }
}

/** Yields every document of a collection, a page at a time. Throws the reason of an aborted signal. */
export async function* allDocuments(store: DocumentStore, signal?: AbortSignal): AsyncGenerator<StoredDocument[]> {
  for await (const { items } of pagesOf(store.list, { limit: pageSize })) {
    signal?.throwIfAborted()
    yield items
  }
}
