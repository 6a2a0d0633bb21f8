import { type Architecture, uniqueInTableOrder } from '../architecture.ts'
import type { ContainerRecord } from '../container/document.ts'
import { type Facts, type ImageKey, supportsClaim } from '../image/facts.ts'
import { asFields, asList } from '../json/reading.ts'
import { type CurrentImage, currentImages } from './state.ts'

export type ManifestListFormat = 'oci' | 'docker'

export const manifestListTypes = {
  oci: 'application/vnd.oci.image.index.v1+json',
  docker: 'application/vnd.docker.distribution.manifest.list.v2+json'
} as const satisfies { [format in ManifestListFormat]: string }

interface Platform {
  architecture: string
  os: string
  variant?: string
}

export interface Descriptor {
  mediaType: string
  size: number
  digest: string
  platform: Platform
}

/** An image of which no digest of a manifest is proven. */
export interface Unproven {
  architecture: Architecture
  why: string
}

export interface ManifestList {
  schemaVersion: 2
  mediaType: string
  manifests: Descriptor[]
  /** No registry serves these manifests yet. */
  pullable: false
  /** Of which images the manifest is the one that their configuration and layers make, as their tarballs hold none. */
  derived: Architecture[]
  unproven: Unproven[]
}

/**
 * A container as an OCI index or as a Docker manifest list, from what reading its images proved and from nothing else. Each manifest has
 * the media type that it has, in either format: the digest is of those very bytes.
 */
export function manifestListOf(
  record: Pick<ContainerRecord, 'images' | 'url'>,
  { known, format }: { known: ReadonlyMap<ImageKey, Facts>; format: ManifestListFormat }
): ManifestList {
  const list: ManifestList = {
    schemaVersion: 2,
    mediaType: manifestListTypes[format],
    manifests: [],
    pullable: false,
    derived: [],
    unproven: []
  }
  const images = currentImages(record, known)
  for (const architecture of uniqueInTableOrder(images.keys())) {
    const found = manifestOf(architecture, images.get(architecture)!)
    if (typeof found === 'string') list.unproven.push({ architecture, why: found })
    else list.manifests.push(found.descriptor)
    if (typeof found !== 'string' && found.derived) list.derived.push(architecture)
  }
  return list
}

/** The same bytes for the same facts: members in one order, architectures in the table's, indented as Docker prints manifest lists. */
export function manifestListText({ manifests, ...list }: ManifestList): string {
  const { schemaVersion, mediaType, pullable, derived, unproven } = list
  return `${JSON.stringify({ schemaVersion, mediaType, manifests, pullable, derived, unproven }, null, 3)}\n`
}

/** A descriptor, or why there is none. */
function manifestOf(architecture: Architecture, { facts }: CurrentImage): { descriptor: Descriptor; derived: boolean } | string {
  const unread = 'nobody has read the image'
  if (facts === undefined || facts.verdict === 'unverified') return unread
  if (!supportsClaim(facts.verdict)) return `the image is ${facts.verdict}: ${facts.summary}`
  if (facts.status === 'gone') return 'the image is gone'
  if (facts.manifest === null) return 'its tarball holds no manifest, and none can be made of what was read'
  const image = asList(facts.report?.images)
    .map((one) => asFields(one))
    .find((one) => asFields(one?.['manifest'])?.['digest'] === facts.manifest)
  const manifest = asFields(image?.['manifest'])
  const [size, mediaType] = [manifest?.['size'], manifest?.['mediaType']]
  if (!Number.isSafeInteger(size) || typeof mediaType !== 'string') return 'the size of its manifest was not kept; verifying it again tells'
  const os = asFields(image?.['config'])?.['os']
  return {
    descriptor: { mediaType, size: size as number, digest: facts.manifest, platform: platformOf(architecture, os) },
    derived: manifest?.['derived'] === true
  }
}

/** What is registered here is for Linux, where its configuration says nothing else. */
function platformOf(architecture: Architecture, os: unknown): Platform {
  const [name, variant] = architecture.split('/') as [string, string?]
  const platform = { architecture: name, os: typeof os === 'string' && os !== '' ? os : 'linux' }
  return variant === undefined ? platform : { ...platform, variant }
}
