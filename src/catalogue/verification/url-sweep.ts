import { fromDocument, urlOf } from '../../domain/container/document.ts'
import { isCatalogueError } from '../../domain/errors.ts'
import { applies, type Facts, fromFactsDocument, toFactsDocument, wasLookedAt } from '../../domain/image/facts.ts'
import type { DocumentStore, Stored } from '../../stores/document-store.ts'
import type { TaskQueue } from '../jobs/task-queue.ts'
import type { ImageLookup } from './image-lookup.ts'
import { isGone, type ReadingParts } from './tarball-reading.ts'

export interface SweepParts extends Pick<ReadingParts, 'blobs' | 'sources' | 'now'> {
  imageAt: ImageLookup
  facts: DocumentStore
  queue: TaskQueue
}

type Looked = Pick<Facts, 'status' | 'by'> & { changed?: boolean }

/**
 * Looks again at what was looked at longest ago, without reading any bytes: what is gone is marked, what changed is put down to be read
 * anew, and facts about what no record names any more are removed. How many were looked at.
 */
export async function sweep(
  parts: SweepParts,
  { olderMs, limit, signal }: { olderMs: number; limit: number; signal: AbortSignal }
): Promise<number> {
  const { facts, imageAt, now } = parts
  const before = new Date(now().getTime() - olderMs).toISOString()
  const { items } = await facts.list({ sort: { field: 'checked', order: 'asc' }, limit })
  let looked = 0
  for (const stored of items) {
    const known = fromFactsDocument(stored.document)
    if (!known || known.checked > before || signal.aborted) continue
    looked++
    const stands = await imageAt(known.container, known.imageKey)
    await unlessChanged(() => (stands && applies(known, stands) ? lookAgain(parts, { known, stored, signal }) : forget(facts, stored)))
  }
  return looked
}

/** Whether the record says of an image what it said when these facts were learnt. */
export function stillNamed(known: Facts, { document }: Stored): boolean {
  const record = fromDocument(known.container, document)
  const url = urlOf(record, known.imageKey)
  return url !== undefined && applies(known, { url, digest: record.digest })
}

const forget = (facts: DocumentStore, { id, revision }: Stored) => facts.remove(id, { revision })

async function lookAgain(
  parts: SweepParts,
  { known, stored, signal }: { known: Facts; stored: Stored; signal: AbortSignal }
): Promise<void> {
  const { changed, status, by } = await look(parts, { known, signal })
  const checked = parts.now().toISOString()
  await parts.facts.put(stored.id, toFactsDocument({ ...known, status, by, checked }, stored.id), { revision: stored.revision })
  // what nobody could read until now may have come
  if (changed || (known.verdict === 'unverified' && known.status !== 'present' && status === 'present'))
    await parts.queue.add({ kind: 'verify', container: known.container, imageKey: known.imageKey, key: known.key })
}

async function look({ blobs, sources }: SweepParts, { known, signal }: { known: Facts; signal: AbortSignal }): Promise<Looked> {
  // who read the bytes says more than who saw that they are there
  const by = wasLookedAt(known) ? known.by : 'sweep'
  try {
    if (known.key !== null) {
      const blob = await blobs.head(known.key)
      if (!blob) return { by, status: 'gone' }
      // whether its bytes are there as well
      if (blob.size > 0) (await blobs.get(known.key, { range: { first: 0, last: 0 } }))?.stream.destroy()
      return { by, status: 'present', changed: known.sha256 !== null && blob.sha256 !== undefined && blob.sha256 !== known.sha256 }
    }
    const { etag, modified, size } = await sources.probe(known.url, { signal })
    const differs = (before: string | number | null, after: string | number | undefined) =>
      before !== null && after !== undefined && before !== after
    const changed = differs(known.etag, etag) || differs(known.modified, modified) || differs(known.size, size)
    return { by, status: 'present', changed }
  } catch (error) {
    if (isGone(error)) return { by, status: 'gone' }
    if (isCatalogueError(error, 'source_unavailable')) return { by, status: 'unreachable' }
    // what this site does not read is as it was
    if (isCatalogueError(error, 'source_forbidden', 'source_unsupported', 'key_invalid')) return { by: known.by, status: known.status }
    throw error
  }
}

/** Who wrote meanwhile knows better. */
async function unlessChanged(write: () => Promise<unknown>): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (!isCatalogueError(error, 'revision_conflict')) throw error
  }
}
