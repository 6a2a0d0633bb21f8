import type { Architecture } from '../../domain/architecture.ts'
import type { PendingImage } from '../../domain/build/build-status.ts'
import { containerFrom, imageRegistration, movedImage, type Registration, withoutImage } from '../../domain/container/container.ts'
import { type ContainerRecord, toDocument } from '../../domain/container/document.ts'
import { imageMissing } from '../../domain/container/resolution.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Cause } from '../../domain/history/entry.ts'
import type { ImageKey } from '../../domain/image/facts.ts'
import { carryOtherFacts, type FactsStore } from '../verification/image-facts.ts'
import type { Changes, Precondition, RecordChanged, StoredRecord } from './changes.ts'

export type { StoredRecord }

/** What every change says beside what it changes. */
export interface ChangeContext {
  /** Where this service is reached from outside: guard URLs begin with it. */
  publicUrl: string
  cause: Cause
  precondition?: Precondition | undefined
  dryRun?: boolean | undefined
}

export interface RegisteredImage {
  record: ContainerRecord
  document: string
  revision: string
  /** Whether the architecture had no image before. */
  created: boolean
  /** Whether the record meant all this before, so that nothing was written. */
  unchanged: boolean
  released: RecordChanged['released']
  /** The images that wait to be published with others; absent where each is published as it comes. */
  waiting?: ReadonlyMap<Architecture, PendingImage>
}

export interface ImageToRegister extends ChangeContext {
  id: string
  architecture: Architecture
  url: string
  version: string
  digest: string
}

/** Changing one image of a record by compare-and-swap, so that several machines may each bring their own at once. */
export interface Records {
  /** Throws container_unknown. */
  read(id: string): Promise<StoredRecord>
  find(id: string): Promise<StoredRecord | undefined>
  /** Where facts about an image belong when it is registered. */
  imageKeyOf(id: string, architecture: Architecture): ImageKey
  register(image: ImageToRegister): Promise<RegisteredImage>
  /** Throws container_unknown, image_missing; the last image cannot be taken away: image_refused. */
  drop(image: ChangeContext & { id: string; architecture: Architecture }): Promise<RegisteredImage>
  /** Throws image_missing, already_exists when there is another image where it belongs, revision_conflict when it is not that image any more. */
  move(image: ChangeContext & { id: string; from: Architecture; to: Architecture; url: string }): Promise<RegisteredImage>
}

export interface RecordsParts {
  changes: Changes
  guarded: readonly Architecture[]
  facts: FactsStore
}

export function recordsOf({ changes, guarded, facts }: RecordsParts): Records {
  async function swap(
    id: string,
    {
      publicUrl,
      to,
      ...circumstances
    }: ChangeContext & { what?: string; brought?: readonly Architecture[]; to: (known: StoredRecord | undefined) => Registration }
  ): Promise<RecordChanged & { after: StoredRecord }> {
    const document = (known: StoredRecord | undefined): string =>
      toDocument(containerFrom(to(known), { publicUrl, guarded, stored: known?.record.images }))
    const changed = await changes.write(id, { ...circumstances, to: document })
    return { ...changed, after: changed.after! }
  }

  const registered = ({ after, unchanged, released }: RecordChanged & { after: StoredRecord }, created: boolean): RegisteredImage => ({
    ...after,
    created,
    unchanged,
    released
  })

  return {
    find: changes.find,
    read: changes.read,
    imageKeyOf: (_id, architecture) => architecture,

    async register({ publicUrl, cause, precondition, dryRun, ...image }) {
      const to = (known: StoredRecord | undefined) => imageRegistration(known && registrationOf(known.record), image)
      const changed = await swap(image.id, { publicUrl, cause, precondition, dryRun, to, brought: [image.architecture] })
      if (changed.before && !dryRun) {
        await carryOtherFacts(facts, { before: changed.before.record, after: changed.after.record, changed: image.architecture })
      }
      return registered(changed, changed.before?.record.images.has(image.architecture) !== true)
    },

    async drop({ id, architecture, ...circumstances }) {
      const to = (known: StoredRecord | undefined) => {
        const record = imageOf(known, { id, architecture })
        if (record.images.size === 1) {
          throw new CatalogueError('image_refused', `the image for ${architecture} is the only one of ${id}; remove the container instead`)
        }
        return withoutImage(registrationOf(record), architecture)
      }
      return registered(await swap(id, { ...circumstances, to }), false)
    },

    async move({ id, from, to, url, ...circumstances }) {
      const change = (known: StoredRecord | undefined) => {
        const record = imageOf(known, { id, architecture: from })
        if (record.images.get(from) !== url) {
          throw new CatalogueError(
            'revision_conflict',
            `another image for ${from} of ${id} came meanwhile, and nothing was changed; look at it again`
          )
        }
        const there = record.images.get(to)
        if (there !== undefined && there !== record.images.get(from)) {
          throw new CatalogueError('already_exists', `${id} has another image for ${to} already; remove or replace that one first`)
        }
        return movedImage(registrationOf(record), { from, to })
      }
      return registered(await swap(id, { ...circumstances, to: change, what: 'relabelled' }), true)
    }
  }
}

function imageOf(known: StoredRecord | undefined, { id, architecture }: { id: string; architecture: Architecture }): ContainerRecord {
  if (!known) throw new CatalogueError('container_unknown', `container not found: ${id}`)
  if (!known.record.images.has(architecture)) throw imageMissing(known.record, { architecture, requested: architecture })
  return known.record
}

/** A record as what would register it. */
export const registrationOf = (record: ContainerRecord) => ({ ...record, version: record.version ?? '', digest: record.digest ?? '' })
