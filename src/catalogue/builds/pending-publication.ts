import type { Architecture } from '../../domain/architecture.ts'
import { type BuildStatus, expiredPending, type PendingImage, withoutPending } from '../../domain/build/build-status.ts'
import { publishedPending } from '../../domain/build/pending.ts'
import { type Publication, publishable, publishedDocument } from '../../domain/build/publication.ts'
import { currentUrls, isAwaited } from '../../domain/build/state.ts'
import type { ContainerRecord } from '../../domain/container/document.ts'
import type { Cause } from '../../domain/history/entry.ts'
import { applies, type Facts, pendingKey } from '../../domain/image/facts.ts'
import type { Release } from '../../domain/image/task.ts'
import type { StoredRecord } from '../records/changes.ts'
import { rememberClaimedDigest } from '../verification/image-facts.ts'
import type { BuildsContext } from './parts.ts'

/** A container's pending images, and its record if there is one. */
interface PendingContainer {
  buildStatus: BuildStatus
  record: ContainerRecord | undefined
}

/** Returns the publication of the pending images that can be published now; undefined while the policy says to wait. */
export async function planPublication(parts: BuildsContext, { buildStatus, record }: PendingContainer): Promise<Publication | undefined> {
  const { siteRules } = parts
  const { container, pending } = buildStatus
  const { publish } = siteRules.policiesOf(container, buildStatus)
  const expected = publish === 'each' ? [] : siteRules.expectedOf(container, buildStatus).architectures
  const facts = publish === 'verified' ? await pendingFacts(parts, container, pending) : new Map<Architecture, Facts>()
  const images = record ? currentUrls(record) : new Map<Architecture, string>()
  const now = parts.now().toISOString()
  return publishable({
    ...{ record, pending, expected, publish, now },
    verdictOf: (architecture) => facts.get(architecture)?.verdict ?? 'unverified',
    isAwaited(architecture) {
      const url = images.get(architecture)
      return isAwaited({ buildStatus, architecture, image: url === undefined ? undefined : { url }, now })
    }
  })
}

async function pendingFacts({ facts }: BuildsContext, id: string, pending: ReadonlyMap<Architecture, PendingImage>) {
  const found = await facts.read(id, [...pending.keys()].map(pendingKey))
  const byKey = new Map(found.map((one) => [one.imageKey, one]))
  return new Map(
    [...pending].flatMap(([architecture, { url, digest }]) => {
      const one = byKey.get(pendingKey(architecture))
      return one && applies(one, { url, digest: digest ?? '' }) ? [[architecture, one] as const] : []
    })
  )
}

/** Returns the address for the guard URLs of a publication: the one under which its first image was registered. */
const publicUrlOf = ({ addresses }: BuildsContext, { images }: Publication): string => [...images.values()][0]?.via ?? addresses()[0] ?? ''

/** Returns a function that applies a publication to a stored document. */
export const publicationDocument =
  (parts: BuildsContext, { id, publication }: { id: string; publication: Publication }) =>
  (stored: StoredRecord | undefined): string | undefined => {
    const replaces = stored?.record.version !== publication.version
    // the version that these images were meant to complete has been replaced
    if (replaces && !publication.replaces) return stored?.document
    const guards = { publicUrl: publicUrlOf(parts, publication), guarded: parts.guarded }
    return publishedDocument(id, { document: stored?.document, publication: { ...publication, replaces }, ...guards })
  }

/** Writes facts about the images before the record names them, so that no machine gets a mislabelled image in between. */
async function publish(parts: BuildsContext, { id, publication }: { id: string; publication: Publication }, cause: Cause) {
  const { changes, buildStatuses, facts, verifier } = parts
  const to = publicationDocument(parts, { id, publication })
  const proven = await pendingFacts(parts, id, publication.images)
  const carry = async (digest: string) => {
    for (const [architecture, one] of proven) await facts.write({ ...one, imageKey: architecture, digest })
  }
  const planned = (await changes.write(id, { cause, to, dryRun: true })).after?.record.digest ?? ''
  await carry(planned)
  const changed = await changes.write(id, { cause, to, what: 'published' })
  const record = changed.after?.record
  if (!record) return changed.released
  if ((record.digest ?? '') !== planned) await carry(record.digest ?? '')
  const now = parts.now().toISOString()
  for (const [architecture, { digest }] of publication.images) {
    if (digest && !proven.has(architecture)) await rememberClaimedDigest(facts, { record, architecture, digest, now })
  }
  await buildStatuses.follow(id, { ...changed, rebuilt: [...publication.images.keys()] })
  await verifier?.registered(record, { publicUrl: publicUrlOf(parts, publication) })
  return changed.released
}

interface PendingRemoval {
  /** The build status that listed them: an image that has replaced one of them since then stays. */
  seen: BuildStatus
  architectures: readonly Architecture[]
  what: 'given up' | 'published'
  cause: Cause
}

/** Removes images from the pending ones. Returns the tarballs that this releases; none when the removal is repeated. */
export async function removePending(parts: BuildsContext, removal: PendingRemoval): Promise<readonly Release[]> {
  const { seen, architectures, what, cause } = removal
  const id = seen.container
  if (architectures.length === 0) return []
  const changed = await parts.buildStatuses.change(id, {
    kind: 'pending',
    cause,
    to: (buildStatus, now) => {
      const same = architectures.filter((one) => buildStatus.pending.get(one)?.since === seen.pending.get(one)?.since)
      return withoutPending(buildStatus, { architectures: same, now })
    },
    journaled: ({ pending }) => [...pending],
    what,
    summary: `${what}: the image for ${architectures.join(', ')}`
  })
  const { pending } = changed.after.buildStatus
  for (const architecture of architectures) if (!pending.has(architecture)) await parts.facts.remove(id, pendingKey(architecture))
  return changed.released
}

/** Publishing, removing and checking again takes two rounds; more when other images arrive meanwhile. */
const maxRounds = 8

/** Publishes complete sets of images, and gives up images that have waited for too long. Returns the tarballs that this releases. */
export async function publishPending(parts: BuildsContext, { id, cause }: { id: string; cause: Cause }): Promise<readonly Release[]> {
  const released: Release[] = []
  for (let round = 0; round < maxRounds; round++) {
    const seen = await parts.buildStatuses.find(id)
    if (!seen || seen.pending.size === 0) return released
    const record = (await parts.changes.find(id))?.record
    const now = parts.now().toISOString()
    const published = publishedPending(seen, record)
    released.push(...(await removePending(parts, { seen, architectures: expiredPending(seen, now), what: 'given up', cause })))
    released.push(...(await removePending(parts, { seen, architectures: published, what: 'published', cause })))
    const buildStatus = withoutPending(seen, { architectures: published, now })
    const publication = await planPublication(parts, { buildStatus, record })
    if (!publication) return released
    released.push(...(await publish(parts, { id, publication }, cause)))
  }
  return released
}
