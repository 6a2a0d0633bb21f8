import type { Architecture } from '../../domain/architecture.ts'
import { manifestListOf } from '../../domain/build/manifest-list.ts'
import { type CurrentImage, currentImages } from '../../domain/build/state.ts'
import type { ContainerRecord } from '../../domain/container/document.ts'
import type { Facts, ImageKey } from '../../domain/image/facts.ts'
import type { KeptTag } from '../../domain/oci/documents.ts'
import { isDigest, suffixesOf, tagNameOf } from '../../domain/oci/names.ts'
import { own } from '../../domain/own.ts'
import type { ManifestDescriptor, ManifestList } from '../../schemas.ts'
import { blobsOf, keepManifest } from './image-manifests.ts'
import type { KeptDocuments } from './kept-documents.ts'
import type { OciContext } from './parts.ts'

interface PullableContainer {
  record: ContainerRecord
  facts: ReadonlyMap<ImageKey, Facts>
  repository: string
  /** What was pushed under the tag. */
  tag: KeptTag | undefined
}

export interface PullableImages {
  images: { architecture: Architecture; descriptor: ManifestDescriptor }[]
  /** Why the others are left out. */
  left: ManifestList['unproven']
  /** Whether it depends on what other tags are, those that name an architecture. */
  bySuffix: boolean
}

/** Returns the images of a container that can be pulled, each with its manifest kept; never one that is not proven. */
export async function pullableImages(context: OciContext, { record, facts, repository, tag }: PullableContainer): Promise<PullableImages> {
  const { manifests, unproven } = manifestListOf(record, { facts, format: 'oci' })
  const proven = new Map(manifests.map((descriptor) => [descriptor.digest, descriptor]))
  const current = currentImages(record, facts)
  const pushed = await pushedImages(context, { record, facts, repository, tag })
  const result: PullableImages = { images: [], left: [], bySuffix: [...current.values()].some(isUnread) }
  const why = new Map(unproven.map((one) => [one.architecture, one.why]))
  for (const [architecture, { facts: found }] of current) {
    const descriptor = why.has(architecture) ? undefined : proven.get(found?.manifest ?? '')
    if (descriptor && found && blobsOf(found)) {
      await keepManifest(context, { repository, facts: found })
      result.images.push({ architecture, descriptor })
      continue
    }
    const instead = pushed.get(architecture)
    if (instead) result.images.push({ architecture, descriptor: instead })
    else {
      const old = `read by an earlier version; leporello verify ${record.id} reads it again`
      result.left.push({ architecture, why: why.get(architecture) ?? old })
    }
  }
  return result
}

const isUnread = ({ facts }: CurrentImage): boolean => facts === undefined || facts.verdict === 'unverified'

/** Returns the images that were pushed, of those that a container registers and nobody has read. */
export async function pushedImages(
  context: OciContext,
  container: PullableContainer
): Promise<ReadonlyMap<Architecture, ManifestDescriptor>> {
  const { record, facts } = container
  const unread = [...currentImages(record, facts)].filter(([, image]) => isUnread(image))
  const found = await Promise.all(
    unread.map(async ([architecture]) => [architecture, await pushedImage(context, container, architecture)] as const)
  )
  return new Map(found.flatMap(([architecture, image]) => (image ? [[architecture, image]] : [])))
}

/** HySDS's builder pushes an image, then registers its tarballs, which may be unreadable here. Looks under the tag, and those with suffixes. */
async function pushedImage({ kept }: OciContext, { record, tag, repository }: PullableContainer, architecture: Architecture) {
  const name = tagNameOf(record.id)
  const suffixed = 'why' in name ? [] : suffixesOf(architecture).map((suffix) => kept.tag(repository, `${name.tag}${suffix}`))
  for (const one of [tag, ...(await Promise.all(suffixed))]) {
    const image = one && own(one.images, architecture)
    if (!image || !(await isSameBuild(kept, record, one))) continue
    const manifest = await kept.manifest(repository, image.digest)
    if (!manifest) continue
    const [cpu, variant] = architecture.split('/') as [string, string?]
    const platform = { architecture: cpu, os: 'linux', ...(variant !== undefined && { variant }) }
    return { mediaType: manifest.mediaType, size: Buffer.byteLength(manifest.text), digest: image.digest, platform }
  }
  return undefined
}

/** What a builder pushes for one build, it pushes within this time. */
const buildMs = 24 * 3_600_000

/**
 * Returns whether the record's digest is of what was pushed under a tag, or is that of a configuration that came at about the same time:
 * for the index, buildx builds all images again, and the builder registers what Docker had built before.
 */
async function isSameBuild({ blob }: KeptDocuments, record: ContainerRecord, tag: KeptTag): Promise<boolean> {
  const { digest } = record
  if (digest === undefined || !isDigest(digest)) return false
  if (digest === tag.digest || Object.values(tag.images).some((image) => image.digest === digest || image.config === digest)) return true
  const configuration = await blob(tag.repository, digest)
  return configuration !== undefined && Date.parse(configuration.touched) > Date.parse(tag.touched) - buildMs
}
