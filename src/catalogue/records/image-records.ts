import type { Architecture } from '../../domain/architecture.ts'
import type { PendingImage } from '../../domain/build/build-status.ts'
import { containerFrom, imageRegistration, type NewImage, type ParsedRegistration } from '../../domain/container/container.ts'
import { patchedRegistration } from '../../domain/container/container-edit.ts'
import { type ContainerRecord, toDocument } from '../../domain/container/document.ts'
import type { PostedUrls } from '../../domain/container/posted-urls.ts'
import { imageMissing } from '../../domain/container/resolution.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Cause } from '../../domain/history/entry.ts'
import { carryOtherFacts, type FactsStore } from '../verification/image-facts.ts'
import type { Changes, Precondition, RecordChanged, StoredRecord } from './changes.ts'

/** What every change carries besides the change itself. */
export interface ChangeContext {
  /** Where this service is reached from outside: guard URLs begin with it. */
  publicUrl: string
  cause: Cause
  precondition?: Precondition | undefined
  dryRun?: boolean | undefined
  /** Called for each value that is registered in another form than it was sent. */
  warn?: PostedUrls['warn']
}

export interface RegisteredImage extends StoredRecord, Pick<RecordChanged, 'unchanged' | 'released'> {
  /** Whether the architecture had no image before. */
  created: boolean
  /** The images that wait to be published together; absent where each is published at once. */
  waiting?: ReadonlyMap<Architecture, PendingImage>
}

/** Which image of which container. */
export interface ImageId {
  id: string
  architecture: Architecture
}

export interface ImageChange extends ImageId, ChangeContext {}

export interface ImageToRegister extends NewImage, ChangeContext {
  id: string
}

interface ImageToMove extends ChangeContext {
  id: string
  from: Architecture
  to: Architecture
  url: string
}

/** Changes one image of a record at once, whatever the policy for publishing is; several machines may each change their own. */
export interface ImageRecords {
  register(image: ImageToRegister): Promise<RegisteredImage>
  /** Throws container_unknown, image_missing, image_refused for the only image. */
  drop(image: ImageChange): Promise<RegisteredImage>
  /** Throws image_missing, already_exists when `to` has another image, revision_conflict when `from` has another one by now. */
  move(image: ImageToMove): Promise<RegisteredImage>
}

export interface ImageRecordsParts {
  changes: Changes
  guarded: readonly Architecture[]
  facts: FactsStore
}

export function createImageRecords(parts: ImageRecordsParts): ImageRecords {
  return {
    async register({ publicUrl, cause, precondition, dryRun, ...image }) {
      const changed = await swap(parts, {
        ...{ id: image.id, publicUrl, cause, precondition, dryRun, brought: [image.architecture] },
        to: (stored) => imageRegistration(stored?.record, image)
      })
      const { before, after } = changed
      if (before && !dryRun) {
        await carryOtherFacts(parts.facts, { before: before.record, after: after.record, changed: image.architecture })
      }
      return registered(changed, before?.record.images.has(image.architecture) !== true)
    },

    async drop({ architecture, ...change }) {
      const to = (stored: StoredRecord | undefined) => {
        const record = recordWith(stored, change.id, architecture)
        if (record.images.size > 1) return patchedRegistration(record, { images: { [architecture]: null } })
        const message = `the image for ${architecture} is the only one of ${change.id}; remove the container instead`
        throw new CatalogueError('image_refused', message)
      }
      return registered(await swap(parts, { ...change, to }), false)
    },

    async move(image) {
      const to = (stored: StoredRecord | undefined) => movedRegistration(stored, image)
      return registered(await swap(parts, { ...image, to, what: 'relabelled' }), true)
    }
  }
}

interface RegistrationChange extends ChangeContext {
  id: string
  what?: string
  brought?: readonly Architecture[]
  to(stored: StoredRecord | undefined): ParsedRegistration
}

type Registered = RecordChanged & { after: StoredRecord }

async function swap({ changes, guarded }: ImageRecordsParts, { id, publicUrl, to, ...change }: RegistrationChange): Promise<Registered> {
  const document = (stored: StoredRecord | undefined) =>
    toDocument(containerFrom(to(stored), { publicUrl, guarded, stored: stored?.record.images }))
  const changed = await changes.write(id, { ...change, to: document })
  return { ...changed, after: changed.after! }
}

const registered = ({ after, unchanged, released }: Registered, created: boolean): RegisteredImage => ({
  ...after,
  created,
  unchanged,
  released
})

function movedRegistration(stored: StoredRecord | undefined, { id, from, to, url }: ImageToMove): ParsedRegistration {
  const record = recordWith(stored, id, from)
  if (record.images.get(from) !== url) {
    const message = `another image for ${from} of ${id} was registered meanwhile, and nothing was changed; look at it again`
    throw new CatalogueError('revision_conflict', message)
  }
  const other = record.images.get(to)
  if (other !== undefined && other !== url) {
    throw new CatalogueError('already_exists', `${id} has another image for ${to} already; remove or replace that one first`)
  }
  return patchedRegistration(record, { images: { [from]: null, [to]: url } })
}

function recordWith(stored: StoredRecord | undefined, id: string, architecture: Architecture): ContainerRecord {
  if (!stored) throw new CatalogueError('container_unknown', `container not found: ${id}`)
  if (!stored.record.images.has(architecture)) throw imageMissing(stored.record, { architecture })
  return stored.record
}
