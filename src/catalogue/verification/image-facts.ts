import type { Architecture } from '../../domain/architecture.ts'
import type { ContainerRecord } from '../../domain/container/document.ts'
import { isCatalogueError } from '../../domain/errors.ts'
import { applies, type Facts, factsId, fromFactsDocument, type Hash, type ImageKey, toFactsDocument } from '../../domain/image/facts.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import type { ImageLookup } from './image-lookup.ts'

/** What is known about images, by container and slot. */
export interface FactsStore {
  /** In the order of the slots; without those of which nothing is known. */
  read(container: string, imageKeys: readonly ImageKey[]): Promise<Facts[]>
  write(facts: Facts): Promise<void>
  /** The same, if they are about the image that stands there now: reading one takes its time, and another may have come. Whether they are. */
  learn(facts: Facts): Promise<boolean>
  remove(container: string, imageKey: ImageKey): Promise<void>
}

const maxAttempts = 20

export function createFactsStore(
  store: DocumentStore,
  hash: Hash,
  { imageAt, onWrite = () => {} }: { imageAt: ImageLookup; onWrite?: (container: string) => void }
): FactsStore {
  return {
    async read(container, imageKeys) {
      const stored = await store.getMany(imageKeys.map((imageKey) => factsId({ container, imageKey }, hash)))
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
        const stands = await imageAt(facts.container, facts.imageKey)
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

    async remove(container, imageKey) {
      await store.remove(factsId({ container, imageKey }, hash))
      onWrite(container)
    }
  }
}

/** What is known of a record's images now, by slot. */
export async function currentFacts(book: FactsStore, record: ContainerRecord): Promise<Map<ImageKey, Facts>> {
  const urls = new Map<ImageKey, string>(record.images)
  if (urls.size === 0 && record.url !== undefined) urls.set('', record.url)
  const facts = await book.read(record.id, [...urls.keys()])
  return new Map(
    facts.filter((one) => applies(one, { url: urls.get(one.imageKey)!, digest: record.digest })).map((one) => [one.imageKey, one])
  )
}

/** Facts about an image that nobody has read. */
export const unknownFacts = {
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
export async function rememberClaimedDigest(
  book: FactsStore,
  { record, architecture, digest, now }: { record: ContainerRecord; architecture: Architecture; digest: string; now: string }
): Promise<void> {
  const url = record.images.get(architecture)
  if (url === undefined) return
  const said = { url, digest: record.digest ?? '' }
  const [known] = await book.read(record.id, [architecture])
  const proven = known !== undefined && applies(known, said)
  if (proven && known.given === digest) return
  const before = proven ? known : { ...unknownFacts, checked: now }
  await book.write({ ...before, container: record.id, imageKey: architecture, ...said, given: digest })
}

/**
 * What is known of a record's other images, when one of them has changed the record's digest: they are what they were. Only who changed
 * one image may say so.
 */
export async function carryOtherFacts(
  book: FactsStore,
  { before, after, changed }: { before: ContainerRecord; after: ContainerRecord; changed: Architecture }
): Promise<void> {
  if (before.digest === after.digest) return
  for (const [imageKey, known] of await currentFacts(book, before)) {
    const same = imageKey !== changed && imageKey !== '' && after.images.get(imageKey as Architecture) === known.url
    if (same && known.digest !== (after.digest ?? '')) await book.write({ ...known, digest: after.digest ?? '' })
  }
}
