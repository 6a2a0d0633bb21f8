import type { BlobStore } from '../../blobs/blob-store.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { applies, claimedArchitecture, type Facts, type ImageKey } from '../../domain/image/facts.ts'
import type { Inspect, Inspection } from '../../images/inspect-image.ts'
import { reportOnProven } from '../../images/overall-verdict.ts'
import type { Sources } from '../../sources/source.ts'
import { type FactsStore, unknownFacts } from './image-facts.ts'
import { toFacts } from './proofs.ts'

/** One image that a record names. */
export interface Target {
  container: string
  imageKey: ImageKey
  url: string
  /** The record's. */
  digest: string
  /** What who registered it said. */
  given: string | null
  /** Where it stands in our own store, when the URL is one of ours. */
  key: string | undefined
}

export interface ReadingParts {
  blobs: BlobStore
  sources: Sources
  now: () => Date
  inspect: Inspect
}

interface Opened {
  stream: AsyncIterable<Uint8Array> & { destroy(): unknown }
  etag: string | null
  modified: string | null
}

/** The bytes of a registered image: from our own store without a network in between, else as far as the site's policy allows. */
export async function openTarball(
  { blobs, sources }: Pick<ReadingParts, 'blobs' | 'sources'>,
  target: Target,
  signal?: AbortSignal
): Promise<Opened> {
  if (target.key === undefined) {
    const { stream, etag = null, modified = null } = await sources.open(target.url, signal && { signal })
    return { stream, etag, modified }
  }
  const blob = await blobs.get(target.key)
  if (!blob) throw new CatalogueError('source_gone', `${target.key} is not in the store any more`)
  return { stream: blob.stream, etag: blob.sha256 ?? null, modified: blob.modified.toISOString() }
}

/** Reads an image to its end and tells what it is. Throws what opening it throws. */
export async function readTarball(
  parts: ReadingParts,
  target: Target,
  { by, path, signal }: { by: string; path?: string; signal?: AbortSignal }
): Promise<{ facts: Facts; inspection: Inspection }> {
  const { stream, etag, modified } = await openTarball(parts, target, signal)
  const stop = () => stream.destroy()
  if (signal?.aborted) stop()
  else signal?.addEventListener('abort', stop, { once: true })
  try {
    const claim = claimedArchitecture(target.imageKey)
    const claimed = claim === undefined ? {} : { claimed: claim }
    const digest = target.given ?? target.digest
    const { container, imageKey, url, given, key = null } = target
    const asked = { ...claimed, container, ...(digest && { digest }), ...(path !== undefined && { path }) }
    const inspection = await parts.inspect(stream, asked)
    const report = reportOnProven(inspection.report, { container })
    const checked = parts.now().toISOString()
    const proof = { container, imageKey, url, digest: target.digest, given, key, etag, modified, report, by, checked }
    return { facts: toFacts(proof), inspection }
  } finally {
    signal?.removeEventListener('abort', stop)
    stream.destroy()
  }
}

export interface Learning extends ReadingParts {
  facts: FactsStore
}

/**
 * The same, and what comes of it is written down: what the image is, or that it is gone. Throws all the same then. `learnt` is false when
 * another image has come meanwhile. With dryRun nothing is written down.
 */
export async function readAndLearn(
  parts: Learning,
  target: Target,
  { by, signal, dryRun = false }: { by: string; signal?: AbortSignal; dryRun?: boolean | undefined }
): Promise<{ proven: Facts; learnt: boolean }> {
  try {
    const { facts: proven } = await readTarball(parts, target, { by, ...(signal && { signal }) })
    return { proven, learnt: !dryRun && (await parts.facts.learn(proven)) }
  } catch (error) {
    if (isGone(error) && !dryRun) await noteUnread(parts, target, { by, status: 'gone', summary: error.message })
    throw error
  }
}

/** Nobody can have the tarball: it is not where it was, or what is left of it there is not the whole. */
export const isGone = (error: unknown): error is CatalogueError => isCatalogueError(error, 'source_gone', 'blob_damaged')

/** What was proven before stays proven; that it cannot be read now is said beside it. */
export async function noteUnread(
  { facts, now }: Pick<Learning, 'facts' | 'now'>,
  target: Target,
  { by, status, summary }: Pick<Facts, 'by' | 'status' | 'summary'>
): Promise<void> {
  const [known] = await facts.read(target.container, [target.imageKey])
  const { container, imageKey, url, digest, given } = target
  const unread = { ...unknownFacts, container, imageKey, url, digest, given, summary }
  const before = known && applies(known, target) && known.verdict !== 'unverified' ? known : unread
  await facts.learn({ ...before, key: target.key ?? null, status, checked: now().toISOString(), by })
}
