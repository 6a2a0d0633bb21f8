import type { BlobStore } from '../../blobs/blob-store.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { applies, claimedArchitecture, type Facts, type ImageKey } from '../../domain/image/facts.ts'
import type { Inspect } from '../../images/inspect-image.ts'
import { reportOnProven } from '../../images/overall-verdict.ts'
import type { TarballSources } from '../../sources/source.ts'
import { type FactsStore, unknownFacts } from './image-facts.ts'
import { toFacts } from './proofs.ts'
import type { Readings } from './readings.ts'

/** One image that a record names. */
export interface ReadingTarget {
  container: string
  imageKey: ImageKey
  url: string
  /** The record's. */
  digest: string
  /** The digest that the client gave when it registered the image. */
  given: string | null
  /** Where it is in our own store, when the URL is one of ours. */
  key: string | undefined
}

export interface TarballAccess {
  blobs: BlobStore
  sources: TarballSources
}

export interface ReadingParts extends TarballAccess {
  now: () => Date
  inspect: Inspect
  readings: Readings
}

interface OpenTarball {
  stream: AsyncIterable<Uint8Array> & { destroy(): unknown }
  etag: string | null
  modified: string | null
  size: number | null
}

interface ReadingOptions {
  /** Who reads, as facts name it. */
  by: string
  /** A path to describe in each image. */
  path?: string
  signal?: AbortSignal
}

/** Opens the bytes of a registered image: straight from our own store, else by its URL, as far as the site's policy allows. Throws source_gone. */
export async function openTarball({ blobs, sources }: TarballAccess, target: ReadingTarget, signal?: AbortSignal): Promise<OpenTarball> {
  if (target.key === undefined) {
    const { stream, etag = null, modified = null, size = null } = await sources.open(target.url, signal && { signal })
    return { stream, etag, modified, size }
  }
  const blob = await blobs.get(target.key)
  if (!blob) throw new CatalogueError('source_gone', `${target.key} is not in the store any more`)
  return { stream: blob.stream, etag: blob.sha256 ?? null, modified: blob.modified.toISOString(), size: blob.size }
}

/** Reads an image to its end and returns what it is. Throws what openTarball throws. */
export async function readTarball(parts: ReadingParts, target: ReadingTarget, { by, path, signal }: ReadingOptions) {
  const { stream, etag, modified, size } = await openTarball(parts, target, signal)
  const reading = parts.readings.begin({ container: target.container, imageKey: target.imageKey, size })
  const stop = () => stream.destroy()
  if (signal?.aborted) stop()
  else signal?.addEventListener('abort', stop, { once: true })
  try {
    const claim = claimedArchitecture(target.imageKey)
    const claimed = claim === undefined ? {} : { claimed: claim }
    const digest = target.given ?? target.digest
    const { container, imageKey, url, given, key = null } = target
    const options = { ...claimed, container, ...(digest && { digest }), ...(path !== undefined && { path }) }
    const inspection = await parts.inspect(reading.counted(stream), options)
    const report = reportOnProven(inspection.report, { container })
    const checked = parts.now().toISOString()
    const proof = { container, imageKey, url, digest: target.digest, given, key, etag, modified, report, by, checked }
    return { facts: toFacts(proof), inspection }
  } finally {
    reading.end()
    signal?.removeEventListener('abort', stop)
    stream.destroy()
  }
}

export interface LearningParts extends ReadingParts {
  facts: FactsStore
}

interface LearningOptions extends Omit<ReadingOptions, 'path'> {
  /** Writes nothing. */
  dryRun?: boolean | undefined
}

/**
 * Reads an image and writes down what it is, or that it is gone; `learnt` is false in a dry run, and when the container has another image by
 * now. Throws what readTarball throws, also after noting that it is gone.
 */
export async function readAndLearn(parts: LearningParts, target: ReadingTarget, { by, signal, dryRun = false }: LearningOptions) {
  try {
    const { facts: proven } = await readTarball(parts, target, { by, ...(signal && { signal }) })
    return { proven, learnt: !dryRun && (await parts.facts.learn(proven)) }
  } catch (error) {
    if (isGone(error) && !dryRun) await noteUnread(parts, target, { by, status: 'gone', summary: error.message })
    throw error
  }
}

/** Whether an error says that the tarball is not where it was, or that what is left of it there is not the whole. */
export const isGone = (error: unknown): error is CatalogueError => isCatalogueError(error, 'source_gone', 'blob_damaged')

/** Notes that an image could not be read. What was proven of it before stays proven. */
export async function noteUnread(
  { facts, now }: Pick<LearningParts, 'facts' | 'now'>,
  target: ReadingTarget,
  { by, status, summary }: Pick<Facts, 'by' | 'status' | 'summary'>
): Promise<void> {
  const [current] = await facts.read(target.container, [target.imageKey])
  const { container, imageKey, url, digest, given } = target
  const unread = { ...unknownFacts, container, imageKey, url, digest, given, summary }
  const before = current && applies(current, target) && current.verdict !== 'unverified' ? current : unread
  await facts.learn({ ...before, key: target.key ?? null, status, checked: now().toISOString(), by })
}
