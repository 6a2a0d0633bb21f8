import { CatalogueError } from '../../domain/errors.ts'
import type { KeptManifest, KeptTag } from '../../domain/oci/documents.ts'
import {
  maxReferences,
  type OciDescriptor,
  type OciManifest,
  parseManifest,
  platformArchitecture,
  tooManyReferences
} from '../../domain/oci/manifest.ts'
import { idsOf, isDigest, splitSuffix, type TagName } from '../../domain/oci/names.ts'
import type { ChangeContext } from '../records/image-records.ts'
import { keepBytes } from './blob-uploads.ts'
import type { OciContext } from './parts.ts'
import { type ContainerTag, configuredArchitectureOf, type ImageToPush, registerPushed } from './pushed-images.ts'

export interface ManifestPush extends Pick<ChangeContext, 'publicUrl' | 'cause'> {
  repository: string
  /** A tag or a digest. */
  reference: string
  bytes: Buffer
  contentType: string | undefined
  /** Where its images were pulled from. */
  origin?: string
  /** Throws when the client may not change these containers. */
  permit(ids: readonly string[]): void
}

export interface PushedManifest {
  digest: string
  subject: string | undefined
}

interface Parsed {
  push: ManifestPush
  kept: KeptManifest
  manifest: OciManifest
}

/**
 * Stores a manifest whose parts the repository has. An image or index under a tag becomes images of the container of that name. Throws
 * manifest_invalid, manifest_blob_unknown, digest_mismatch, and what registering an image throws; nothing is then stored.
 */
export async function pushManifest(context: OciContext, push: ManifestPush): Promise<PushedManifest> {
  const { repository, reference, bytes, contentType } = push
  const text = bytes.toString('utf8')
  if (!Buffer.from(text).equals(bytes)) throw new CatalogueError('manifest_invalid', 'the manifest is refused: its bytes are not UTF-8')
  const digest = `sha256:${context.hash(text)}`
  if (isDigest(reference) && reference !== digest) {
    throw new CatalogueError('digest_mismatch', `the manifest is ${digest}, not ${reference}; nothing was stored`)
  }
  const manifest = parseManifest(text, { contentType })
  if (!isDigest(reference)) push.permit(idsOf({ repository, tag: reference }).slice(0, 1))
  await checkParts(context, repository, manifest)
  const before = await context.kept.manifest(repository, digest)
  const now = context.now().toISOString()
  const { mediaType, subject, artifactType, annotations, children } = manifest
  const kept: KeptManifest = {
    kind: 'manifest',
    repository,
    name: digest,
    mediaType,
    text,
    ...(before?.image && { image: before.image }),
    pushed: before?.pushed ?? now,
    ...(subject !== undefined && { subject, annotations, ...(artifactType !== undefined && { artifactType }) }),
    ...(manifest.kind === 'index' && { children: children.map((child) => child.digest) }),
    touched: now
  }
  await context.kept.put(kept)
  if (!isDigest(reference)) {
    await tagManifest(context, { push, kept, manifest }).catch(async (error) => {
      if (!before) await context.kept.remove(kept)
      throw error
    })
  }
  return { digest, subject }
}

/** Throws manifest_blob_unknown for what the repository does not have, manifest_invalid for a size that is not its size. */
async function checkParts(context: OciContext, repository: string, manifest: OciManifest): Promise<void> {
  const { kept } = context
  const parts = [...(manifest.config ? [manifest.config] : []), ...manifest.layers]
  const digests = parts.map(({ digest }) => digest)
  const found = await kept.blobs(repository, digests)
  const checkPart = ({ digest, size }: OciDescriptor, length: number | undefined, naming: string) => {
    const missing = `${naming} ${digest}, which ${repository} does not have; push it first`
    if (length === undefined) throw new CatalogueError('manifest_blob_unknown', missing)
    if (length !== size) throw new CatalogueError('manifest_invalid', `the manifest is refused: ${digest} has ${length} bytes, not ${size}`)
  }
  for (const part of parts) checkPart(part, found.get(part.digest)?.size, 'the manifest names the blob')
  for (const part of manifest.children) {
    const child = await kept.manifest(repository, part.digest)
    checkPart(part, child && Buffer.byteLength(child.text), 'the index names the manifest')
  }
  for (const blob of found.values()) await keepBytes(context, blob)
}

