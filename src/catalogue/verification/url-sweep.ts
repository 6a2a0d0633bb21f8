import { isCatalogueError } from '../../domain/errors.ts'
import { applies, type Facts, fromFactsDocument, toFactsDocument, wasLookedAt } from '../../domain/image/facts.ts'
import type { StoredDocument } from '../../stores/document-store.ts'
import { ignoring } from '../jobs/compare-and-swap.ts'
import type { VerificationContext } from './parts.ts'
import { isGone } from './tarball-reading.ts'

interface ImageSweepOptions {
  /** Images that were looked at since are left out. */
  olderMs: number
  limit: number
  signal: AbortSignal
}

/** Returns how many images were looked at. */
export type ImageSweep = (options: ImageSweepOptions) => Promise<number>

/**
 * Looks again at the images that were looked at longest ago, without reading their bytes: marks those that are gone, adds a task to read
 * those that changed, and removes facts about images that no record names any more. Returns how many it looked at.
 */
export async function sweepImages(parts: VerificationContext, { olderMs, limit, signal }: ImageSweepOptions): Promise<number> {
  const { store, imageAt, now } = parts
  const before = new Date(now().getTime() - olderMs).toISOString()
  const { items } = await store.list({ sort: { field: 'checked', order: 'asc' }, limit })
  let looked = 0
  for (const stored of items) {
    const facts = fromFactsDocument(stored.document)
    if (!facts || facts.checked > before || signal.aborted) continue
    looked++
    const image = await imageAt(facts.container, facts.imageKey)
    const isNamed = image !== undefined && applies(facts, image)
    const work = isNamed ? lookAgain(parts, { facts, stored, signal }) : store.remove(stored.id, { revision: stored.revision })
    // another writer was first, with newer facts
    await ignoring(work, 'revision_conflict')
  }
  return looked
}

interface SweptImage {
  facts: Facts
  stored: StoredDocument
  signal: AbortSignal
}

async function lookAgain(parts: VerificationContext, { facts, stored, signal }: SweptImage): Promise<void> {
  const { container, imageKey, key, verdict } = facts
  const { changed, status, by } = await look(parts, facts, signal)
  const checked = parts.now().toISOString()
  await parts.store.put(stored.id, toFactsDocument({ ...facts, status, by, checked }, stored.id), { revision: stored.revision })
  // an image that could not be read until now may have come
  const came = verdict === 'unverified' && facts.status !== 'present' && status === 'present'
  if (changed || came) await parts.queue.add({ kind: 'verify', container, imageKey, key })
}

type Sighting = Pick<Facts, 'status' | 'by'> & { changed?: boolean }

async function look({ blobs, sources }: VerificationContext, facts: Facts, signal: AbortSignal): Promise<Sighting> {
  // reading the bytes says more than seeing that they are there
  const by = wasLookedAt(facts) ? facts.by : 'sweep'
  try {
    if (facts.key !== null) {
      const blob = await blobs.head(facts.key)
      if (!blob) return { by, status: 'gone' }
      // whether its bytes are there as well
      if (blob.size > 0) (await blobs.get(facts.key, { range: { first: 0, last: 0 } }))?.stream.destroy()
      return { by, status: 'present', changed: facts.sha256 !== null && blob.sha256 !== undefined && blob.sha256 !== facts.sha256 }
    }
    const { etag, modified, size } = await sources.probe(facts.url, { signal })
    const differs = (before: string | number | null, after: string | number | undefined) =>
      before !== null && after !== undefined && before !== after
    const changed = differs(facts.etag, etag) || differs(facts.modified, modified) || differs(facts.size, size)
    return { by, status: 'present', changed }
  } catch (error) {
    if (isGone(error)) return { by, status: 'gone' }
    if (isCatalogueError(error, 'source_unavailable')) return { by, status: 'unreachable' }
    // a URL that this site does not read stays as it was
    if (isCatalogueError(error, 'source_forbidden', 'source_unsupported', 'key_invalid')) return { by: facts.by, status: facts.status }
    throw error
  }
}
