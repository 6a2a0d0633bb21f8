import { fromDocument } from '../../domain/container/document.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Candidate, FoundCandidate } from '../../domain/releases/candidate.ts'
import type { SetMember } from '../../domain/releases/channel.ts'
import { mapInTurns } from '../jobs/concurrency.ts'
import type { ReleasesParts } from './parts.ts'

/** An image that a request names, directly or by a channel. */
export interface NamedImage {
  id: string
  origin: string
  was?: SetMember
}

/** Reads what is known of the images that are to be promoted. */
export const readCandidates = (parts: ReleasesParts, named: readonly NamedImage[]): Promise<Candidate[]> =>
  mapInTurns(named, async (image) => ({ ...image, found: await find(parts, image) }))

/** Returns the refusal. `what` says which change was not made. */
export function promotionRefused(what: string, reasons: readonly { path: string; message: string }[]): CatalogueError {
  const more = reasons.length > 1 ? `; and ${reasons.length - 1} more reasons` : ''
  return new CatalogueError('promotion_refused', `${what}: ${reasons[0]!.message}${more}`, { details: { errors: reasons } })
}

async function find({ changes, views, buildStatuses }: ReleasesParts, { id, origin }: NamedImage): Promise<FoundCandidate | undefined> {
  const stored = await changes.find(id)
  if (!stored) return undefined
  const { record, revision } = stored
  const [gathered, first] = await Promise.all([views.gather(record), origin === id ? undefined : buildStatuses.find(origin)])
  const { facts, status, expected, buildStatus } = gathered
  const tests = [buildStatus, first].flatMap((one) => (one ? [one.tests] : []))
  return { record, revision, facts, status, expected: expected.architectures, tests }
}

/** Returns an earlier set as candidates: what it was is promoted again, whatever its origins are now. */
export async function formerCandidates(
  set: readonly SetMember[],
  { statuses, publicUrl }: Pick<ReleasesParts, 'statuses'> & { publicUrl: string }
): Promise<Candidate[]> {
  const candidates = set.map(formerCandidate)
  const records = candidates.map(({ found }) => found!.record)
  const tarballs = await statuses?.(records, publicUrl)
  return candidates.map((candidate, i) => {
    const gone = tarballs?.[i]?.flatMap(({ status, architecture }) => (status === 'gone' ? (architecture ?? 'its one image') : [])) ?? []
    return { ...candidate, found: { ...candidate.found!, gone } }
  })
}

function formerCandidate(member: SetMember): Candidate {
  const { id, origin, revision, version, digest, named, images } = member
  const urls = Object.fromEntries(Object.entries(images).map(([architecture, { url }]) => [architecture, url]))
  const document = { id, version, digest, ...(named ? { urls: JSON.stringify(urls) } : { url: Object.values(urls)[0] }) }
  const record = fromDocument(id, JSON.stringify(document))
  const status = { state: 'complete' as const, reasons: [], missing: [] }
  return { id, origin, found: { record, revision, facts: new Map(), status, expected: [], tests: [] } }
}
