import { fromDocument } from '../../domain/container/document.ts'
import { type FinishedUpload, type HistoryStep, replacementByPending, replacementIn } from '../../domain/container/stale-upload.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { itemsOf } from '../../domain/pages.ts'
import { type Precondition, type StoredRecord, unchangedSince } from '../records/changes.ts'
import type { ImageParts } from './parts.ts'

type StaleUpload = FinishedUpload & { id: string }

const pageSize = 50

/** Yields the steps by which a record became what it is, newest first. */
async function* stepsSince({ journal }: ImageParts, { id, since }: StaleUpload, now: StoredRecord | undefined) {
  const at = since.toISOString()
  let newest = true
  const query = { kind: 'record', limit: pageSize, fresh: true } as const
  for await (const entry of itemsOf((page) => journal.ofContainer(id, page), query)) {
    // a change that is not in the journal yet happened just now
    if (newest) yield stepOf(id, { before: entry.after, after: now?.document ?? null })
    newest = false
    if (entry.at <= at) return
    yield stepOf(id, entry)
  }
}

/** Returns the precondition for registering an image that nobody asks for now. Throws upload_overtaken if another came since. */
export async function refuseStaleUpload(parts: ImageParts, upload: StaleUpload): Promise<Precondition> {
  const { id, ...image } = upload
  const { architecture, url } = image
  const refuseIf = (what: string | undefined) => {
    if (what === undefined) return
    const message = `${what} after the last byte of this upload for ${architecture} of ${id}, and nobody has asked for it since`
    throw new CatalogueError('upload_overtaken', `${message}; send it again to have it registered`)
  }
  const [now, buildStatus] = await Promise.all([parts.changes.find(id), parts.buildStatuses.find(id)])
  refuseIf(replacementByPending(buildStatus?.pending.get(architecture), image))
  if (now?.record.images.get(architecture) !== url) {
    for await (const step of stepsSince(parts, upload, now)) refuseIf(replacementIn(step, image))
  }
  return unchangedSince(now)
}

function stepOf(id: string, { before, after }: { before: string | null; after: string | null }): HistoryStep {
  const read = (document: string | null) => (document === null ? undefined : fromDocument(id, document))
  return { before: read(before), after: read(after) }
}
