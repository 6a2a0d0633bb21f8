import type { Architecture } from '../../domain/architecture.ts'
import { buildStatusId, fromBuildStatusDocument } from '../../domain/build/build-status-document.ts'
import { type ContainerRecord, fromDocument, imagesByKey, urlOf } from '../../domain/container/document.ts'
import {
  applies,
  claimedArchitecture,
  type Facts,
  factsId,
  fromFactsDocument,
  type Hash,
  type ImageClaim,
  type ImageKey,
  isPendingKey,
  toFactsDocument
} from '../../domain/image/facts.ts'
import { diffIdsOf, fromStackDocument, type LayerStack, stackIds, toStackDocument } from '../../domain/image/layer-stack.ts'
import type { DocumentStore, Stores } from '../../stores/document-store.ts'
import { overtaken, retryOvertaken, writeUnlessOvertaken } from '../jobs/compare-and-swap.ts'
import { createListeners } from '../jobs/listeners.ts'

/** Returns a container's current image for an architecture, published or pending; undefined when it has none. */
export type ImageLookup = (container: string, imageKey: ImageKey) => Promise<ImageClaim | undefined>

export function createImageLookup(stores: Pick<Stores, 'containers' | 'buildStatuses'>, hash: Hash): ImageLookup {
  return async (container, imageKey) => {
    if (isPendingKey(imageKey)) {
      const stored = await stores.buildStatuses.get(buildStatusId(container, hash))
      const pending = stored && fromBuildStatusDocument(stored.document)?.pending.get(claimedArchitecture(imageKey)!)
      return pending && { url: pending.url, digest: pending.digest ?? '' }
    }
    const stored = await stores.containers.get(container)
    if (!stored) return undefined
    const record = fromDocument(container, stored.document)
    const url = urlOf(record, imageKey)
    return url === undefined ? undefined : { url, digest: record.digest ?? '' }
  }
}

/** What is known about images, by container and image key. */
export interface FactsStore {
  /** Returns the facts in the order of the keys, without the images that nothing is known of. */
  read(container: string, imageKeys: readonly ImageKey[]): Promise<Facts[]>
  /** Throws revision_conflict where a revision is given and another one is stored. */
  write(facts: Facts, expected?: { revision: string }): Promise<void>
  /** Writes facts if they are about the image that the container has now: another may have come while its bytes were read. Returns whether they are. */
  learn(facts: Facts): Promise<boolean>
  remove(container: string, imageKey: ImageKey): Promise<void>
  /** Returns the image of another container that has the most of these layers, from the bottom up, and no others. */
  lowerStack(container: string, diffIds: readonly string[]): Promise<LayerStack | undefined>
  /** Subscribes to containers whose facts this process changed. */
  onWrite(listener: (container: string) => void): void
}

/** `imageAt` tells which image a container has now. */
export function createFactsStore(store: DocumentStore, { hash, imageAt }: { hash: Hash; imageAt: ImageLookup }): FactsStore {
  const written = createListeners<[container: string]>()
  return {
    async read(container, imageKeys) {
      const stored = await store.getMany(imageKeys.map((imageKey) => factsId({ container, imageKey }, hash)))
      return stored.flatMap((one) => (one && fromFactsDocument(one.document)) ?? [])
    },

    async write(facts, expected) {
      const id = factsId(facts, hash)
      await store.put(id, toFactsDocument(facts, id), expected)
      await keepStack(facts)
      written.notify(facts.container)
    },

    async learn(facts) {
      const id = factsId(facts, hash)
      const learnt = await retryOvertaken(async () => {
        // read before the record: a later change of the record writes facts of its own, and those are not overwritten
        const before = await store.get(id)
        const image = await imageAt(facts.container, facts.imageKey)
        if (!image || !applies(facts, image)) return false
        // bytes do not tell where they came from
        const known = before && fromFactsDocument(before.document)
        const kept = known?.origin !== undefined && known.url === facts.url ? { origin: known.origin, ...facts } : facts
        const write = { id, document: toFactsDocument(kept, id), revision: before?.revision }
        return (await writeUnlessOvertaken(store, write)) === overtaken ? overtaken : true
      }, `the facts about an image of ${facts.container} are changed by too many writers at once; try again`)
      if (!learnt) return false
      await keepStack(facts)
      written.notify(facts.container)
      return true
    },

    async remove(container, imageKey) {
      await store.remove(factsId({ container, imageKey }, hash))
      written.notify(container)
    },

    async lowerStack(container, diffIds) {
      const ids = stackIds(diffIds, hash).slice(0, -1).reverse()
      const stacks = (await store.getMany(ids)).map((stored) => stored && fromStackDocument(stored.document))
      return stacks.find((stack) => stack !== undefined && stack.container !== container)
    },

    onWrite: written.listen
  }

  /** An image that is pending is not one to build on yet. */
  async function keepStack({ container, imageKey, url, ...facts }: Facts): Promise<void> {
    const id = isPendingKey(imageKey) ? undefined : stackIds(diffIdsOf(facts), hash).at(-1)
    if (id === undefined) return
    const document = toStackDocument({ container, imageKey, url, read: facts.checked }, id)
    if ((await store.get(id))?.document !== document) await store.put(id, document)
  }
}

