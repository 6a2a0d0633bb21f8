import type { Readable } from 'node:stream'
import type { Architecture } from '../domain/architecture.ts'
import { type OciDescriptor, type OciManifest, parseManifest, platformArchitecture } from '../domain/oci/manifest.ts'
import { isIndexType } from '../domain/oci/media-types.ts'
import { indexOfParts, type ListedImage } from '../domain/oci/parts-of-index.ts'
import type { Sent } from './blob-sending.ts'
import { contentDigest, type ReadManifest } from './manifest-reader.ts'
import { patiently, type RetryPatience } from './patience.ts'
import { findReferrers, putReferrers } from './referrers.ts'
import { registryError } from './registry-error.ts'
import type { RegistryRepository } from './repository.ts'

/** Returns the images of an index, or the one that a manifest is. Where an index does not say what an image is for, its configuration does. */
export async function listedImages(from: RegistryRepository, { digest, content }: ReadManifest): Promise<ListedImage[]> {
  if (content.kind === 'image') return [{ digest, architecture: await configuredFor(from, content) }]
  const images: ListedImage[] = []
  for (const child of content.children) {
    const architecture = child.platform
      ? platformArchitecture(child.platform)
      : await configuredFor(from, (await childOf(from, child)).content)
    images.push({ digest: child.digest, architecture })
  }
  return images
}

async function configuredFor(from: RegistryRepository, { kind, config }: OciManifest): Promise<Architecture | undefined> {
  return kind === 'image' && config ? platformArchitecture(await from.config(config.digest)) : undefined
}

async function childOf(from: RegistryRepository, { digest }: Pick<OciDescriptor, 'digest'>): Promise<ReadManifest> {
  const child = await from.manifest(digest)
  if (child) return child
  throw registryError('unusable', { message: `${from.reference} has no manifest ${digest}, although its index names it` })
}

/** Returns an index of some of the images of another one. */
export function partOf(index: ReadManifest, images: readonly ListedImage[]): ReadManifest {
  const text = indexOfParts(index.bytes.toString('utf8'), new Set(images.map(({ digest }) => digest)))
  const bytes = Buffer.from(text)
  return { digest: contentDigest(bytes), bytes, content: parseManifest(text, { contentType: index.content.mediaType }) }
}

export interface ImageCopy {
  from: RegistryRepository
  to: RegistryRepository
  image: ReadManifest
  /** The tag that is set once everything has arrived; undefined where it names the image already. */
  tag: string | undefined
  /** Whether its referrers, such as signatures, are copied, too. */
  referrers: boolean
  /** Sent with the tag. */
  headers?: Record<string, string>
  /** How many blobs are sent at once. */
  atOnce: number
  patience: Omit<RetryPatience, 'signal'>
  dryRun: boolean
  /** Hears of the bytes that are to be there, and how many are. */
  progress: { begin(total: number): void; at(bytes: number): void }
}

/** What was done, or would be; blobs by how they came to be there, in numbers and bytes. */
export type CopiedBlobs = Record<Sent, { blobs: number; bytes: number }>

export interface CopyResult {
  blobs: CopiedBlobs
  /** How many referrers, and tags of cosign's, were not there. */
  referrers: number
}

interface Copying extends ImageCopy {
  patience: RetryPatience
  failed: AbortController
  attempt<Result>(work: () => Promise<Result>): Promise<Result>
}

/** Copies an image or an index from one registry to another: blobs first, then what an index names, what refers to it, and the tag last. */
export async function copyBetween(copy: ImageCopy): Promise<CopyResult> {
  const { to, image, tag, headers, dryRun } = copy
  const failed = new AbortController()
  const patience = { ...copy.patience, signal: failed.signal }
  const copying: Copying = { ...copy, patience, failed, attempt: (work) => patiently(patience, work) }
  const manifests = await missingManifests(copying, image)
  const search = { ...copying, missing: (manifest: ReadManifest) => missingManifests(copying, manifest) }
  const found = copy.referrers ? await findReferrers(search, await digestsIn(copying, image)) : undefined
  const blobs = await copyBlobs(copying, [...manifests, ...(found?.manifests ?? [])])
  const referrers = found ? [...found.about.values()].flat().length + found.attached.length : 0
  if (dryRun) return { blobs, referrers }
  for (const manifest of manifests) {
    if (found || manifest.digest !== image.digest) await copying.attempt(() => to.putManifest(manifest.digest, manifest))
  }
  if (found) await putReferrers(copying, found)
  if (tag !== undefined) await copying.attempt(() => to.putManifest(tag, { ...image, ...(headers && { headers }) }))
  return { blobs, referrers }
}

/** Returns the digests of a manifest and of all manifests that it names. */
async function digestsIn(copying: Copying, { digest, content }: ReadManifest): Promise<string[]> {
  const all = [digest]
  for (const child of content.children) {
    if (!isIndexType(child.mediaType)) all.push(child.digest)
    else all.push(...(await digestsIn(copying, await copying.attempt(() => childOf(copying.from, child)))))
  }
  return all
}

/** Returns a manifest and all that it names, children first, without those that are there: their blobs are there, too. */
async function missingManifests(copying: Copying, manifest: ReadManifest): Promise<ReadManifest[]> {
  const { from, to, attempt } = copying
  if ((await attempt(() => to.digestOf(manifest.digest))) !== undefined) return []
  const all: ReadManifest[] = []
  for (const child of manifest.content.children) {
    const found = await attempt(() => childOf(from, child))
    for (const one of await missingManifests(copying, found)) if (!all.some(({ digest }) => digest === one.digest)) all.push(one)
  }
  return [...all, manifest]
}

async function copyBlobs(copying: Copying, manifests: readonly ReadManifest[]): Promise<CopiedBlobs> {
  const { from, to, atOnce, patience, progress, dryRun, attempt, failed } = copying
  const named = manifests.flatMap(({ content }) => [...(content.config ? [content.config] : []), ...content.layers])
  const blobs = [...new Map(named.map((blob) => [blob.digest, blob])).values()]
  const copied: CopiedBlobs = { present: nothing(), mounted: nothing(), sent: nothing() }
  const there = new Map<string, number>()
  const opened = new Set<Readable>()
  progress.begin(blobs.reduce((total, { size }) => total + size, 0))

  async function copyOne({ digest, size }: OciDescriptor): Promise<void> {
    const at = (bytes: number) => {
      there.set(digest, bytes)
      progress.at([...there.values()].reduce((sum, one) => sum + one, 0))
    }
    const open = async (offset: number) => {
      const stream = await from.openBlob(digest, offset)
      opened.add(stream.once('close', () => opened.delete(stream)))
      return stream
    }
    const how = dryRun
      ? (await attempt(() => to.hasBlob(digest)))
        ? 'present'
        : 'sent'
      : await to.sendBlob({ digest, size, open, at }, patience)
    at(size)
    copied[how].blobs++
    copied[how].bytes += size
  }

  const queue = [...blobs]
  const workers = Array.from({ length: atOnce }, async () => {
    for (let blob = queue.shift(); blob; blob = queue.shift()) await copyOne(blob)
  })
  try {
    await Promise.all(workers)
  } catch (error) {
    // what is under way is not worth its end
    queue.length = 0
    failed.abort()
    for (const stream of opened) stream.destroy()
    await Promise.allSettled(workers)
    throw error
  }
  return copied
}

const nothing = () => ({ blobs: 0, bytes: 0 })
