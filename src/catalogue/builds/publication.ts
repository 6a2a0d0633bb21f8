import type { Architecture } from '../../domain/architecture.ts'
import { type BuildStatus, isReportedSince, type PendingImage, withoutPending, withPending } from '../../domain/build/build-status.ts'
import { isForgotten } from '../../domain/build/due-time.ts'
import { imageRegistration } from '../../domain/container/container.ts'
import { type ContainerRecord, fromDocument } from '../../domain/container/document.ts'
import { background, type Cause } from '../../domain/history/entry.ts'
import { applies, type ImageKey, pendingKey } from '../../domain/image/facts.ts'
import { checkId } from '../../domain/limits.ts'
import { checkPrecondition, type StoredRecord } from '../records/changes.ts'
import { type ChangeContext, type ImageToRegister, type Records, type RegisteredImage, registrationOf } from '../records/image-records.ts'
import { rememberClaimedDigest } from '../verification/image-facts.ts'
import type { Verification } from '../verification/verification.ts'
import { createPendingPublication, type PendingPublicationParts } from './pending-publication.ts'

/** An image that somebody brings. */
export type Brought = Pick<ImageToRegister, 'architecture' | 'url' | 'version' | 'digest'>

/**
 * Records that are published as the policy for their names says: each image as it comes, or all of them at once. Until then images stand
 * in the assembly. Every step may be repeated: what a server that was killed left half done, the next one that looks finishes.
 */
export interface Publishing extends Records {
  /** Several images at once, as a merging container/add brings them. The record as it stands then. */
  bring(id: string, asked: ChangeContext & { images: readonly Brought[] }): Promise<RegisteredImage>
  /** Whether images of this container wait for one another. */
  holds(id: string): boolean
  /** An image was registered: by its name it may belong to another container as well. */
  bundle(record: ContainerRecord, circumstances: ChangeContext): Promise<void>
  /** Publishes what is complete, and gives up what has waited for too long. */
  settle(id: string, cause?: Cause): Promise<void>
  /** The same of all that are due, so many of them. */
  work(options: { limit: number; signal: AbortSignal }): Promise<number>
}

export interface PublishingParts extends PendingPublicationParts {
  records: Records
  verification: Pick<Verification, 'registered' | 'waits'> | undefined
  /** Their tarballs may be about to be removed, because no record names them. */
  keep: ((urls: readonly string[]) => Promise<void>) | undefined
}

