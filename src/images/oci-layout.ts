import { asArray, asObject, asSize, asText, asTextMap, type JsonObject, parseDocument } from './documents.ts'
import { type Finder, type Found, type FoundImage, type FoundLayer, fatal, readConfig } from './found-image.ts'
import type { ImageLimits } from './limits.ts'
import type { Member, Members } from './members.ts'
import { type Problem, quoted } from './problems.ts'

interface Search {
  members: Members
  limits: ImageLimits
  found: Found
  seen: Map<string, FoundImage | undefined>
}

/** Where a manifest was met: what led to it. */
interface Way {
  tags: string[]
  annotations: Map<string, string>
  indexes: string[]
}

/** Images that an OCI layout's index.json leads to, through indexes in indexes. Undefined when there is no index.json. */
export const findOciImages: Finder = (members, limits) => {
  const index = members.find('index.json')
  if (index === undefined) return undefined
  const found: Found = { images: [], problems: [], absent: [], indexes: [] }
  const search: Search = { members, limits, found, seen: new Map() }
  const parsed = parseDocument(index, limits)
  if (parsed.problem !== undefined) found.problems.push(parsed.problem)
  else readIndex(asObject(parsed.value) ?? {}, search, { tags: [], annotations: new Map(), indexes: [] })
  if (found.images.length === 0 && found.problems.length === 0) {
    const named = found.absent.map(({ digest, platform }) => `${digest} (${platform})`).slice(0, 3)
    const detail = named.length === 0 ? 'it names none' : `it names ${named.join(', ')}, which the archive does not hold`
    found.problems.push(fatal('image_absent', `index.json leads to no image: ${detail}`))
  }
  return found
}

function readIndex(index: JsonObject, search: Search, way: Way): void {
  const { found, limits } = search
  if (way.indexes.length > limits.indexDepth) {
    found.problems.push(fatal('index_too_deep', `indexes are nested deeper than ${limits.indexDepth}`))
    return
  }
  const descriptors = asArray(index['manifests'])
  if (!Array.isArray(index['manifests'])) found.problems.push(fatal('manifest_invalid', 'an index has no list of manifests'))
  for (const item of descriptors.slice(0, limits.members)) {
    const descriptor = asObject(item) ?? {}
    const annotations = asTextMap(descriptor['annotations'])
    // attestations and signatures stand beside the images that they are about
    if (annotations.get('vnd.docker.reference.type') === 'attestation-manifest') continue
    const tag = annotations.get('io.containerd.image.name') ?? annotations.get('org.opencontainers.image.ref.name')
    readDescriptor(descriptor, search, { ...way, annotations, tags: tag === undefined ? way.tags : [...way.tags, tag] })
  }
}

function readDescriptor(descriptor: JsonObject, search: Search, way: Way): void {
  const { members, limits, found, seen } = search
  const digest = asText(descriptor['digest']) ?? ''
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
  const parsed = parseDocument(member, limits)
  const value = parsed.problem === undefined ? asObject(parsed.value) : undefined
  if (value === undefined) {
    found.problems.push(parsed.problem ?? fatal('manifest_invalid', `the manifest ${digest} is no JSON object`))
  } else if (Array.isArray(value['manifests'])) {
    found.indexes.push(digest)
    readIndex(value, search, { ...way, indexes: [...way.indexes, digest] })
  } else if (isImage(value)) {
    if (found.images.length >= limits.images) {
      found.problems.push(fatal('too_many_images', `the archive has more than ${limits.images} images`))
      return
    }
    const image = imageOf(value, { digest, member, search, way })
    seen.set(digest, image)
    found.images.push(image)
  }
}

const platformOf = (descriptor: JsonObject): string => {
  const platform = asObject(descriptor['platform']) ?? {}
  return (
    [platform['os'], platform['architecture'], platform['variant']]
      .filter((part) => typeof part === 'string')
      .join('/')
      .slice(0, 100) || 'unknown'
  )
}

/** Artifacts (charts, signatures) have manifests too; an image's configuration says what it is. */
function isImage(manifest: JsonObject): boolean {
  const type = asText(asObject(manifest['config'])?.['mediaType']) ?? ''
  return type === '' || /^application\/vnd\.(oci\.image\.config\.v1|docker\.container\.image\.v1)\+json$/.test(type)
}

/** The member that a descriptor names by its digest, its bytes and size held against what the descriptor says. */
function blobOf(descriptor: JsonObject, members: Members): { member?: Member | undefined; problem?: Problem } {
  const digest = asText(descriptor['digest']) ?? ''
  const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(digest) ?? []
  if (hex === undefined) return { problem: fatal('digest_unsupported', `${quoted(digest)} is no SHA-256 digest`) }
  const member = members.find(`blobs/sha256/${hex}`)
  if (member === undefined) return {}
  if (member.digest !== digest) {
    return {
      member,
      problem: fatal('digest_mismatch', `${quoted(member.name)} has the digest ${member.digest}, not the one that its name says`)
    }
  }
  const size = asSize(descriptor['size'])
  if (size === undefined || size === member.size) return { member }
  return { member, problem: fatal('size_mismatch', `${quoted(member.name)} has ${member.size} bytes; its descriptor says ${size}`) }
}

interface Manifest {
  digest: string
  member: Member
  search: Search
  way: Way
}

function imageOf(manifest: JsonObject, { digest, member, search: { members, limits }, way }: Manifest): FoundImage {
  const problems: Problem[] = []
  const take = (descriptor: JsonObject): Member | undefined => {
    const { member, problem } = blobOf(descriptor, members)
    if (problem !== undefined) problems.push(problem)
    return member
  }
  const configDescriptor = asObject(manifest['config']) ?? {}
  const config = readConfig(take(configDescriptor), { name: asText(configDescriptor['digest']) ?? '', limits, problems })
  const descriptors = asArray(manifest['layers'])
  if (descriptors.length > limits.layers) {
    problems.push(fatal('too_many_layers', `an image has ${descriptors.length} layers; at most ${limits.layers} are read`))
  }
  const layers = descriptors.slice(0, limits.layers).map((item): FoundLayer => {
    const descriptor = asObject(item) ?? {}
    return { name: asText(descriptor['digest']) ?? '', mediaType: asText(descriptor['mediaType']) ?? '', member: take(descriptor) }
  })
  return {
    formats: ['oci-layout'],
    config,
    manifest: {
      digest,
      size: member.size,
      mediaType: asText(manifest['mediaType']) ?? 'application/vnd.oci.image.manifest.v1+json',
      derived: false,
      member: member.name
    },
    indexes: way.indexes,
    layers,
    tags: way.tags,
    annotations: new Map([...asTextMap(manifest['annotations']), ...way.annotations]),
    problems
  }
}
