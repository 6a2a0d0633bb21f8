import type { Architecture } from '../architecture.ts'
import { CatalogueError } from '../errors.ts'
import { asArchitectureName, asFields, type JsonFields } from '../json/reading.ts'
import { isImageConfig, isIndexType, isManifestType, mediaTypes } from './media-types.ts'
import { isDigest } from './names.ts'

export interface OciDescriptor {
  mediaType: string
  digest: string
  size: number
  platform: { os: string; architecture: string; variant: string | undefined } | undefined
}

/** What a pushed manifest says. */
export interface OciManifest {
  mediaType: string
  /** image: a machine can run it. index: a list of manifests. artifact: anything else, such as a signature or a chart. */
  kind: 'image' | 'index' | 'artifact'
  config: OciDescriptor | undefined
  /** The layers that the registry must hold. */
  layers: OciDescriptor[]
  /** The manifests of an index. */
  children: OciDescriptor[]
  subject: string | undefined
  artifactType: string | undefined
  annotations: Record<string, string>
}

const imageLayer =
  /^application\/vnd\.(?:oci\.image\.layer(?:\.nondistributable)?\.v1\.tar(?:\+(?:gzip|zstd))?|docker\.image\.rootfs(?:\.foreign)?\.diff\.tar(?:\.(?:gzip|zstd))?)$/
const elsewhere = /nondistributable|foreign/

/** The specification lets a registry refuse what is larger. */
export const maxManifest = 4 * 1024 * 1024
/** More than any image or index has; each is looked up when a manifest is pushed. */
export const maxReferences = 2000

/** Parses the bytes of a manifest that came with a content type. Throws manifest_invalid. */
export function parseManifest(text: string, { contentType }: { contentType: string | undefined }): OciManifest {
  const fields = asFields(parsed(text))
  if (fields === undefined) throw invalid('it is no JSON object')
  if (fields['schemaVersion'] !== 2) throw invalid(`schemaVersion is ${shown(fields['schemaVersion'])}; expected 2`)
  const said = fields['mediaType']
  const mediaType = typeof said === 'string' && said !== '' ? said : (contentType ?? mediaTypes.ociManifest)
  if (!isManifestType(mediaType)) {
    throw invalid(`its media type is ${shown(mediaType)}; expected an OCI manifest or index, or Docker's manifest or list of version 2`)
  }
  if (contentType !== undefined && contentType !== mediaType)
    throw invalid(`it was sent as ${shown(contentType)}, but says that it is ${mediaType}`)
  const index = isIndexType(mediaType)
  if (index && (fields['config'] !== undefined || fields['layers'] !== undefined)) throw invalid('an index has no config and no layers')
  if (!index && fields['manifests'] !== undefined) throw invalid('a manifest has no list of manifests')
  const config = index ? undefined : descriptorOf(fields['config'], 'config')
  const layers = index ? [] : listOf(fields, 'layers').map((layer, i) => descriptorOf(layer, `layers[${i}]`))
  const children = index ? listOf(fields, 'manifests').map((child, i) => descriptorOf(child, `manifests[${i}]`)) : []
  if (layers.length + children.length > maxReferences) throw tooManyReferences()
  const subject =
    fields['subject'] === undefined || fields['subject'] === null ? undefined : descriptorOf(fields['subject'], 'subject').digest
  const given = typeof fields['artifactType'] === 'string' && fields['artifactType'] !== '' ? fields['artifactType'] : undefined
  const isImage = given === undefined && isImageConfig(config?.mediaType) && layers.every((layer) => imageLayer.test(layer.mediaType))
  return {
    mediaType,
    kind: index ? 'index' : isImage ? 'image' : 'artifact',
    config,
    layers: layers.filter((layer) => !elsewhere.test(layer.mediaType)),
    children,
    subject,
    artifactType: given ?? (index ? undefined : config?.mediaType),
    annotations: textsOf(fields['annotations'])
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw invalid(`it is no JSON: ${(error as Error).message.slice(0, 100)}`)
  }
}

function listOf(fields: JsonFields, name: string): readonly unknown[] {
  if (!Array.isArray(fields[name])) throw invalid(`${name} is ${shown(fields[name])}; expected a list`)
  return fields[name]
}

function descriptorOf(value: unknown, name: string): OciDescriptor {
  const fields = asFields(value)
  const { digest, size, mediaType } = fields ?? {}
  if (typeof digest !== 'string' || !isDigest(digest))
    throw invalid(`${name} has the digest ${shown(digest)}; expected sha256: and 64 digits`)
  if (!Number.isSafeInteger(size) || (size as number) < 0) throw invalid(`${name} has the size ${shown(size)}; expected a number of bytes`)
  if (typeof mediaType !== 'string' || mediaType === '') throw invalid(`${name} has no mediaType`)
  const platform = asFields(fields?.['platform'])
  const textOf = (member: string) => (typeof platform?.[member] === 'string' ? (platform[member] as string) : '')
  return {
    mediaType,
    digest,
    size: size as number,
    platform: platform && { os: textOf('os'), architecture: textOf('architecture'), variant: textOf('variant') || undefined }
  }
}

/** Returns the members of an object that are texts. */
export function textsOf(value: unknown): Record<string, string> {
  const entries = Object.entries(asFields(value) ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return Object.fromEntries(entries)
}

const shown = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value).slice(0, 120))

export const tooManyReferences = () => invalid(`it names more than ${maxReferences} layers or manifests`)

/** Returns whether an index names other indexes, where no client finds its image. */
export const isNested = (text: string): boolean =>
  parseManifest(text, { contentType: undefined }).children.some(({ mediaType }) => isIndexType(mediaType))

const invalid = (why: string) => new CatalogueError('manifest_invalid', `the manifest is refused: ${why}`)

/** Returns the architecture of a platform for Linux; undefined for another system, and for what names none, as attestations do. */
export function platformArchitecture(platform: { os?: unknown; architecture?: unknown; variant?: unknown } = {}): Architecture | undefined {
  const { os, architecture, variant } = platform
  if (os !== 'linux' || typeof architecture !== 'string' || architecture === '' || architecture === 'unknown') return undefined
  return asArchitectureName(typeof variant === 'string' && variant !== '' ? `${architecture}/${variant}` : architecture) ?? undefined
}

/** Docker says in `User-Agent` what it runs on: `docker/20.10.24 go/… kernel/… os/linux arch/arm64`. */
export function machineOf(userAgent = ''): Architecture | undefined {
  const [, architecture] = /\barch\/([a-z0-9]+)/.exec(userAgent) ?? []
  return platformArchitecture({ os: 'linux', architecture })
}
