import { fromDocument, urlOf } from '../../domain/container/document.ts'
import { isPendingKey } from '../../domain/image/facts.ts'
import { whereEqual } from '../../domain/json/query.ts'
import { createDigestFilter, type DigestFilter, digestsIn } from '../../domain/oci/digest-filter.ts'
import {
  blobPrefix,
  fromKeptDocument,
  type KeptBlob,
  type KeptDocument,
  type KeptManifest,
  type KeptTag
} from '../../domain/oci/documents.ts'
import { idsOf, splitSuffix } from '../../domain/oci/names.ts'
import { pagesOf } from '../../domain/pages.ts'
import { keepsTarballs } from '../../domain/releases/channel.ts'
import type { Leases } from '../jobs/leases.ts'
import { type GoOn, takeTurn } from '../jobs/turns.ts'
import { parseUploadNote } from './blob-uploads.ts'
import type { OciContext } from './parts.ts'

/** How long content stays that nothing names any more. */
interface CleanUpTimes {
  /** A manifest, since somebody last asked for it: as long as a tarball. */
  graceMs: number
  /** A blob: pushes take as long, and a client that finds a blob does not send it again. */
  blobMs: number
  /** An upload without a byte. */
  uploadMs: number
}

export interface CleanUpParts extends OciContext {
  leases: Leases
  times: CleanUpTimes
}

export type CleanUpCount = Record<'uploads' | 'tags' | 'manifests' | 'links' | 'blobs', number>

export interface CleanUpTurn {
  /** Once in so many milliseconds over all replicas. */
  everyMs: number
  signal: AbortSignal
}

interface Sweep extends CleanUpParts {
  count: CleanUpCount
  signal: AbortSignal
  /** Throws when another replica has taken over. */
  goOn: GoOn
  /** Manifests whose tarballs containers name, also of other repositories. */
  archived: DigestFilter
}

/** Looks at everything, and removes what nothing names. Returns undefined when it was not this replica's turn. */
export async function cleanUp(parts: CleanUpParts, { everyMs, signal }: CleanUpTurn): Promise<CleanUpCount | undefined> {
  const count = { uploads: 0, tags: 0, manifests: 0, links: 0, blobs: 0 }
  const work = async (goOn: GoOn) => {
    await sweepAll({ ...parts, count, signal, goOn, archived: createDigestFilter() })
    return count
  }
  return takeTurn(parts, { name: 'oci-clean-up', everyMs, signal, work })
}

async function sweepAll(sweep: Sweep): Promise<void> {
  await sweepUploads(sweep)
  await markArchived(sweep)
  for await (const repository of repositoriesOf(sweep)) {
    await sweepRepository(sweep, repository)
    await sweep.goOn()
  }
  await sweepBlobs(sweep)
}

const ageOf = ({ now }: Sweep, time: string | Date): number => now().getTime() - new Date(time).getTime()

async function sweepUploads(sweep: Sweep): Promise<void> {
  const { uploads } = sweep.blobs
  for await (const { id, note, touched } of uploads.list()) {
    if (parseUploadNote(note) === undefined || ageOf(sweep, touched) < sweep.times.uploadMs) continue
    if (await uploads.discard(id)) sweep.count.uploads++
  }
}

