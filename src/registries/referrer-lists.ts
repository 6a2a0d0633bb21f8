import { maxReferences } from '../domain/oci/manifest.ts'
import { mediaTypes } from '../domain/oci/media-types.ts'
import { referrersTag } from '../domain/oci/referrer-tags.ts'
import { parsedManifest, type ReadManifest, type RepositoryParts, readManifest } from './manifest-reader.ts'
import { registryError } from './registry-error.ts'
import { nextPage } from './registry-requests.ts'

/** What refers to a manifest, by digest. */
export interface ReferrerList {
  digests: string[]
  /** Where the registry has no referrers API: what its clients list under a tag instead. */
  tagged: { list: ReadManifest | undefined } | undefined
}

/** Asks the referrers API, or reads the tag that stands in for it. */
export async function readReferrers(parts: RepositoryParts, digest: string): Promise<ReferrerList> {
  const { host, requests, repository } = parts
  const digests = new Set<string>()
  let path: string | undefined = `/v2/${repository}/referrers/${digest}`
  while (path !== undefined) {
    const answer = await requests.read(repository, { path, accept: mediaTypes.ociIndex })
    if (!answer) {
      const list = await readManifest(parts, referrersTag(digest))
      return { digests: list?.content.children.map((child) => child.digest) ?? [], tagged: { list } }
    }
    const before = digests.size
    for (const child of parsedManifest(answer.body, { host, what: path }).content.children) digests.add(child.digest)
    if (digests.size > maxReferences) {
      throw registryError('unusable', { message: `more than ${maxReferences} artifacts refer to ${host}/${repository}@${digest}` })
    }
    // a page that brings nothing new has nothing after it, whatever it says
    path = digests.size === before ? undefined : nextPage(answer, new URL(path, `https://${host}`))
  }
  return { digests: [...digests], tagged: undefined }
}
