import { keysNamedIn } from '../../domain/image/storage.ts'
import { pagesOf } from '../../domain/pages.ts'
import { keepsTarballs } from '../../domain/releases/channel.ts'
import type { DocumentStore, StoredDocument, Stores } from '../../stores/document-store.ts'

interface NamingOptions {
  keys: ReadonlySet<string>
  signal?: AbortSignal
  /** Awaited after each page. */
  onPage?: () => Promise<void>
}

const pageSize = 500

/**
 * Returns those of the keys that containers, pending images, channels or releases name. Reads every container, a page at a time: nothing
 * else is sure to find what names a tarball, as a copy names it under another container's id.
 */
export async function namedAmong(
  stores: Pick<Stores, 'containers' | 'buildStatuses' | 'releases'>,
  { keys, signal, onPage }: NamingOptions
): Promise<Set<string>> {
  const { containers, buildStatuses, releases } = stores
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

/** Yields every document of a collection, a page at a time. Throws the reason of an aborted signal. */
export async function* allDocuments(store: DocumentStore, signal?: AbortSignal): AsyncGenerator<StoredDocument[]> {
  for await (const { items } of pagesOf(store.list, { limit: pageSize })) {
    signal?.throwIfAborted()
    yield items
  }
}
