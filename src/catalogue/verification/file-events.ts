import type { BlobStore } from '../../blobs/blob-store.ts'
import { isCatalogueError } from '../../domain/errors.ts'
import { type Facts, fromFactsDocument } from '../../domain/image/facts.ts'
import { pagesOf } from '../../domain/pages.ts'
import type { DocumentStore, StoredDocument } from '../../stores/document-store.ts'
import type { TaskQueue } from '../jobs/task-queue.ts'
import { type FactsStore, unknownFacts } from './image-facts.ts'

export interface FileEventsParts {
  store: DocumentStore
  facts: Pick<FactsStore, 'write'>
  blobs: Pick<BlobStore, 'head'>
  queue: Pick<TaskQueue, 'add'>
  now: () => Date
  /** Whether images in our own store are read at all. */
  verified: boolean
  /** How long the store needs until a list shows what was just written. */
  settleMs: number
  /** Wakes the loop that reads images. */
  wake(): void
  /** A tarball was removed by its path, and it was the image of these containers. */
  onDeparted(departed: DepartedTarball): void
  onError(error: unknown, key: string): void
}

export interface DepartedTarball {
  key: string
  containers: string[]
}

/** A tarball that was stored by its path, not by a registration. */
export interface FileEvent {
  key: string
  sha256: string
}

/**
 * Called after every tarball that was stored or removed by its path. No request waits for it and it never throws: what is missed here,
 * because the store is away or the server stops, the sweep finds.
 */
export interface FileEvents {
  /** Discards what was known of other bytes under this path, and adds a task to read each image that is registered there. */
  arrived(arrival: FileEvent): Promise<void>
  /** Marks every image that is registered there as gone. */
  departed(key: string): Promise<void>
}

export function createFileEvents(parts: FileEventsParts): FileEvents {
  async function afterwards(key: string, work: () => Promise<void>): Promise<void> {
    try {
      if (parts.settleMs > 0) await new Promise((resolve) => setTimeout(resolve, parts.settleMs))
      await work()
    } catch (error) {
      parts.onError(error, key)
    }
  }
  return {
    arrived: (arrival) => afterwards(arrival.key, () => noteArrival(parts, arrival)),
    departed: (key) => afterwards(key, () => noteDeparture(parts, key))
  }
}

interface FoundFacts {
  facts: Facts
  stored: StoredDocument
}

async function* factsAbout({ store }: FileEventsParts, key: string): AsyncGenerator<FoundFacts> {
  for await (const { items } of pagesOf(store.list, { where: [{ field: 'key', equals: key }], limit: 100 })) {
    for (const stored of items) {
      const facts = fromFactsDocument(stored.document)
      if (facts) yield { facts, stored }
    }
  }
}

async function noteArrival(parts: FileEventsParts, { key, sha256 }: FileEvent): Promise<void> {
  for await (const { facts, stored } of factsAbout(parts, key)) {
    if (facts.sha256 !== sha256) await discard(parts, { facts, stored })
    // removed and stored again: what was proven of these bytes holds
    else if (facts.status !== 'present') await write(parts, { facts: { ...facts, status: 'present' }, stored })
  }
  if (parts.verified) parts.wake()
}

async function noteDeparture(parts: FileEventsParts, key: string): Promise<void> {
  const { blobs, onDeparted } = parts
  // osaka replaces a file by removing it first
  if (await blobs.head(key)) return
  const containers = new Set<string>()
  for await (const { facts, stored } of factsAbout(parts, key)) {
    if (facts.status === 'gone') continue
    await write(parts, { facts: { ...facts, status: 'gone' }, stored })
    containers.add(facts.container)
  }
  if (containers.size === 0) return
  onDeparted({ key, containers: [...containers] })
  // it may have been stored again while the facts were written
  const blob = await blobs.head(key)
  if (blob) await noteArrival(parts, { key, sha256: blob.sha256 ?? '' })
}

async function discard(parts: FileEventsParts, { facts, stored }: FoundFacts): Promise<void> {
  const { container, imageKey, url, digest, given, key } = facts
  const summary = 'another tarball was stored under this path, and nobody has read it yet'
  const unread = { ...unknownFacts, container, imageKey, url, digest, given, key, summary, checked: '' }
  await write(parts, { facts: unread, stored })
  if (parts.verified) await parts.queue.add({ kind: 'verify', container, imageKey, key })
}

async function write({ facts: store, now }: FileEventsParts, { facts, stored }: FoundFacts): Promise<void> {
  try {
    await store.write({ ...facts, checked: now().toISOString(), by: 'storage' }, { revision: stored.revision })
  } catch (error) {
    // another writer may have read the old bytes or the new ones: the task finds out
    if (!isCatalogueError(error, 'revision_conflict')) throw error
  }
}
