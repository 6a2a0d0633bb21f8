import type { BlobStore } from '../blobs/blob-store.ts'
import { CatalogueError } from '../domain/errors.ts'
import { claimOf, type Facts, type Slot } from '../domain/facts.ts'
import type { Inspect, Inspection } from '../images/inspect-image.ts'
import type { Sources } from '../sources/source.ts'
import { toFacts } from './proofs.ts'

/** One image that a record names. */
export interface Target {
  container: string
  slot: Slot
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
    const claim = claimOf(target.slot)
    const claimed = claim === undefined ? {} : { claimed: claim }
    const digest = target.given ?? target.digest
    const inspection = await parts.inspect(stream, { ...claimed, ...(digest && { digest }), ...(path !== undefined && { path }) })
    const { container, slot, url, given, key = null } = target
    const checked = parts.now().toISOString()
    const proof = { container, slot, url, digest: target.digest, given, key, etag, modified, report: inspection.report, by, checked }
    return { facts: toFacts(proof), inspection }
  } finally {
    signal?.removeEventListener('abort', stop)
    stream.destroy()
  }
}
