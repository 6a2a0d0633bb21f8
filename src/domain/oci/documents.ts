import type { Architecture } from '../architecture.ts'
import type { ImageKey } from '../image/facts.ts'
import type { OciManifest } from './manifest.ts'

/* What `/v2/` keeps, a document each: manifests, pushed tags, which repository has a blob. Bytes are in the blob store or a tarball there. */

interface KeptBase {
  repository: string
  /** ISO 8601: when somebody pushed it, asked for it, or mounted it; reading notes it now and then. */
  touched: string
}

/** A piece of a tarball: a configuration, a layer, or a manifest. */
export interface TarballPiece {
  digest: string
  size: number
  /** The member of the archive that holds it. */
  member: string
  /** Where it begins in a plain archive; null where it must be extracted. */
  offset: number | null
  /** The compression to remove; 'none' leaves the member as it is. */
  unpack: 'none' | 'gzip' | 'zstd'
}

/** The image of a container that a manifest is of. */
export interface ImageOfManifest {
  container: string
  imageKey: ImageKey
  url: string
}

/** The tarball that holds an image. */
export interface KeptTarball {
  /** Where it is in our own store; null for one that is read by the image's URL. */
  key: string | null
  /** Hexadecimal. */
  sha256: string | null
  pieces: TarballPiece[]
}

export interface KeptManifest extends KeptBase {
  kind: 'manifest'
  /** The digest. */
  name: string
  mediaType: string
  /** The bytes, which are UTF-8. */
  text: string
  /** Absent for an index, for an artifact, and for what no tag named yet. */
  image?: ImageOfManifest
  /** Absent for an index, and for what was pushed. */
  tarball?: KeptTarball
  /** When it was pushed, ISO 8601. */
  pushed?: string
  /** The digest of the manifest that it is about. */
  subject?: string
  artifactType?: string
  annotations?: Record<string, string>
  /** The digests of an index's manifests. */
  children?: string[]
}

export interface KeptTag extends KeptBase {
  kind: 'tag'
  /** The tag. */
  name: string
  digest: string
  what: OciManifest['kind']
  /** The images that the tag brought, by architecture; `config` is the digest of the configuration. */
  images: { [architecture: Architecture]: { digest: string; config: string } }
}

/** That a repository has a blob. */
export interface KeptBlob extends KeptBase {
  kind: 'blob'
  /** The digest. */
  name: string
  size: number
  /** The manifest in whose tarball it is; absent when it is stored by its digest. */
  of?: string
}

export type KeptDocument = KeptManifest | KeptTag | KeptBlob

/** Returns the text of which a document's id is the hash. */
export const keptName = ({ kind, repository, name }: Pick<KeptDocument, 'kind' | 'repository' | 'name'>): string =>
  `${kind}\n${repository}\n${name}`

export const toKeptDocument = (kept: KeptDocument, id: string): string => JSON.stringify({ id, ...kept })

export function fromKeptDocument<Kind extends KeptDocument['kind']>(document: string): Extract<KeptDocument, { kind: Kind }> {
  const { id: _, ...kept } = JSON.parse(document) as { id: string }
  return kept as unknown as Extract<KeptDocument, { kind: Kind }>
}

/** Where blobs are stored by their digest. */
export const blobPrefix = 'oci/blobs/sha256/'
export const blobKey = (digest: string): string => `${blobPrefix}${digest.slice('sha256:'.length)}`
export const isBlobKey = (key: string): boolean => key === 'oci/blobs' || key.startsWith('oci/blobs/')

/** Returns the key of the blob that a document is about, if that is stored by its digest. */
export function storedBlobOf(document: string): string[] {
  const kept = fromKeptDocument(document)
  return kept.kind === 'blob' && kept.of === undefined ? [blobKey(kept.name)] : []
}

/** A pushed image as the tarball that workers load by its URL. It is made when it is read. */
export interface ArchiveName {
  repository: string
  /** Of the container; `v1` for an image that was pushed as `v1-arm64`. */
  tag: string
  /** Of the image's manifest. */
  digest: string
}

const archiveFolder = 'oci/archives/'

/** Returns the key of such a tarball. Workers cache by the last segment. */
export function archiveKey({ repository, tag, digest }: ArchiveName, architecture: Architecture): string {
  const suffix = architecture === 'amd64' ? '' : `-${architecture.replace('/', '-')}`
  const file = `${repository.replaceAll('/', '-').slice(-100)}-${tag.slice(0, 100)}${suffix}.tar`
  return `${archiveFolder}${repository}/${tag}/${digest.slice('sha256:'.length)}/${file}`
}

export function parseArchiveKey(key: string): ArchiveName | undefined {
  if (!key.startsWith(archiveFolder)) return undefined
  const [, repository, tag, hex] = /^oci\/archives\/(.+)\/([^/]+)\/([0-9a-f]{64})\/[^/]+\.tar$/.exec(key) ?? []
  return repository && tag && hex ? { repository, tag, digest: `sha256:${hex}` } : undefined
}
