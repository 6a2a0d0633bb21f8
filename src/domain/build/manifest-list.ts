import type { ManifestDescriptor, ManifestList } from '../../schemas.ts'
import { type Architecture, uniqueInTableOrder } from '../architecture.ts'
import type { StoredImages } from '../container/container.ts'
import { type Facts, type ImageKey, registeredPart, supportsClaim } from '../image/facts.ts'
import { asFields, asList } from '../json/reading.ts'
import { type CurrentImage, currentImages } from './state.ts'

export const manifestListTypes = {
  oci: 'application/vnd.oci.image.index.v1+json',
  docker: 'application/vnd.docker.distribution.manifest.list.v2+json'
} as const

export type ManifestListFormat = keyof typeof manifestListTypes

export interface ManifestListInput {
  facts: ReadonlyMap<ImageKey, Facts>
  format: ManifestListFormat
  /** What registry clients get where nobody has read the registered image, because it was pushed, too. */
  pushed?: ReadonlyMap<Architecture, ManifestDescriptor> | undefined
  /** Why no registry client can pull the container, whatever it has. */
  notPullable?: string | undefined
}

/** Returns a container as an index. A manifest keeps its own media type in either format, as the digest is of those bytes. */
export function manifestListOf(record: StoredImages, { facts, format, pushed, notPullable }: ManifestListInput): ManifestList {
  const list: ManifestList = {
    schemaVersion: 2,
    mediaType: manifestListTypes[format],
    manifests: [],
    pullable: false,
    derived: [],
    unproven: []
  }
  const images = currentImages(record, facts)
  for (const architecture of uniqueInTableOrder(images.keys())) {
    const found = manifestOf(architecture, images.get(architecture)!)
    const descriptor = typeof found === 'string' ? pushed?.get(architecture) : found.descriptor
    if (descriptor) list.manifests.push(descriptor)
    else if (typeof found === 'string') list.unproven.push({ architecture, why: found })
    if (typeof found !== 'string' && found.derived) list.derived.push(architecture)
  }
  list.pullable = list.manifests.length > 0 && notPullable === undefined
  if (notPullable !== undefined) list.notPullable = notPullable
  return list
}

/** Writes the same bytes for the same facts: members in one order, architectures in the table's, indented as Docker prints manifest lists. */
export function manifestListText({ manifests, ...list }: ManifestList): string {
  const { schemaVersion, mediaType, pullable, notPullable, derived, unproven } = list
  return `${JSON.stringify({ schemaVersion, mediaType, manifests, pullable, notPullable, derived, unproven }, null, 3)}\n`
}

/** Returns a descriptor, or why there is none. */
function manifestOf(architecture: Architecture, { facts }: CurrentImage): { descriptor: ManifestDescriptor; derived: boolean } | string {
  if (facts === undefined || facts.verdict === 'unverified') return 'nobody has read the image'
  if (!supportsClaim(facts.verdict)) return `the image is ${facts.verdict}: ${facts.summary}`
  if (facts.status === 'gone') return 'the image is gone'
  if (asList(facts.report?.problems).some((problem) => asFields(problem)?.['code'] === 'images_ambiguous')) {
    return 'its tarball holds several images, and nothing tells which one is meant'
  }
  if (facts.manifest === null) return 'its tarball contains no manifest, and none can be made from what was read'
  const image = registeredPart(facts)
  const manifest = asFields(image?.['manifest'])
  const [size, mediaType] = [manifest?.['size'], manifest?.['mediaType']]
  if (!Number.isSafeInteger(size) || typeof mediaType !== 'string') return 'the size of its manifest is not stored; verify the image again'
  const os = asFields(image?.['config'])?.['os']
  return {
    descriptor: { mediaType, size: size as number, digest: facts.manifest, platform: platformOf(architecture, os) },
    derived: manifest?.['derived'] === true
  }
}

/** Images are for Linux unless their configuration says otherwise. */
function platformOf(architecture: Architecture, os: unknown): ManifestDescriptor['platform'] {
  const [name, variant] = architecture.split('/') as [string, string?]
  const platform = { architecture: name, os: typeof os === 'string' && os !== '' ? os : 'linux' }
  return variant === undefined ? platform : { ...platform, variant }
}
