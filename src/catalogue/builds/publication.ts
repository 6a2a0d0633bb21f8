import type { Architecture } from '../../domain/architecture.ts'
import type { PendingImage } from '../../domain/build/build-status.ts'
import { isForgotten } from '../../domain/build/due-time.ts'
import { isPublished, pendingMeaning, withArrivedImages } from '../../domain/build/pending.ts'
import type { NewImage } from '../../domain/container/container.ts'
import { type ContainerRecord, emptyRecord } from '../../domain/container/document.ts'
import { background, type Cause } from '../../domain/history/entry.ts'
import { applies, type ImageKey, pendingKey } from '../../domain/image/facts.ts'
import type { Release } from '../../domain/image/task.ts'
import { createKeyedMutex } from '../../domain/keyed-mutex.ts'
import { checkId } from '../../domain/limits.ts'
import { checkPrecondition, type StoredRecord } from '../records/changes.ts'
import type { ChangeContext, ImageChange, ImageToRegister, RegisteredImage } from '../records/image-records.ts'
import { rememberClaimedDigest } from '../verification/image-facts.ts'
import type { BuildsContext } from './parts.ts'
import { planPublication, publicationDocument, publishPending, removePending } from './pending-publication.ts'

interface ImagesToBring extends ChangeContext {
  id: string
  images: readonly NewImage[]
}

/**
 * Publishes images by the policy for their container's name: each immediately, or all of them together. Until then they are pending in the
 * build status. Every step is repeatable: when a server is killed midway, the next one finishes.
 */
export interface Publishing {
  /** Returns whether images of this container wait to be published together. */
  holds(id: string): Promise<boolean>
  /** Returns the image key for facts about an image while it is being registered. */
  imageKeyOf(id: string, architecture: Architecture): Promise<ImageKey>
  /** Registers an image, or makes it pending. By its name it may also belong to a second container. */
  bringImage(image: ImageToRegister): Promise<RegisteredImage>
  /** Makes several images pending, as a merging container/add does, and publishes those that it can. Returns the resulting record. */
  bringImages(images: ImagesToBring): Promise<RegisteredImage>
  /** Removes an image, pending or published. Throws container_unknown, image_missing; image_refused for the only image. */
  withdrawImage(image: ImageChange): Promise<RegisteredImage>
  /** Registers the image of a record for the second container that it belongs to by its name. */
  bundle(record: ContainerRecord, context: ChangeContext): Promise<void>
  /** Records that published images have new content under the same URL: their builder reported another digest. */
  noteRebuilt(stored: StoredRecord, architectures: readonly Architecture[]): Promise<void>
  /** Publishes complete sets of images, and gives up images that have waited for too long. */
  publishPending(id: string, cause?: Cause): Promise<void>
  /** Calls publishPending for the containers that are due, at most `limit` of them. Returns how many there were. */
  work(options: { limit: number; signal: AbortSignal }): Promise<number>
}

interface PublishingContext extends BuildsContext {
  /** Publishes the images that it can, one call at a time for each container. Returns the tarballs that this releases. */
  publish(id: string, cause: Cause): Promise<readonly Release[]>
}

export function createPublishing(parts: BuildsContext): Publishing {
  const withLock = createKeyedMutex()
  const context = { ...parts, publish: (id: string, cause: Cause) => withLock(id, () => publishPending(parts, { id, cause })) }
  const publishing: Publishing = {
    holds: (id) => holds(parts, id),
    imageKeyOf: async (id, architecture) => ((await holds(parts, id)) ? pendingKey(architecture) : architecture),
    async bringImage(image) {
      const registered = await bringOne(context, image)
      await bundle(context, registered.record, image)
      return registered
    },
    bringImages: (images) => bringImages(context, images),
    withdrawImage: (image) => withdraw(parts, image),
    bundle: (record, change) => bundle(context, record, change),
    async noteRebuilt(stored, rebuilt) {
      await parts.buildStatuses.follow(stored.record.id, { before: stored, after: stored, rebuilt })
    },
    publishPending: async (id, cause = background('publication')) => void (await context.publish(id, cause)),
    async work({ limit, signal }) {
      const due = await parts.buildStatuses.due(limit)
      for (const id of due) {
        if (signal.aborted) break
        await publishing.publishPending(id)
        await forget(parts, id)
        await parts.buildStatuses.seen(id)
      }
      return due.length
    }
  }
  return publishing
}

const holds = async ({ buildStatuses, siteRules }: BuildsContext, id: string): Promise<boolean> =>
  siteRules.policiesOf(id, await buildStatuses.find(id)).publish !== 'each'

const withoutRecord = (id: string): StoredRecord => ({ record: emptyRecord(id), document: '{}', revision: '' })

