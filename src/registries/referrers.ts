import { maxReferences } from '../domain/oci/manifest.ts'
import { attachedTags, holdsAllOf, listWith, referrersTag } from '../domain/oci/referrer-tags.ts'
import { parsedManifest, type ReadManifest } from './manifest-reader.ts'
import { registryError } from './registry-error.ts'
import type { RegistryRepository } from './repository.ts'

/** What refers to the copied images and is missing at the target. */
export interface FoundReferrers {
  /** Each follows the manifests that it names. */
  manifests: ReadManifest[]
  /** Referrers by the digest of their subject. */
  about: Map<string, ReadManifest[]>
  /** What cosign attached under tags. */
  attached: { tag: string; manifest: ReadManifest }[]
}

interface ReferrerCopying {
  from: RegistryRepository
  to: RegistryRepository
  attempt<Result>(work: () => Promise<Result>): Promise<Result>
}

interface ReferrerSearch extends ReferrerCopying {
  /** Returns those of a manifest and the manifests that it names that the target lacks. */
  missing(manifest: ReadManifest): Promise<ReadManifest[]>
}

/** Finds the referrers of these manifests, their referrers, and so on. */
export async function findReferrers(search: ReferrerSearch, subjects: readonly string[]): Promise<FoundReferrers> {
  const found: FoundReferrers = { manifests: [], about: new Map(), attached: [] }
  const all = new Set(subjects)
  // what is added meanwhile is walked, too
  for (const subject of all) {
    for (const digest of [...(await findAbout(search, subject, found)), ...(await findAttached(search, subject, found))]) all.add(digest)
    if (all.size <= maxReferences) continue
    const message = `more than ${maxReferences} artifacts refer to what is copied from ${search.from.reference}; leave out --referrers`
    throw registryError('unusable', { message })
  }
  return found
}

async function findAbout({ from, to, attempt, missing }: ReferrerSearch, subject: string, found: FoundReferrers): Promise<string[]> {
  const { digests } = await attempt(() => from.referrersOf(subject))
  if (digests.length === 0) return []
  const there = new Set((await attempt(() => to.referrersOf(subject))).digests)
  const about: ReadManifest[] = []
  for (const digest of digests) {
    const manifest = there.has(digest) ? undefined : await attempt(() => from.manifest(digest))
    // a list under a tag may name what is gone
    if (manifest?.content.subject !== subject) continue
    about.push(manifest)
    found.manifests.push(...(await missing(manifest)))
  }
  if (about.length > 0) found.about.set(subject, about)
  return digests
}

async function findAttached({ from, to, attempt, missing }: ReferrerSearch, subject: string, found: FoundReferrers): Promise<string[]> {
  const digests: string[] = []
  for (const tag of attachedTags(subject)) {
    const manifest = await attempt(() => from.manifest(tag))
    if (!manifest) continue
    digests.push(manifest.digest)
    const before = await attempt(() => to.manifest(tag))
    if (before?.digest === manifest.digest) continue
    if (before && !holdsAllOf(manifest.content, before.content)) {
      const lost = `${to.reference}:${tag} has what ${from.reference}:${tag} does not have, and would lose it`
      throw registryError('unusable', { message: `${lost}; remove that tag there, or leave out --referrers` })
    }
    found.manifests.push(...(await missing(manifest)))
    found.attached.push({ tag, manifest })
  }
  return digests
}

/** Puts the referrers, whose blobs the target has, and lists them under a tag where it has no referrers API. */
export async function putReferrers({ to, attempt }: ReferrerCopying, { manifests, about, attached }: FoundReferrers): Promise<void> {
  for (const manifest of manifests) await attempt(() => to.putManifest(manifest.digest, manifest))
  for (const [subject, referrers] of about) {
    const { digests, tagged } = await attempt(() => to.referrersOf(subject))
    const unlisted = referrers.filter(({ digest }) => !digests.includes(digest))
    if (!tagged || unlisted.length === 0) continue
    const tag = referrersTag(subject)
    const text = listWith(tagged.list?.bytes.toString('utf8'), unlisted)
    await attempt(() => to.putManifest(tag, parsedManifest(Buffer.from(text), { host: to.reference, what: tag })))
  }
  for (const { tag, manifest } of attached) await attempt(() => to.putManifest(tag, manifest))
}
