import type { Architecture } from '../domain/architecture.ts'
import { type Assembly, isNewsSince, type Pending, withoutPending, withPending } from '../domain/assembly.ts'
import { imageRegistration } from '../domain/container.ts'
import { fromDocument, type Record } from '../domain/document.ts'
import { background, type Cause } from '../domain/entry.ts'
import { applies, type Slot, waitingSlot } from '../domain/facts.ts'
import { checkId } from '../domain/limits.ts'
import { isForgotten } from '../domain/wakes.ts'
import { checkPrecondition, type Known } from './changes.ts'
import { noteGiven } from './facts.ts'
import { type Circumstances, type ImageToRegister, type Records, type Registered, registrationOf } from './records.ts'
import { createSettlement, type SettlementParts } from './settlement.ts'
import type { Verification } from './verification.ts'

/** An image that somebody brings. */
export type Brought = Pick<ImageToRegister, 'architecture' | 'url' | 'version' | 'digest'>

/**
 * Records that are published as the policy for their names says: each image as it comes, or all of them at once. Until then images stand
 * in the assembly. Every step may be repeated: what a server that was killed left half done, the next one that looks finishes.
 */
export interface Publishing extends Records {
  /** Several images at once, as a merging container/add brings them. The record as it stands then. */
  bring(id: string, asked: Circumstances & { images: readonly Brought[] }): Promise<Registered>
  /** Whether images of this container wait for one another. */
  holds(id: string): boolean
  /** An image was registered: by its name it may belong to another container as well. */
  bundle(record: Record, circumstances: Circumstances): Promise<void>
  /** Publishes what is complete, and gives up what has waited for too long. */
  settle(id: string, cause?: Cause): Promise<void>
  /** The same of all that are due, so many of them. */
  work(options: { limit: number; signal: AbortSignal }): Promise<number>
}

export interface PublishingParts extends SettlementParts {
  records: Records
  verification: Pick<Verification, 'registered' | 'waits'> | undefined
  /** Their tarballs may be about to be removed, because no record names them. */
  keep: ((urls: readonly string[]) => Promise<void>) | undefined
}

