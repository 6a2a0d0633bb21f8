import type { Architecture } from '../../domain/architecture.ts'
import { fromDocument } from '../../domain/container/document.ts'
import { type FinishedUpload, type HistoryStep, replacementByPending, replacementIn } from '../../domain/container/stale-upload.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { pagesOf } from '../../domain/pages.ts'
import { type Precondition, type StoredRecord, unchangedSince } from '../records/changes.ts'
import type { ImageParts } from './parts.ts'

const pageSize = 50

/** Yields the steps by which a record became what it is, newest first. */
async function* stepsSince(
  { journal }: ImageParts,
  { id, at, now }: { id: string; at: string; now: StoredRecord | undefined }
): AsyncGenerator<HistoryStep> {
  let newest = true
  const query = { kind: 'record', limit: pageSize, fresh: true } as const
  for await (const { items } of pagesOf((page) => journal.ofContainer(id, page), query)) {
    for (const entry of items) {
      // a change that is not in the journal yet happened just now
      if (newest) yield stepOf(id, { before: entry.after, after: now?.document ?? null })
      newest = false
      if (entry.at <= at) return
      yield stepOf(id, entry)
    }
  }
}

/**
 * Returns what must hold when an image is registered that nobody asks for now. Throws upload_overtaken when what it would replace
 * arrived, or was taken away, after its last byte.
 */
export async function refuseStaleUpload(parts: ImageParts, { id, ...image }: FinishedUpload & { id: string }): Promise<Precondition> {
  const { architecture, url, since } = image
  const refuseIf = (what: string | undefined) => {
    if (what !== undefined) throw overtaken(id, { architecture, what })
  }
  const [now, buildStatus] = await Promise.all([parts.changes.find(id), parts.buildStatuses.find(id)])
  refuseIf(replacementByPending(buildStatus?.pending.get(architecture), image))
  if (now?.record.images.get(architecture) !== url) {
    for await (const step of stepsSince(parts, { id, at: since.toISOString(), now })) refuseIf(replacementIn(step, image))
  }
  return unchangedSince(now)
}

function stepOf(id: string, { before, after }: { before: string | null; after: string | null }): HistoryStep {
  const read = (document: string | null) => (document === null ? undefined : fromDocument(id, document))
  return { before: read(before), after: read(after) }
}

const overtaken = (id: string, { architecture, what }: { architecture: Architecture; what: string }): CatalogueError =>
  new CatalogueError(
    'upload_overtaken',
    `${what} after the last byte of this upload for ${architecture} of ${id}, and nobody has asked for it since; send it again to have it registered`
  )
