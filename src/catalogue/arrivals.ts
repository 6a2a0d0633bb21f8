import { isCatalogueError } from '../domain/errors.ts'
import { type Facts, fromFactsDocument, toFactsDocument } from '../domain/facts.ts'
import type { DocumentStore, Stored } from '../stores/document-store.ts'
import { nothingKnown } from './facts.ts'
import type { TaskQueue } from './task-queue.ts'

export interface ArrivalsParts {
  facts: DocumentStore
  queue: TaskQueue
  now: () => Date
  /** Whether images in our own store are read at all. */
  verified: boolean
  /** How long the store needs until a list shows what was just written. */
  settleMs: number
  /** Wakes who does what is put down here. */
  wake(): void
  onError(error: unknown, key: string): void
}

/** A tarball that somebody put under a path, not by way of a registration. */
export interface Arrival {
  key: string
  sha256: string
}

/**
 * To be told of every such arrival, after it is stored. What was known of other bytes under this path is about nothing now, and every image
 * that is registered there is put down to be read. Nobody waits for it and it never throws: what is missed here, because the store is away
 * or the server stops, the sweep finds.
 */
export function createArrivals(parts: ArrivalsParts): (arrival: Arrival) => Promise<void> {
  const { facts, queue, verified, settleMs, now, wake, onError } = parts

  async function outdate(known: Facts, { id, revision }: Stored): Promise<void> {
    const { container, slot, url, digest, given, key } = known
    const summary = 'another tarball stands there by now, which nobody has read yet'
    const fresh = { ...nothingKnown, container, slot, url, digest, given, key, summary, checked: now().toISOString(), by: 'storage' }
    try {
      await facts.put(id, toFactsDocument(fresh, id), { revision })
    } catch (error) {
      // who wrote meanwhile may have read the old bytes or the new ones: the task tells
      if (!isCatalogueError(error, 'revision_conflict')) throw error
    }
    if (verified) await queue.add({ kind: 'verify', container, slot, key })
  }

  return async ({ key, sha256 }) => {
    try {
      if (settleMs > 0) await new Promise((resolve) => setTimeout(resolve, settleMs))
      let cursor: string | undefined
      do {
        const page = await facts.list({ where: [{ field: 'key', equals: key }], limit: 100, ...(cursor !== undefined && { cursor }) })
        for (const stored of page.items) {
          const known = fromFactsDocument(stored.document)
          if (known && (known.sha256 !== sha256 || known.status !== 'present')) await outdate(known, stored)
        }
        cursor = page.next
      } while (cursor !== undefined)
      if (verified) wake()
    } catch (error) {
      onError(error, key)
    }
  }
}
