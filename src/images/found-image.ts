import { createHash } from 'node:crypto'
import { mediaTypes } from '../domain/oci/media-types.ts'
import { parseDocument } from './documents.ts'
import { type DescriptorDocument, type ImageConfig, imageConfig } from './go-documents.ts'
import type { Blob } from './image-blobs.ts'
import type { ImageFacts } from './image-report.ts'
import type { ImageLimits } from './limits.ts'
import type { Member, Members } from './members.ts'
import { fatal, type Problem, quoted } from './problems.ts'

/** An image as an archive names it, before its layers are combined. */
export interface FoundImage {
  formats: ImageFacts['formats']
  config: { digest: string; size: number; member: string; offset: number | null; value: ImageConfig } | undefined
  manifest: ImageFacts['manifest']
  /** Digests of the indexes that lead to it. */
  indexes: string[]
  layers: FoundLayer[]
  tags: string[]
  annotations: ReadonlyMap<string, string>
  /** The platform that an index names for it. */
  platform: DescriptorDocument['platform']
  problems: Problem[]
}

export interface FoundLayer {
  /** As the manifest names it. */
  name: string
  mediaType: string
  member: Member | undefined
}

/** The result of a search for images. */
export interface Found {
  images: FoundImage[]
  problems: Problem[]
  /** Manifests that the archive names but does not hold, such as those of other platforms. */
  absent: { digest: string; platform: string }[]
  indexes: string[]
}

/** Reads the configuration in a member. Adds what is wrong with it to `problems`, and then returns undefined. */
export function readConfig(
  member: Member | undefined,
  { name, limits, problems }: { name: string; limits: ImageLimits; problems: Problem[] }
): FoundImage['config'] {
  if (member === undefined) {
    problems.push(fatal('config_absent', `the configuration ${quoted(name)} is not in the archive`))
    return undefined
  }
  const parsed = parseDocument(member, { type: imageConfig, limits, wrongType: 'config_invalid' })
  if (parsed.problem === undefined)
    return { digest: member.digest, size: member.size, member: member.name, offset: member.offset ?? null, value: parsed.value }
  problems.push(parsed.problem)
  return undefined
}

/** Returns what is wrong with a layer's member, if anything. */
export function checkLayer({ name, member }: FoundLayer): Problem | undefined {
  if (member === undefined) return fatal('layer_absent', `the layer ${quoted(name)} is not in the archive`)
  if (member.ambiguous)
    return fatal('member_ambiguous', `the layer ${quoted(name)} is in the archive more than once, with different contents`)
  if (member.layer !== undefined) return undefined
  if (member.content === 'bzip2' || member.content === 'xz') {
    const message = `the layer ${quoted(name)} is compressed with ${member.content}; only gzip and zstd are supported`
    return fatal('compression_unsupported', message)
  }
  return fatal('layer_not_tar', `the layer ${quoted(name)} is not a tar, neither plain nor compressed with gzip or zstd`)
}

/** Checks a member whose name is a SHA-256 digest (`<hex>.json`, `sha256:<hex>`, `<hex>.tar.gz`) against its bytes. */
export function checkNamedDigest(member: Member): Problem | undefined {
  const base = member.name.slice(member.name.lastIndexOf('/') + 1)
  const hex = /^(?:sha256:)?([0-9a-f]{64})(?:\.json|\.tar|\.tar\.gz|\.tgz)?$/.exec(base)?.[1]
  if (hex === undefined || [member.digest, member.layer?.diffId].includes(`sha256:${hex}`)) return undefined
  return fatal('digest_mismatch', `${quoted(member.name)} has the digest ${member.digest}, not the one in its name`)
}

/**
 * Derives the manifest of an image whose archive holds none: an OCI manifest of the configuration as it is and of the uncompressed
 * layers, as JSON without white space, with its members in the specification's order. The same image always gets the same digest.
 */
export function deriveManifest(config: Blob, layers: readonly FoundLayer[]): ImageFacts['manifest'] {
  const summaries = layers.flatMap(({ member }) => member?.layer ?? [])
  if (summaries.length < layers.length) return null
  const tars = summaries.map(({ diffId, unpackedSize }) => ({ digest: diffId, size: unpackedSize }))
  const text = derivedManifestText(config, tars)
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`
  return { digest, size: Buffer.byteLength(text), mediaType: mediaTypes.ociManifest, derived: true, member: null, offset: null }
}

/** `layers` are the uncompressed tars, whatever compression the archive has. */
export function derivedManifestText(config: Blob, layers: readonly Blob[]): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, digest: config.digest, size: config.size },
    layers: layers.map(({ digest, size }) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size }))
  })
}

export type Finder = (members: Members, limits: ImageLimits) => Found | undefined
