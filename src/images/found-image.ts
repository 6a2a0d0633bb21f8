import { createHash } from 'node:crypto'
import { parseDocument } from './documents.ts'
import { type ImageConfig, imageConfig } from './go-documents.ts'
import type { ImageLimits } from './limits.ts'
import type { Member, Members } from './members.ts'
import { type Problem, quoted } from './problems.ts'

export type Format = 'docker-archive' | 'oci-layout'

/** An image as an archive names it, before its layers are put together. */
export interface FoundImage {
  formats: Format[]
  config: { digest: string; size: number; member: string; value: ImageConfig } | undefined
  manifest: FoundManifest | undefined
  /** Digests of the indexes that led to it. */
  indexes: string[]
  layers: FoundLayer[]
  tags: string[]
  annotations: ReadonlyMap<string, string>
  problems: Problem[]
}

export interface FoundManifest {
  digest: string
  size: number
  mediaType: string
  /** True when the archive holds no manifest and this one was made from its configuration and layers. */
  derived: boolean
  /** Which member of the archive it is; null for a derived one. */
  member: string | null
}

export interface FoundLayer {
  /** As the manifest names it. */
  name: string
  mediaType: string
  member: Member | undefined
}

/** What a search for images came to. */
export interface Found {
  images: FoundImage[]
  problems: Problem[]
  /** Digests that the archive names without holding what they stand for (other platforms' manifests), with what is said of them. */
  absent: { digest: string; platform: string }[]
  indexes: string[]
}

export const fatal = (code: Problem['code'], message: string): Problem => ({ code, message, fatal: true })

/** The configuration in a member. What is wrong with it is added to `problems`. */
export function readConfig(member: Member | undefined, { name, limits, problems }: ReadConfig): FoundImage['config'] {
  if (member === undefined) {
    problems.push(fatal('config_absent', `the configuration ${quoted(name)} is not in the archive`))
    return undefined
  }
  const parsed = parseDocument(member, { type: imageConfig, limits, wrongType: 'config_invalid' })
  if (parsed.problem === undefined) return { digest: member.digest, size: member.size, member: member.name, value: parsed.value }
  problems.push(parsed.problem)
  return undefined
}

interface ReadConfig {
  name: string
  limits: ImageLimits
  problems: Problem[]
}

/** A layer's member, checked for being one. */
export function checkLayer({ name, member }: FoundLayer): Problem | undefined {
  if (member === undefined) return fatal('layer_absent', `the layer ${quoted(name)} is not in the archive`)
  if (member.ambiguous)
    return fatal('member_ambiguous', `the layer ${quoted(name)} stands in the archive more than once, with different contents`)
  if (member.layer !== undefined) return undefined
  if (member.content === 'bzip2' || member.content === 'xz') {
    return fatal('compression_unsupported', `the layer ${quoted(name)} is compressed with ${member.content}; read are gzip and zstd`)
  }
  return fatal('layer_not_tar', `the layer ${quoted(name)} is no tar, plain, gzip or zstd`)
}

/** A name that holds a SHA-256 promises it: `<hex>.json`, `sha256:<hex>`, `<hex>.tar.gz`. Undefined when the bytes keep it. */
export function checkNamedDigest(member: Member): Problem | undefined {
  const base = member.name.slice(member.name.lastIndexOf('/') + 1)
  const hex = /^(?:sha256:)?([0-9a-f]{64})(?:\.json|\.tar|\.tar\.gz|\.tgz)?$/.exec(base)?.[1]
  if (hex === undefined || [member.digest, member.layer?.diffId].includes(`sha256:${hex}`)) return undefined
  return fatal('digest_mismatch', `${quoted(member.name)} has the digest ${member.digest}, not the one that its name says`)
}

/**
 * The manifest of an image that has none in its archive: an OCI manifest over the configuration as it is and the layers uncompressed,
 * as JSON without white space, its members in the order of the specification. The same image gives the same digest everywhere.
 */
export function deriveManifest(config: Content, layers: readonly FoundLayer[]): FoundManifest | undefined {
  const summaries = layers.flatMap(({ member }) => member?.layer ?? [])
  if (summaries.length < layers.length) return undefined
  const text = derivedManifestText(
    config,
    summaries.map(({ diffId, unpackedSize }) => ({ digest: diffId, size: unpackedSize }))
  )
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`
  return { digest, size: Buffer.byteLength(text), mediaType: manifestType, derived: true, member: null }
}

interface Content {
  digest: string
  size: number
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json'

/** Over the layers' tars, whatever they were packed with in the archive. */
export function derivedManifestText(config: Content, layers: readonly Content[]): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config.digest, size: config.size },
    layers: layers.map(({ digest, size }) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size }))
  })
}

export type Finder = (members: Members, limits: ImageLimits) => Found | undefined