/** Returns what is known of a record's images as they are now, by image key. */
export async function currentFacts(store: Pick<FactsStore, 'read'>, record: ContainerRecord): Promise<Map<ImageKey, Facts>> {
  const keys = imagesByKey(record).map(([imageKey]) => imageKey)
  return applyingFacts(record, await store.read(record.id, keys))
}

/** Returns those of the facts that are about a record's images as they are now. */
export function applyingFacts(record: ContainerRecord, facts: readonly Facts[]): Map<ImageKey, Facts> {
  const urls = new Map<ImageKey, string>(imagesByKey(record))
  const isCurrent = (one: Facts) => urls.has(one.imageKey) && applies(one, { url: urls.get(one.imageKey)!, digest: record.digest })
  return new Map(facts.filter(isCurrent).map((one) => [one.imageKey, one]))
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

interface ClaimedDigest {
  record: ContainerRecord
  architecture: Architecture
  digest: string
  /** ISO 8601. */
  now: string
}

/**
 * Remembers the digest that the client gave when it registered an image. Does nothing where the record has no such image by now.
 * Returns whether the image had another digest before, under the same URL: then its content is new.
 */
export async function rememberClaimedDigest(store: FactsStore, { record, architecture, digest, now }: ClaimedDigest): Promise<boolean> {
  const url = record.images.get(architecture)
  if (url === undefined) return false
  const claim = { url, digest: record.digest ?? '' }
  const [facts] = await store.read(record.id, [architecture])
  const current = facts !== undefined && applies(facts, claim)
  if (current && facts.given === digest) return false
  const before = current ? facts : { ...unknownFacts, checked: now }
  await store.write({ ...before, container: record.id, imageKey: architecture, ...claim, given: digest })
  return current && facts.given !== null
}

interface FactsCopy {
  /** Containers that may have the images, too. */
  from: readonly string[]
  to: string
  /** Of the record that the facts are copied to. */
  digest: string
  urls: ReadonlyMap<ImageKey, string>
}

/** Copies what is known of images from containers that have the same ones, unless as much is known already. */
export async function copyFacts(store: FactsStore, { from, to, digest, urls }: FactsCopy): Promise<void> {
  const keys = [...urls.keys()]
  const [present, ...others] = await Promise.all([to, ...from].map((container) => store.read(container, keys)))
  for (const [imageKey, url] of urls) {
    const about = (facts: Facts) => facts.imageKey === imageKey && applies(facts, { url, digest })
    const known = present!.find(about)
    const facts = others.flat().find((one) => about(one) && one.verdict !== 'unverified') ?? others.flat().find(about)
    const better = facts && (!known || (known.verdict === 'unverified' && facts.verdict !== 'unverified'))
    if (better) await store.write({ ...facts, container: to, digest })
  }
}

interface ChangedImage {
  before: ContainerRecord
  after: ContainerRecord
  /** The one architecture whose image changed. */
  changed: Architecture
}

/**
 * Keeps what is known of a record's other images when a change of one image changed the record's digest. Only the caller that changed
 * exactly one image may say so.
 */
export async function carryOtherFacts(store: FactsStore, { before, after, changed }: ChangedImage): Promise<void> {
  if (before.digest === after.digest) return
  for (const [imageKey, facts] of await currentFacts(store, before)) {
    const same = imageKey !== changed && imageKey !== '' && after.images.get(imageKey as Architecture) === facts.url
    if (same && facts.digest !== (after.digest ?? '')) await store.write({ ...facts, digest: after.digest ?? '' })
  }
}
