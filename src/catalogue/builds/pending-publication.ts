import type { Architecture } from '../../domain/architecture.ts'
import { type BuildStatus, expiredPending, type PendingImage, withoutPending } from '../../domain/build/build-status.ts'
import { type Publication, publishable, publishedDocument } from '../../domain/build/publication.ts'
import { currentUrls, isAwaited } from '../../domain/build/state.ts'
import type { ContainerRecord } from '../../domain/container/document.ts'
import type { Cause } from '../../domain/history/entry.ts'
import { applies, type Facts, pendingKey } from '../../domain/image/facts.ts'
import type { Release } from '../../domain/image/task.ts'
import { createKeyedMutex } from '../jobs/keyed-mutex.ts'
import type { Changes, StoredRecord } from '../records/changes.ts'
import { type FactsStore, rememberClaimedDigest } from '../verification/image-facts.ts'
import type { Verification } from '../verification/verification.ts'
import type { BuildStatuses } from './build-statuses.ts'
import type { Rulebook } from './rulebook.ts'

/** From images that wait to images that are published, or given up: whatever of that can be done now. */
export interface PendingPublication {
  /** What could be published of what waits; undefined while the policy says to wait. */
  planOf(id: string, standing: { buildStatus: BuildStatus; record: ContainerRecord | undefined }): Promise<Publication | undefined>
  /** The document that a publication makes of another one. */
  documentOf(id: string, publication: Publication): (known: StoredRecord | undefined) => string | undefined
  /** Those that wait no longer, unless another image has come in their place. Answers the tarballs that were let go of; so does the next. */
  clear(
    id: string,
    cleared: { seen: BuildStatus; architectures: readonly Architecture[]; what: string; cause: Cause }
  ): Promise<readonly Release[]>
  /** Publishes what is complete, and gives up what has waited for too long. */
  settled(id: string, cause: Cause): Promise<readonly Release[]>
}

export interface PendingPublicationParts {
  changes: Changes
  buildStatuses: BuildStatuses
  facts: FactsStore
  rulebook: Rulebook
  guarded: readonly Architecture[]
  verification: Pick<Verification, 'registered'> | undefined
  addresses: () => readonly string[]
  now: () => Date
}

/** Publish, clear, and look again; more when others bring images all the while. */
const maxRounds = 8

export function createPendingPublication(parts: PendingPublicationParts): PendingPublication {
  const { changes, buildStatuses, facts, rulebook, guarded, verification, addresses } = parts
  const withLock = createKeyedMutex()
  const now = () => parts.now().toISOString()

  const planOf: PendingPublication['planOf'] = async (id, { buildStatus, record }) => {
    const { publish } = rulebook.policiesOf(id)
    const expected = publish === 'each' ? [] : rulebook.expectedOf(id, buildStatus).architectures
    const known = publish === 'verified' ? await waitingFacts(id, buildStatus.pending) : new Map<Architecture, Facts>()
    const verdictOf = (architecture: Architecture) => known.get(architecture)?.verdict ?? 'unverified'
    const images = record ? currentUrls(record) : new Map<Architecture, string>()
    const awaited = (architecture: Architecture) => {
      const url = images.get(architecture)
      return isAwaited({ buildStatus, architecture, image: url === undefined ? undefined : { url }, now: now() })
    }
    return publishable({ record, pending: buildStatus.pending, expected, publish, verdictOf, isAwaited: awaited, now: now() })
  }

  async function waitingFacts(id: string, pending: ReadonlyMap<Architecture, PendingImage>): Promise<Map<Architecture, Facts>> {
    const found = await facts.read(id, [...pending.keys()].map(pendingKey))
    const bySlot = new Map(found.map((one) => [one.imageKey, one]))
    return new Map(
      [...pending].flatMap(([architecture, { url, digest }]) => {
        const one = bySlot.get(pendingKey(architecture))
        return one && applies(one, { url, digest: digest ?? '' }) ? [[architecture, one] as const] : []
      })
    )
  }

  const documentOf: PendingPublication['documentOf'] = (id, publication) => (known) => {
    const replaces = known?.record.version !== publication.version
    // what it was to be complete with is another version by now
    if (replaces && !publication.replaces) return known?.document
    const [first] = publication.images.values()
    const publicUrl = first?.via ?? addresses()[0] ?? ''
    return publishedDocument(id, { document: known?.document, publication: { ...publication, replaces }, publicUrl, guarded })
  }

  /** What is known of the images is written before the record names them, so that nobody is given a mislabelled one in between. */
  async function publish(id: string, { publication, cause }: { publication: Publication; cause: Cause }): Promise<readonly Release[]> {
    const to = documentOf(id, publication)
    const known = await waitingFacts(id, publication.images)
    const carry = async (digest: string) => {
      for (const [architecture, one] of known) await facts.write({ ...one, imageKey: architecture, digest })
    }
    const planned = (await changes.write(id, { cause, to, dryRun: true })).after?.record.digest ?? ''
    await carry(planned)
    const changed = await changes.write(id, { cause, to, what: 'published' })
    const record = changed.after?.record
    if (!record) return changed.released
    if ((record.digest ?? '') !== planned) await carry(record.digest ?? '')
    for (const [architecture, { digest }] of publication.images) {
      if (digest && !known.has(architecture)) await rememberClaimedDigest(facts, { record, architecture, digest, now: now() })
    }
    await buildStatuses.follow(id, { ...changed, brought: [...publication.images.keys()] })
    const [first] = publication.images.values()
    await verification?.registered(record, { publicUrl: first?.via ?? addresses()[0] ?? '' })
    return changed.released
  }

  const clear: PendingPublication['clear'] = async (id, { seen, architectures, what, cause }) => {
    if (architectures.length === 0) return []
    const changed = await buildStatuses.change(id, {
      kind: 'pending',
      cause,
      to: (buildStatus, at) => {
        const same = architectures.filter((one) => buildStatus.pending.get(one)?.since === seen.pending.get(one)?.since)
        return withoutPending(buildStatus, { architectures: same, now: at })
      },
      told: ({ pending }) => [...pending],
      what,
      summary: `${what}: the image for ${architectures.join(', ')}`
    })
    const { pending } = changed.after.buildStatus
    for (const architecture of architectures) if (!pending.has(architecture)) await facts.remove(id, pendingKey(architecture))
    return changed.released
  }

  const settled: PendingPublication['settled'] = (id, cause) =>
    withLock(id, async () => {
      const released: Release[] = []
      for (let round = 0; round < maxRounds; round++) {
        const buildStatus = await buildStatuses.find(id)
        if (!buildStatus || buildStatus.pending.size === 0) return released
        const record = (await changes.find(id))?.record
        const done = [...buildStatus.pending].filter(([architecture, { url, version }]) => {
          return record?.images.get(architecture) === url && record.version === (version ?? '')
        })
        const expired = expiredPending(buildStatus, now())
        released.push(...(await clear(id, { seen: buildStatus, architectures: expired, what: 'given up', cause })))
        released.push(...(await clear(id, { seen: buildStatus, architectures: done.map(([one]) => one), what: 'published', cause })))
        const left = withoutPending(buildStatus, { architectures: done.map(([one]) => one), now: now() })
        const publication = await planOf(id, { buildStatus: left, record })
        if (!publication) return released
        released.push(...(await publish(id, { publication, cause })))
      }
      return released
    })

  return { planOf, documentOf, clear, settled }
}