export function createPublishing(parts: PublishingParts): Publishing {
  const { records, changes, buildStatuses, facts, rulebook, verification } = parts
  const now = () => parts.now().toISOString()
  const holds = (id: string) => rulebook.policiesOf(id).publish !== 'each'

  const { planOf, documentOf, clear, settled } = createPendingPublication(parts)

  const settle: Publishing['settle'] = async (id, cause = background('publication')) => void (await settled(id, cause))

  /** Puts images down to wait, without those that the record has already. */
  async function hold(id: string, { images, publicUrl, ...circumstances }: Parameters<Publishing['bring']>[1]) {
    checkId(id)
    const { cause, dryRun, precondition } = circumstances
    const before = await records.find(id)
    checkPrecondition(id, { before, precondition })
    const { pendingMs } = rulebook.policiesOf(id)
    const there = images.filter((image) => stands(before?.record, image)).map(({ architecture }) => architecture)
    const to = (buildStatus: BuildStatus, at: string) => {
      let next = there.length === 0 ? buildStatus : withoutPending(buildStatus, { architectures: there, now: at })
      for (const image of images) {
        const { architecture } = image
        const waits = buildStatus.pending.get(architecture)
        const same = waits && waits.expires > at && (['url', 'digest', 'version'] as const).every((name) => waits[name] === image[name])
        const known = same && !isReportedSince(buildStatus, { architecture, since: waits.since })
        if (!known && !there.includes(architecture)) next = withPending(next, { ...image, via: publicUrl, pendingMs, now: at })
      }
      return next
    }
    const names = images.map(({ architecture }) => architecture)
    if (!dryRun) await parts.keep?.(images.map(({ url }) => url))
    const changed = await buildStatuses.change(id, {
      kind: 'pending',
      cause,
      dryRun,
      ...(names.length === 1 && { architecture: names[0] }),
      to,
      told: meaningOf,
      what: 'waits',
      summary: `the image for ${names.join(', ')} has arrived, and waits for the others`
    })
    if (there.length > 0 && before && !dryRun) await buildStatuses.follow(id, { before, after: before, brought: there })
    const { buildStatus } = changed.after
    const [former, now] = [changed.before?.buildStatus, buildStatus].map((one) => JSON.stringify(one ? meaningOf(one) : []))
    const unchanged = changed.unchanged || former === now
    return { before, buildStatus, unchanged, released: changed.released }
  }

  const bring: Publishing['bring'] = async (id, asked) => {
    const { before, buildStatus, unchanged, released } = await hold(id, asked)
    const answer = (known: StoredRecord | undefined, waiting: ReadonlyMap<Architecture, PendingImage>): RegisteredImage => ({
      ...(known ?? { record: fromDocument(id, '{}'), document: '{}', revision: '' }),
      created: asked.images.some(({ architecture }) => before?.record.images.has(architecture) !== true),
      unchanged,
      released: [],
      waiting
    })
    if (asked.dryRun) {
      const publication = await planOf(id, { buildStatus, record: before?.record })
      if (!publication) return answer(before, buildStatus.pending)
      return answer((await changes.write(id, { cause: asked.cause, to: documentOf(id, publication), dryRun: true })).after, new Map())
    }
    const left = await settled(id, asked.cause)
    const [known, beside] = await Promise.all([records.find(id), buildStatuses.find(id)])
    const waiting = beside?.pending ?? new Map<Architecture, PendingImage>()
    const unread = [...waiting].map(([architecture, { url, digest }]) => ({
      container: id,
      imageKey: pendingKey(architecture),
      url,
      digest: digest ?? ''
    }))
    await verification?.waits(unread, asked)
    return { ...answer(known, waiting), released: [...released, ...left] }
  }

  async function registerOne(image: ImageToRegister): Promise<RegisteredImage> {
    if (!holds(image.id)) return records.register(image)
    const { id, publicUrl, cause, precondition, dryRun, ...brought } = image
    return bring(id, { publicUrl, cause, precondition, dryRun, images: [brought] })
  }

  const imageKeyOf = (id: string, architecture: Architecture): ImageKey => (holds(id) ? pendingKey(architecture) : architecture)

  const bundle: Publishing['bundle'] = async (record, { publicUrl, cause, dryRun }) => {
    const into = rulebook.bundleOf(record.id)
    if (!into || dryRun) return
    const { container: id, architecture } = into
    const url = record.images.get(architecture) ?? (record.images.size === 0 ? record.url : undefined)
    if (url === undefined) return
    const found = await facts.read(record.id, [architecture, ''])
    const known = found.find((one) => applies(one, { url, digest: record.digest }))
    const digest = known?.given ?? known?.config ?? record.digest ?? ''
    const carry = (imageKey: ImageKey, digest: string) => known && facts.write({ ...known, container: id, imageKey, digest })
    const imageKey = imageKeyOf(id, architecture)
    if (imageKey !== architecture) await carry(imageKey, digest)
    const registered = await registerOne({ id, architecture, url, version: record.version ?? '', digest, publicUrl, cause })
    if (imageKey !== architecture) return
    await carry(imageKey, registered.record.digest ?? '')
    if (!known && digest !== '') await rememberClaimedDigest(facts, { record: registered.record, architecture, digest, now: now() })
  }

  return {
    ...records,
    holds,
    imageKeyOf,
    bring,
    bundle,
    settle,

    async register(image) {
      const registered = await registerOne(image)
      await bundle(registered.record, image)
      return registered
    },

    async drop(asked) {
      const { id, architecture, cause, dryRun } = asked
      const seen = await buildStatuses.find(id)
      if (!seen?.pending.has(architecture)) return records.drop(asked)
      const known = await records.find(id)
      checkPrecondition(id, { before: known, precondition: asked.precondition })
      const released = dryRun ? [] : await clear(id, { seen, architectures: [architecture], what: 'given up', cause })
      if (known?.record.images.has(architecture)) {
        const dropped = await records.drop(asked)
        return { ...dropped, released: [...released, ...dropped.released] }
      }
      const stands = known ?? { record: fromDocument(id, '{}'), document: '{}', revision: '' }
      return { ...stands, created: false, unchanged: false, released }
    },

    async work({ limit, signal }) {
      const due = await buildStatuses.due(limit)
      for (const id of due) {
        if (signal.aborted) break
        await settle(id)
        const buildStatus = await buildStatuses.find(id)
        const forgotten = buildStatus && isForgotten(buildStatus, now()) && !(await changes.find(id))
        if (forgotten) await buildStatuses.follow(id, { before: undefined, after: undefined })
        await buildStatuses.seen(id)
      }
      return due.length
    }
  }
}

/** What waits, but not since when: an image that comes again is no other one. */
const meaningOf = ({ pending }: BuildStatus) =>
  [...pending].map(([architecture, { url, digest, version }]) => [architecture, url, digest, version])

/** Whether a record says of an image all that is brought. */
function stands(record: ContainerRecord | undefined, image: Brought): boolean {
  if (record?.images.get(image.architecture) !== image.url || record.version !== image.version) return false
  return imageRegistration(registrationOf(record), { id: record.id, ...image }).digest === record.digest
}