/** Notes the manifests of pushed images that any container names by the URL of a tarball, and all that channels and releases name. */
async function markArchived({ stores, archived, goOn }: Sweep): Promise<void> {
  for (const store of [stores.buildStatuses, stores.containers, stores.releases]) {
    for await (const { items } of pagesOf(store.list, { limit: 500, fresh: true })) {
      for (const { id, document } of items) {
        if (store === stores.releases) {
          if (!keepsTarballs(id)) continue
          for (const digest of digestsIn(document)) archived.add(digest)
        }
        for (const [, hex] of document.matchAll(/oci\/archives\/[^"]*?\/([0-9a-f]{64})\//g)) archived.add(`sha256:${hex}`)
      }
      await goOn()
    }
  }
}

async function* repositoriesOf({ kept }: Sweep): AsyncGenerator<string> {
  for (let last = ''; ; ) {
    const where = [{ field: 'repository', after: last }]
    const { items } = await kept.store.list({ where, sort: { field: 'repository', order: 'asc' }, limit: 1 })
    const document = items[0]?.document
    if (document === undefined) return
    last = fromKeptDocument(document).repository
    yield last
  }
}

/** Yields pages of documents. The changes of one page are written together. */
async function* documentsOf<Kind extends KeptDocument['kind']>({ kept, goOn }: Sweep, kind: Kind, repository: string) {
  const query = { where: whereEqual({ kind, repository }), sort: { field: 'name', order: 'asc' as const }, limit: 200, fresh: true }
  for await (const { items } of pagesOf(kept.store.list, query)) {
    yield items.map(({ document }) => fromKeptDocument<Kind>(document))
    await goOn()
  }
}

/** An index goes in one round, and what only it named in the next. */
async function sweepRepository(sweep: Sweep, repository: string): Promise<void> {
  const named = createDigestFilter()
  for await (const manifests of documentsOf(sweep, 'manifest', repository)) {
    for (const { text } of manifests) for (const digest of digestsIn(text)) named.add(digest)
  }
  for await (const tags of documentsOf(sweep, 'tag', repository)) {
    const removed = await Promise.all(tags.map((tag) => sweepTag(sweep, tag)))
    for (const { digest, images } of tags.filter((_, i) => !removed[i])) {
      for (const one of [digest, ...Object.values(images).map((image) => image.digest)]) named.add(one)
    }
  }
  for await (const manifests of documentsOf(sweep, 'manifest', repository)) {
    await Promise.all(manifests.map((manifest) => sweepManifest(sweep, manifest, named)))
  }
  for await (const blobs of documentsOf(sweep, 'blob', repository)) {
    await Promise.all(blobs.map((blob) => sweepLink(sweep, blob, named)))
  }
}

/** Removes the tag of an image whose container is gone. Returns whether it did. */
async function sweepTag({ count, kept, stores, times, ...sweep }: Sweep, tag: KeptTag): Promise<boolean> {
  const { repository, name, what, touched } = tag
  if (what === 'artifact' || sweep.now().getTime() - Date.parse(touched) < times.graceMs) return false
  const split = splitSuffix(name)
  const ids = [name, ...(split ? [split.base] : [])].flatMap((one) => idsOf({ repository, tag: one }))
  if ((await stores.containers.getMany(ids)).some((stored) => stored !== undefined)) return false
  if (await kept.remove(tag)) count.tags++
  return true
}

async function sweepManifest(sweep: Sweep, manifest: KeptManifest, named: DigestFilter): Promise<void> {
  const { kept, count, times, archived } = sweep
  const { repository, name, subject, touched } = manifest
  if (ageOf(sweep, touched) < times.graceMs || named.has(name) || archived.has(name)) return
  if (subject !== undefined && (await kept.manifest(repository, subject))) return
  if (await isRegistered(sweep, manifest)) return
  if (await kept.remove(manifest)) count.manifests++
}

/** Returns whether a container has the image that a manifest is of. */
async function isRegistered({ stores }: Sweep, { image }: KeptManifest): Promise<boolean> {
  if (!image || isPendingKey(image.imageKey)) return false
  const stored = await stores.containers.get(image.container)
  return stored !== undefined && urlOf(fromDocument(image.container, stored.document), image.imageKey) === image.url
}

async function sweepLink(sweep: Sweep, blob: KeptBlob, named: DigestFilter): Promise<void> {
  if (ageOf(sweep, blob.touched) < sweep.times.blobMs || named.has(blob.name)) return
  if (await sweep.kept.remove(blob)) sweep.count.links++
}

/** Removes the bytes that no repository has. */
async function sweepBlobs(sweep: Sweep): Promise<void> {
  const { kept, blobs, count, times, goOn } = sweep
  for await (const { items } of pagesOf(blobs.list, { prefix: blobPrefix, limit: 500 })) {
    for (const { key, modified } of items) {
      if (ageOf(sweep, modified) < times.blobMs) continue
      const where = [{ field: 'name', equals: `sha256:${key.slice(blobPrefix.length)}` }]
      const links = await kept.store.list({ where, limit: 1, fresh: 'own' })
      if (links.items.length === 0 && (await blobs.remove(key))) count.blobs++
    }
    await goOn()
  }
}