async function tagManifest(context: OciContext, parsed: Parsed): Promise<void> {
  const { kept, push, manifest } = parsed
  const images = manifest.kind === 'artifact' ? [] : await imagesOf(context, parsed)
  const tag: KeptTag = {
    kind: 'tag',
    repository: push.repository,
    name: push.reference,
    digest: kept.name,
    what: images.length === 0 ? 'artifact' : manifest.kind,
    // without a prototype, as the names are foreign
    images: Object.create(null),
    touched: kept.touched
  }
  const name = { repository: push.repository, tag: push.reference }
  const target = await targetOf(context, name, manifest.kind === 'image' ? images[0] : undefined)
  if (images.length > 0) push.permit([target.id])
  for (const image of images) {
    const architecture = await registerPushed(context, { ...target, ...image }, push)
    tag.images[architecture] = { digest: image.manifest.name, config: image.config }
  }
  if (manifest.kind === 'index' && images.length > 0) await dropOthers(context, tag, { ...push, id: target.id })
  await context.kept.put(tag)
}

/** Returns the images that a manifest is, or that an index and the indexes in it name. Attestations and other artifacts are none. */
async function imagesOf(context: OciContext, { push, kept, manifest }: Parsed): Promise<ImageToPush[]> {
  const { repository } = push
  if (manifest.kind === 'image') {
    const config = manifest.config!
    return [{ manifest: kept, architecture: await configuredArchitectureOf(context, { repository, ...config }), config: config.digest }]
  }
  const images: ImageToPush[] = []
  const named = [...manifest.children]
  for (const { digest, platform } of named) {
    const child = await context.kept.manifest(repository, digest)
    const parsed = child && parseManifest(child.text, { contentType: undefined })
    // regctl makes an index of the tags that it is given, which are indexes here
    if (parsed?.kind === 'index') named.push(...parsed.children)
    if (named.length > maxReferences) throw tooManyReferences()
    if (!child || parsed?.kind !== 'image' || !parsed.config) continue
    if (platform && platformArchitecture(platform) === undefined) continue
    const architecture = platformArchitecture(platform) ?? (await configuredArchitectureOf(context, { repository, ...parsed.config }))
    images.push({ manifest: child, architecture, config: parsed.config.digest })
  }
  return images
}

/** Returns the container that a tag is of: `v1-arm64` brings the arm64 image of `v1`, unless a container has that very tag. */
async function targetOf({ changes }: OciContext, name: TagName, single: ImageToPush | undefined): Promise<ContainerTag> {
  for (const id of idsOf(name)) if (await changes.find(id)) return { ...name, id }
  const split = single && splitSuffix(name.tag)
  if (!split || single.architecture !== split.architecture) return { ...name, id: idsOf(name)[0] }
  const base = { repository: name.repository, tag: split.base }
  for (const id of idsOf(base)) if (await changes.find(id)) return { ...base, id }
  return { ...base, id: idsOf(base)[0] }
}

/** A pushed index is the whole container: what it does not name goes. */
async function dropOthers(context: OciContext, tag: KeptTag, { id, publicUrl, cause }: ChangeContext & { id: string }): Promise<void> {
  const { changes, imageRecords, publishing } = context
  if (await publishing.holds(id)) return
  const stored = await changes.find(id)
  for (const architecture of stored?.record.images.keys() ?? []) {
    if (!(architecture in tag.images)) await imageRecords.drop({ id, architecture, publicUrl, cause })
  }
}
