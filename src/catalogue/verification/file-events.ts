import { type Facts, fromFactsDocument } from '../../domain/image/facts.ts'
import { whereEqual } from '../../domain/json/query.ts'
import { itemsOf } from '../../domain/pages.ts'
import type { StoredDocument } from '../../stores/document-store.ts'
import { ignoring } from '../jobs/compare-and-swap.ts'
import { unknownFacts } from './image-facts.ts'
import type { VerificationContext } from './parts.ts'

export interface DepartedTarball {
  key: string
  containers: string[]
}

/** A tarball that was stored by its path, not by a registration. */
interface FileEvent {
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

/** `wake` wakes the loop that reads images. */
export function createFileEvents(parts: VerificationContext, wake: () => void): FileEvents {
  const { settleMs = 0, onMissed } = parts
  async function afterwards(key: string, work: () => Promise<void>): Promise<void> {
    try {
      if (settleMs > 0) await new Promise((resolve) => setTimeout(resolve, settleMs))
      await work()
    } catch (error) {
      onMissed?.(error, key)
    }
  }
  const noteArrived = async (arrival: FileEvent): Promise<void> => {
    await noteArrival(parts, arrival)
    if (isRead(parts)) wake()
  }
  return {
    arrived: (arrival) => afterwards(arrival.key, () => noteArrived(arrival)),
    departed: (key) =>
      afterwards(key, async () => {
        const arrival = await noteDeparture(parts, key)
        if (arrival) await noteArrived(arrival)
      })
  }
}

/** Whether images in our own store are read at all. */
const isRead = ({ mode }: VerificationContext): boolean => mode !== 'off'

async function* factsAbout({ store }: VerificationContext, key: string) {
  for await (const stored of itemsOf(store.list, { where: whereEqual({ key }), limit: 100 })) {
    const facts = fromFactsDocument(stored.document)
    if (facts) yield { facts, stored }
  }
}

async function noteArrival(parts: VerificationContext, { key, sha256 }: FileEvent): Promise<void> {
  for await (const { facts, stored } of factsAbout(parts, key)) {
    if (facts.sha256 !== sha256) await discard(parts, facts, stored)
    // removed and stored again: what was proven of these bytes holds
    else if (facts.status !== 'present') await write(parts, { ...facts, status: 'present' }, stored)
  }
}

/** Returns the tarball that was stored under the key again meanwhile, if there is one. */
async function noteDeparture(parts: VerificationContext, key: string): Promise<FileEvent | undefined> {
  const { blobs, onDeparted } = parts
  // osaka replaces a file by removing it first
  if (await blobs.head(key)) return undefined
  const containers = new Set<string>()
  for await (const { facts, stored } of factsAbout(parts, key)) {
    if (facts.status === 'gone') continue
    await write(parts, { ...facts, status: 'gone' }, stored)
    containers.add(facts.container)
  }
  if (containers.size === 0) return undefined
  onDeparted?.({ key, containers: [...containers] })
  // it may have been stored again while the facts were written
  const blob = await blobs.head(key)
  return blob && { key, sha256: blob.sha256 ?? '' }
}

async function discard(parts: VerificationContext, facts: Facts, stored: StoredDocument): Promise<void> {
  const { container, imageKey, url, digest, given, key } = facts
  const summary = 'another tarball was stored under this path, and nobody has read it yet'
  const unread = { ...unknownFacts, container, imageKey, url, digest, given, key, summary, checked: '' }
  await write(parts, unread, stored)
  if (isRead(parts)) await parts.queue.add({ kind: 'verify', container, imageKey, key })
}

async function write({ facts: store, now }: VerificationContext, facts: Facts, stored: StoredDocument): Promise<void> {
  const writing = store.write({ ...facts, checked: now().toISOString(), by: 'storage' }, { revision: stored.revision })
  // another writer may have read the old bytes or the new ones: the task finds out
  await ignoring(writing, 'revision_conflict')
}
