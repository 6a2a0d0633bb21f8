import type { Architecture } from '../domain/architecture.ts'
import type { Record } from '../domain/document.ts'
import { isCatalogueError } from '../domain/errors.ts'
import { applies, type Facts, factsId, fromFactsDocument, type Hash, type Slot, toFactsDocument } from '../domain/facts.ts'
import type { DocumentStore } from '../stores/document-store.ts'
import type { InSlot } from './slots.ts'

/** What is known about images, by container and slot. */
export interface FactsBook {
  /** In the order of the slots; without those of which nothing is known. */
  read(container: string, slots: readonly Slot[]): Promise<Facts[]>
  write(facts: Facts): Promise<void>
  /** The same, if they are about the image that stands there now: reading one takes its time, and another may have come. Whether they are. */
  learn(facts: Facts): Promise<boolean>
  remove(container: string, slot: Slot): Promise<void>
}

const maxAttempts = 20

export function factsBook(
  store: DocumentStore,
  hash: Hash,
  { inSlot, onWrite = () => {} }: { inSlot: InSlot; onWrite?: (container: string) => void }
): FactsBook {
  return {
    async read(container, slots) {
      const stored = await store.getMany(slots.map((slot) => factsId({ container, slot }, hash)))
      return stored.flatMap((one) => (one && fromFactsDocument(one.document)) ?? [])
    },

    async write(facts) {
      const id = factsId(facts, hash)
      await store.put(id, toFactsDocument(facts, id))
      onWrite(facts.container)
    },

    async learn(facts) {
      const id = factsId(facts, hash)
      for (let attempts = 0; attempts < maxAttempts; attempts++) {
        // before the record: whoever changes that later writes facts of its own, and is not written over
        const before = await store.get(id)
        const stands = await inSlot(facts.container, facts.slot)
        if (!stands || !applies(facts, stands)) return false
        try {
          await store.put(id, toFactsDocument(facts, id), before ? { revision: before.revision } : { absent: true })
          onWrite(facts.container)
          return true
        } catch (error) {
          if (!isCatalogueError(error, 'revision_conflict', 'already_exists')) throw error
        }
      }
      return false
    },

    async remove(container, slot) {
      await store.remove(factsId({ container, slot }, hash))
      onWrite(container)
    }
  }
}

/** What is known of a record's images now, by slot. */
export async function knownOf(book: FactsBook, record: Record): Promise<Map<Slot, Facts>> {
  const urls = new Map<Slot, string>(record.images)
  if (urls.size === 0 && record.url !== undefined) urls.set('', record.url)
  const facts = await book.read(record.id, [...urls.keys()])
  return new Map(facts.filter((one) => applies(one, { url: urls.get(one.slot)!, digest: record.digest })).map((one) => [one.slot, one]))
}

/** Facts about an image that nobody has read. */
export const nothingKnown = {
  verdict: 'unverified',
  summary: '',
  architecture: null,
  size: null,
  sha256: null,
  config: null,
  manifest: null,
  key: null,
  etag: null,
  modified: null,
  status: 'present',
  by: 'registration',
  report: null
} as const

/** Remembers the digest that whoever registered an image said it has. An image that the record does not have by now is passed over. */
export async function noteGiven(
  book: FactsBook,
  { record, architecture, digest, now }: { record: Record; architecture: Architecture; digest: string; now: string }
): Promise<void> {
  const url = record.images.get(architecture)
  if (url === undefined) return
  const said = { url, digest: record.digest ?? '' }
  const [known] = await book.read(record.id, [architecture])
  const proven = known !== undefined && applies(known, said)
  if (proven && known.given === digest) return
  const before = proven ? known : { ...nothingKnown, checked: now }
  await book.write({ ...before, container: record.id, slot: architecture, ...said, given: digest })
}

/**
 * What is known of a record's other images, when one of them has changed the record's digest: they are what they were. Only who changed
 * one image may say so.
 */
export async function keepOthers(
  book: FactsBook,
  { before, after, changed }: { before: Record; after: Record; changed: Architecture }
): Promise<void> {
  if (before.digest === after.digest) return
  for (const [slot, known] of await knownOf(book, before)) {
    const same = slot !== changed && slot !== '' && after.images.get(slot as Architecture) === known.url
    if (same && known.digest !== (after.digest ?? '')) await book.write({ ...known, digest: after.digest ?? '' })
  }
}
