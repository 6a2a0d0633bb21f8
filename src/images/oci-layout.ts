import { isImageConfig, isIndexType, mediaTypes } from '../domain/oci/media-types.ts'
import { parseDocument } from './documents.ts'
import { type Finder, type Found, type FoundImage, type FoundLayer, readConfig } from './found-image.ts'
import { type DescriptorDocument, type ManifestDocument, manifestDocument } from './go-documents.ts'
import type { ImageLimits } from './limits.ts'
import type { Member, Members } from './members.ts'
import { fatal, type Problem, quoted } from './problems.ts'

interface Search {
  members: Members
  limits: ImageLimits
  found: Found
  seen: Map<string, FoundImage | undefined>
}

/** What led to a manifest. */
interface Way {
  tags: string[]
  annotations: ReadonlyMap<string, string>
  platform?: DescriptorDocument['platform']
  indexes: string[]
}

/** Returns the images that an OCI layout's index.json leads to, directly or through other indexes. Undefined when there is no index.json. */
export const findOciImages: Finder = (members, limits) => {
  const index = members.find('index.json')
  if (index === undefined) return undefined
  const found: Found = { images: [], problems: [], absent: [], indexes: [] }
  const search: Search = { members, limits, found, seen: new Map() }
  const parsed = parseDocument(index, { type: manifestDocument, limits, wrongType: 'manifest_invalid' })
  if (parsed.problem !== undefined) found.problems.push(parsed.problem)
  else readIndex(parsed.value, search, { tags: [], annotations: new Map(), indexes: [] })
  if (found.images.length === 0 && found.problems.length === 0) {
    const named = found.absent.map(({ digest, platform }) => `${digest} (${platform})`).slice(0, 3)
    const detail = named.length === 0 ? 'it names none' : `it names ${named.join(', ')}, which the archive does not hold`
    found.problems.push(fatal('image_absent', `index.json leads to no image: ${detail}`))
  }
  return found
}

function readIndex(index: ManifestDocument, search: Search, way: Way): void {
  const { found, limits } = search
  if (way.indexes.length > limits.indexDepth) {
    found.problems.push(fatal('index_too_deep', `indexes are nested deeper than ${limits.indexDepth}`))
    return
  }
  if (index.manifests === undefined) found.problems.push(fatal('manifest_invalid', 'an index has no list of manifests'))
  if (index.config !== undefined || index.layers !== undefined) {
    const message = 'an index has config or layers beside its manifests, so it could also be read as an image; image loaders refuse it'
    found.problems.push(fatal('manifest_invalid', message))
  }
  for (const descriptor of (index.manifests ?? []).slice(0, limits.members)) {
    const annotations = descriptor.annotations ?? new Map<string, string>()
    if (isAttestation(descriptor)) continue
    const tag = annotations.get('io.containerd.image.name') ?? annotations.get('org.opencontainers.image.ref.name')
    const tags = tag === undefined ? way.tags : [...way.tags, tag]
    readDescriptor(descriptor, search, { ...way, annotations, platform: descriptor.platform, tags })
  }
}

/** Attestations stand beside the images that they are about. One that names a platform could be taken for its image, so it is read as one. */
const isAttestation = ({ annotations, platform }: DescriptorDocument): boolean =>
  annotations?.get('vnd.docker.reference.type') === 'attestation-manifest' && (platform?.os ?? 'unknown') === 'unknown'

function readDescriptor(descriptor: DescriptorDocument, search: Search, way: Way): void {
  const { members, limits, found, seen } = search
  const { digest = '' } = descriptor
  if (seen.has(digest)) {
    const known = seen.get(digest)
    if (known !== undefined) known.tags = [...new Set([...known.tags, ...way.tags])].slice(0, limits.items)
    return
  }
  seen.set(digest, undefined)
  const { member, problem } = blobOf(descriptor, members)
  if (problem !== undefined) found.problems.push(problem)
  else if (member === undefined) found.absent.push({ digest, platform: platformOf(descriptor) })
  if (member === undefined) return
  const parsed = parseDocument(member, { type: manifestDocument, limits, wrongType: 'manifest_invalid' })
  if (parsed.problem !== undefined) {
    found.problems.push(parsed.problem)
  } else if (parsed.value.manifests !== undefined) {
    found.indexes.push(digest)
    readIndex(parsed.value, search, { ...way, indexes: [...way.indexes, digest] })
  } else if (isIndexType(descriptor.mediaType ?? '')) {
    const message = `${quoted(member.name)} has no list of manifests; its descriptor says that it is an index`
    found.problems.push(fatal('manifest_invalid', message))
  } else if (isImage(parsed.value)) {
    if (found.images.length >= limits.images) {
      found.problems.push(fatal('too_many_images', `the archive has more than ${limits.images} images`))
      return
    }
    const image = imageOf(parsed.value, { digest, member, search, way })
    seen.set(digest, image)
    found.images.push(image)
  }
}

const platformOf = ({ platform }: DescriptorDocument): string =>
  [platform?.os, platform?.architecture, platform?.variant].filter(Boolean).join('/').slice(0, 100) || 'unknown'

/** Artifacts (charts, signatures) have manifests too; the media type of the configuration tells images apart. */
const isImage = ({ config }: ManifestDocument): boolean => !config?.mediaType || isImageConfig(config.mediaType)

/** The member that a descriptor names by its digest, its bytes and size compared with what the descriptor says. */
function blobOf({ digest = '', size }: DescriptorDocument, members: Members): { member?: Member | undefined; problem?: Problem } {
  const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(digest) ?? []
  if (hex === undefined) return { problem: fatal('digest_unsupported', `${quoted(digest)} is not a SHA-256 digest`) }
  const member = members.find(`blobs/sha256/${hex}`)
  if (member === undefined) return {}
  if (member.digest !== digest) {
    const message = `${quoted(member.name)} has the digest ${member.digest}, not the one in its name`
    return { member, problem: fatal('digest_mismatch', message) }
  }
  if (size === undefined || size === member.size) return { member }
  return { member, problem: fatal('size_mismatch', `${quoted(member.name)} has ${member.size} bytes; its descriptor says ${size}`) }
}

interface Manifest {
  digest: string
  member: Member
  search: Search
  way: Way
}

function imageOf(manifest: ManifestDocument, { digest, member, search: { members, limits }, way }: Manifest): FoundImage {
  const problems: Problem[] = []
  const take = (descriptor: DescriptorDocument): Member | undefined => {
    const { member, problem } = blobOf(descriptor, members)
    if (problem !== undefined) problems.push(problem)
    return member
  }
  const { config: configDescriptor = {}, layers: descriptors = [] } = manifest
  const config = readConfig(take(configDescriptor), { name: configDescriptor.digest ?? '', limits, problems })
  if (descriptors.length > limits.layers) {
    problems.push(fatal('too_many_layers', `an image has ${descriptors.length} layers; at most ${limits.layers} are read`))
  }
  const layers = descriptors.slice(0, limits.layers).map((descriptor): FoundLayer => {
    return { name: descriptor.digest ?? '', mediaType: descriptor.mediaType ?? '', member: take(descriptor) }
  })
  return {
    formats: ['oci-layout'],
    config,
    manifest: {
      digest,
      size: member.size,
      mediaType: manifest.mediaType || mediaTypes.ociManifest,
      derived: false,
      member: member.name,
      offset: member.offset ?? null
    },
    indexes: way.indexes,
    layers,
    tags: way.tags,
    annotations: new Map([...(manifest.annotations ?? []), ...way.annotations]),
    platform: way.platform,
    problems
  }
}