/** Makes images pending, except those that the record already has. */
async function hold(parts: BuildsContext, { id, images, publicUrl, cause, dryRun, precondition }: ImagesToBring) {
  checkId(id)
  const { changes, buildStatuses, siteRules } = parts
  const before = await changes.find(id)
  checkPrecondition(id, { before, precondition })
  const { pendingMs } = siteRules.policiesOf(id)
  const published = images.filter((image) => isPublished(before?.record, image)).map(({ architecture }) => architecture)
  const names = images.map(({ architecture }) => architecture)
  await checkMutable(parts, { id, publicUrl, cause, images: images.filter(({ architecture }) => !published.includes(architecture)) })
  if (!dryRun) await parts.removals?.keep(images.map(({ url }) => url))
  const changed = await buildStatuses.change(id, {
    kind: 'pending',
    cause,
    dryRun,
    ...(names.length === 1 && { architecture: names[0] }),
    to: (buildStatus, now) => withArrivedImages(buildStatus, { images, published, via: publicUrl, pendingMs, now }),
    journaled: pendingMeaning,
    what: 'waits',
    summary: `the image for ${names.join(', ')} has arrived, and waits for the others`
  })
  if (published.length > 0 && before && !dryRun) await buildStatuses.follow(id, { before, after: before, brought: published })
  const { buildStatus } = changed.after
  const meanings = [changed.before?.buildStatus, buildStatus].map((one) => JSON.stringify(one ? pendingMeaning(one) : []))
  return { before, buildStatus, unchanged: changed.unchanged || meanings[0] === meanings[1], released: changed.released }
}

/** Refuses now what could not be published later. Throws version_immutable. */
async function checkMutable({ imageRecords, siteRules }: BuildsContext, { images, ...change }: ImagesToBring): Promise<void> {
  if (!siteRules.isImmutable(change.id)) return
  for (const image of images) await imageRecords.register({ ...change, ...image, dryRun: true })
}

async function bringImages(context: PublishingContext, asked: ImagesToBring): Promise<RegisteredImage> {
  const { changes, buildStatuses, verifier } = context
  const { id, images, cause } = asked
  const { before, buildStatus, unchanged, released } = await hold(context, asked)
  const created = images.some(({ architecture }) => before?.record.images.has(architecture) !== true)
  const answer = (stored: StoredRecord | undefined, waiting: ReadonlyMap<Architecture, PendingImage>): RegisteredImage => {
    return { ...(stored ?? withoutRecord(id)), created, unchanged, released: [], waiting }
  }
  if (asked.dryRun) {
    const publication = await planPublication(context, { buildStatus, record: before?.record })
    if (!publication) return answer(before, buildStatus.pending)
    const to = publicationDocument(context, { id, publication })
    return answer((await changes.write(id, { cause, to, dryRun: true })).after, new Map())
  }
  const publishedReleases = await context.publish(id, cause)
  const [stored, left] = await Promise.all([changes.find(id), buildStatuses.find(id)])
  const waiting = left?.pending ?? new Map<Architecture, PendingImage>()
  const unread = [...waiting].map(([architecture, { url, digest }]) => {
    return { container: id, imageKey: pendingKey(architecture), url, digest: digest ?? '' }
  })
  await verifier?.waits(unread, asked)
  return { ...answer(stored, waiting), released: [...released, ...publishedReleases] }
}

async function bringOne(context: PublishingContext, image: ImageToRegister): Promise<RegisteredImage> {
  if (!(await holds(context, image.id))) return context.imageRecords.register(image)
  const { id, publicUrl, cause, precondition, dryRun, ...arrived } = image
  return bringImages(context, { id, publicUrl, cause, precondition, dryRun, images: [arrived] })
}

async function bundle(context: PublishingContext, record: ContainerRecord, change: ChangeContext): Promise<void> {
  const { facts, siteRules } = context
  const { publicUrl, cause, dryRun } = change
  const into = siteRules.bundleOf(record.id)
  if (!into || dryRun) return
  const { container: id, architecture } = into
  const url = record.images.get(architecture) ?? (record.images.size === 0 ? record.url : undefined)
  if (url === undefined) return
  const found = await facts.read(record.id, [architecture, ''])
  const proven = found.find((one) => applies(one, { url, digest: record.digest }))
  const digest = proven?.given ?? proven?.config ?? record.digest ?? ''
  const carry = async (imageKey: ImageKey, digest: string) => {
    if (proven) await facts.write({ ...proven, container: id, imageKey, digest })
  }
  const held = await holds(context, id)
  if (held) await carry(pendingKey(architecture), digest)
  const registered = await bringOne(context, { id, architecture, url, version: record.version ?? '', digest, publicUrl, cause })
  if (held) return
  await carry(architecture, registered.record.digest ?? '')
  if (proven || digest === '') return
  await rememberClaimedDigest(facts, { record: registered.record, architecture, digest, now: context.now().toISOString() })
}

async function withdraw(parts: BuildsContext, image: ImageChange): Promise<RegisteredImage> {
  const { changes, buildStatuses, imageRecords } = parts
  const { id, architecture, cause, dryRun, precondition } = image
  const seen = await buildStatuses.find(id)
  if (!seen?.pending.has(architecture)) return imageRecords.drop(image)
  const stored = await changes.find(id)
  checkPrecondition(id, { before: stored, precondition })
  const released = dryRun ? [] : await removePending(parts, { seen, architectures: [architecture], what: 'given up', cause })
  if (!stored?.record.images.has(architecture)) return { ...(stored ?? withoutRecord(id)), created: false, unchanged: false, released }
  const dropped = await imageRecords.drop(image)
  return { ...dropped, released: [...released, ...dropped.released] }
}

/** Removes the build status of a container that was never created. */
async function forget({ changes, buildStatuses, now }: BuildsContext, id: string): Promise<void> {
  const buildStatus = await buildStatuses.find(id)
  if (!buildStatus || !isForgotten(buildStatus, now().toISOString()) || (await changes.find(id))) return
  await buildStatuses.follow(id, { before: undefined, after: undefined })
}
