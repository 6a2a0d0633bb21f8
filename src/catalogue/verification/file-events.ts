import type { BlobStore } from '../../blobs/blob-store.ts'
import { isCatalogueError } from '../../domain/errors.ts'
import { type Facts, fromFactsDocument, toFactsDocument } from '../../domain/image/facts.ts'
import type { DocumentStore, Stored } from '../../stores/document-store.ts'
import type { TaskQueue } from '../jobs/task-queue.ts'
import { unknownFacts } from './image-facts.ts'

export interface FileEventsParts {
  facts: DocumentStore
  blobs: Pick<BlobStore, 'head'>
  queue: TaskQueue
  now: () => Date
  /** Whether images in our own store are read at all. */
  verified: boolean
  /** How long the store needs until a list shows what was just written. */
  settleMs: number
  /** Wakes who does what is put down here. */
  wake(): void
  /** What is known of a container's images is another now. */
  onWrite(container: string): void
  /** A tarball was removed by its path that images of these containers are. */
  onDeparted(departed: { key: string; containers: string[] }): void
  onError(error: unknown, key: string): void
}

/** A tarball that somebody put under a path, not by way of a registration. */
export interface FileEvent {
  key: string
  sha256: string
}

/**
 * To be told of everything that comes and goes by its path, after that. Nobody waits for it and it never throws: what is missed here,
 * because the store is away or the server stops, the sweep finds.
 */
export interface FileEvents {
  /** What was known of other bytes under this path is about nothing now, and every image that is registered there is put down to be read. */
  arrived(arrival: FileEvent): Promise<void>
  /** Every image that is registered there is gone, from now on. */
  departed(key: string): Promise<void>
}

export function createFileEvents(parts: FileEventsParts): FileEvents {
  const { facts, blobs, queue, now, verified, settleMs, wake, onWrite, onDeparted, onError } = parts

  async function* factsAbout(key: string): AsyncGenerator<{ known: Facts; stored: Stored }> {
    let cursor: string | undefined
    do {
      const page = await facts.list({ where: [{ field: 'key', equals: key }], limit: 100, ...(cursor !== undefined && { cursor }) })
      for (const stored of page.items) {
        const known = fromFactsDocument(stored.document)
        if (known) yield { known, stored }
      }
      cursor = page.next
    } while (cursor !== undefined)
  }

  async function write(fresh: Facts, { id, revision }: Stored): Promise<void> {
    try {
      await facts.put(id, toFactsDocument({ ...fresh, checked: now().toISOString(), by: 'storage' }, id), { revision })
      onWrite(fresh.container)
    } catch (error) {
      // who wrote meanwhile may have read the old bytes or the new ones: the task tells
      if (!isCatalogueError(error, 'revision_conflict')) throw error
    }
  }

  async function outdate({ container, imageKey, url, digest, given, key }: Facts, stored: Stored): Promise<void> {
    const summary = 'another tarball stands there by now, which nobody has read yet'
    await write({ ...unknownFacts, container, imageKey, url, digest, given, key, summary, checked: '' }, stored)
    if (verified) await queue.add({ kind: 'verify', container, imageKey, key })
  }

  async function arrived({ key, sha256 }: FileEvent): Promise<void> {
    for await (const { known, stored } of factsAbout(key)) {
      if (known.sha256 !== sha256) await outdate(known, stored)
      // removed, and put again: what was proven of these bytes holds
      else if (known.status !== 'present') await write({ ...known, status: 'present' }, stored)
    }
    if (verified) wake()
  }

  async function departed(key: string): Promise<void> {
    // whoever replaces a file removes it first, as osaka does
    if (await blobs.head(key)) return
    const containers = new Set<string>()
    for await (const { known, stored } of factsAbout(key)) {
      if (known.status === 'gone') continue
      await write({ ...known, status: 'gone' }, stored)
      containers.add(known.container)
    }
    if (containers.size === 0) return
    onDeparted({ key, containers: [...containers] })
    // it may have come while this was written down
    const blob = await blobs.head(key)
    if (blob) await arrived({ key, sha256: blob.sha256 ?? '' })
  }

  async function afterwards(key: string, work: () => Promise<void>): Promise<void> {
    try {
      if (settleMs > 0) await new Promise((resolve) => setTimeout(resolve, settleMs))
      await work()
    } catch (error) {
      onError(error, key)
    }
  }

  return {
    arrived: (arrival) => afterwards(arrival.key, () => arrived(arrival)),
    departed: (key) => afterwards(key, () => departed(key))
  }
}