export function createPublishing(parts: PublishingParts): Publishing {
  const { records, changes, assemblies, facts, rulebook, verification } = parts
  const now = () => parts.now().toISOString()
  const holds = (id: string) => rulebook.policiesOf(id).publish !== 'each'

  const { planOf, documentOf, clear, settled } = createSettlement(parts)

  const settle: Publishing['settle'] = async (id, cause = background('publication')) => void (await settled(id, cause))

  /** Puts images down to wait, without those that the record has already. */
  async function hold(id: string, { images, publicUrl, ...circumstances }: Parameters<Publishing['bring']>[1]) {
    checkId(id)
    const { cause, dryRun, precondition } = circumstances
    const before = await records.find(id)
    checkPrecondition(id, { before, precondition })
    const { pendingMs } = rulebook.policiesOf(id)
    const there = images.filter((image) => stands(before?.record, image)).map(({ architecture }) => architecture)
    const to = (assembly: Assembly, at: string) => {
      let next = there.length === 0 ? assembly : withoutPending(assembly, { architectures: there, now: at })
      for (const image of images) {
        const { architecture } = image
        const waits = assembly.pending.get(architecture)
        const same = waits && waits.expires > at && (['url', 'digest', 'version'] as const).every((name) => waits[name] === image[name])
        const known = same && !isNewsSince(assembly, { architecture, since: waits.since })
        if (!known && !there.includes(architecture)) next = withPending(next, { ...image, via: publicUrl, pendingMs, now: at })
      }
      return next
    }
    const names = images.map(({ architecture }) => architecture)
    if (!dryRun) await parts.keep?.(images.map(({ url }) => url))
    const changed = await assemblies.change(id, {
      kind: 'pending',
      cause,
      dryRun,
      ...(names.length === 1 && { architecture: names[0] }),
      to,
      told: meaningOf,
      what: 'waits',
      summary: `the image for ${names.join(', ')} has arrived, and waits for the others`
    })
    if (there.length > 0 && before && !dryRun) await assemblies.follow(id, { before, after: before, brought: there })
    const { assembly } = changed.after
    const [former, now] = [changed.before?.assembly, assembly].map((one) => JSON.stringify(one ? meaningOf(one) : []))
    const unchanged = changed.unchanged || former === now
    return { before, assembly, unchanged, released: changed.released }
  }

  const bring: Publishing['bring'] = async (id, asked) => {
    const { before, assembly, unchanged, released } = await hold(id, asked)
    const answer = (known: Known | undefined, waiting: ReadonlyMap<Architecture, Pending>): Registered => ({
      ...(known ?? { record: fromDocument(id, '{}'), document: '{}', revision: '' }),
      created: asked.images.some(({ architecture }) => before?.record.images.has(architecture) !== true),
      unchanged,
      released: [],
      waiting
    })
    if (asked.dryRun) {
      const publication = await planOf(id, { assembly, record: before?.record })
      if (!publication) return answer(before, assembly.pending)
      return answer((await changes.write(id, { cause: asked.cause, to: documentOf(id, publication), dryRun: true })).after, new Map())
    }
    const left = await settled(id, asked.cause)
    const [known, beside] = await Promise.all([records.find(id), assemblies.find(id)])
    const waiting = beside?.pending ?? new Map<Architecture, Pending>()
    const unread = [...waiting].map(([architecture, { url, digest }]) => ({
      container: id,
      slot: waitingSlot(architecture),
      url,
      digest: digest ?? ''
    }))
    await verification?.waits(unread, asked)
    return { ...answer(known, waiting), released: [...released, ...left] }
  }

  async function registerOne(image: ImageToRegister): Promise<Registered> {
    if (!holds(image.id)) return records.register(image)
    const { id, publicUrl, cause, precondition, dryRun, ...brought } = image
    return bring(id, { publicUrl, cause, precondition, dryRun, images: [brought] })
  }

  const slotOf = (id: string, architecture: Architecture): Slot => (holds(id) ? waitingSlot(architecture) : architecture)

  const bundle: Publishing['bundle'] = async (record, { publicUrl, cause, dryRun }) => {
    const into = rulebook.bundleOf(record.id)
    if (!into || dryRun) return
    const { container: id, architecture } = into
    const url = record.images.get(architecture) ?? (record.images.size === 0 ? record.url : undefined)
    if (url === undefined) return
    const found = await facts.read(record.id, [architecture, ''])
    const known = found.find((one) => applies(one, { url, digest: record.digest }))
    const digest = known?.given ?? known?.config ?? record.digest ?? ''
    const carry = (slot: Slot, digest: string) => known && facts.write({ ...known, container: id, slot, digest })
    const slot = slotOf(id, architecture)
    if (slot !== architecture) await carry(slot, digest)
    const registered = await registerOne({ id, architecture, url, version: record.version ?? '', digest, publicUrl, cause })
    if (slot !== architecture) return
    await carry(slot, registered.record.digest ?? '')
    if (!known && digest !== '') await noteGiven(facts, { record: registered.record, architecture, digest, now: now() })
  }

  return {
    ...records,
    holds,
    slotOf,
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
      const seen = await assemblies.find(id)
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
      const due = await assemblies.due(limit)
      for (const id of due) {
        if (signal.aborted) break
        await settle(id)
        const assembly = await assemblies.find(id)
        const forgotten = assembly && isForgotten(assembly, now()) && !(await changes.find(id))
        if (forgotten) await assemblies.follow(id, { before: undefined, after: undefined })
        await assemblies.seen(id)
      }
      return due.length
    }
  }
}

/** What waits, but not since when: an image that comes again is no other one. */
const meaningOf = ({ pending }: Assembly) =>
  [...pending].map(([architecture, { url, digest, version }]) => [architecture, url, digest, version])

/** Whether a record says of an image all that is brought. */
function stands(record: Record | undefined, image: Brought): boolean {
  if (record?.images.get(image.architecture) !== image.url || record.version !== image.version) return false
  return imageRegistration(registrationOf(record), { id: record.id, ...image }).digest === record.digest
}
