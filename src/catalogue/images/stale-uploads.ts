import type { Architecture } from '../../domain/architecture.ts'
import { type ContainerRecord, fromDocument } from '../../domain/container/document.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { BuildStatuses } from '../builds/build-statuses.ts'
import { type Changes, type Precondition, type StoredRecord, unchangedSince } from '../records/changes.ts'
import type { Journal } from '../records/journal.ts'

/** An image that a server would register by itself, because whoever sent it did not stay to see it done. */
export interface FinishedUpload {
  architecture: Architecture
  version: string
  url: string
  /** When its last byte came. */
  since: Date
}

/**
 * Whether an image may still be registered without anybody asking for it now: not when what it would take the place of came later, or
 * was taken away later. Answers what must hold when it is written. Throws upload_overtaken.
 */
export type StaleUploadGuard = (id: string, image: FinishedUpload) => Promise<Precondition>

export interface StaleUploadParts {
  changes: Pick<Changes, 'find'>
  buildStatuses: Pick<BuildStatuses, 'find'>
  journal: Pick<Journal, 'ofContainer'>
}

const pageSize = 50

export function createStaleUploadGuard({ changes, buildStatuses, journal }: StaleUploadParts): StaleUploadGuard {
  /** What the record became since, step by step, the last one first. */
  async function* stepsSince(at: string, { id, now }: { id: string; now: StoredRecord | undefined }): AsyncGenerator<Step> {
    let cursor: string | undefined
    let newest = true
    do {
      const { items, next } = await journal.ofContainer(id, { kind: 'record', limit: pageSize, cursor, fresh: true })
      for (const entry of items) {
        // a change that nobody has told of yet is one of this very moment
        if (newest) yield stepOf(id, { before: entry.after, after: now?.document ?? null })
        newest = false
        if (entry.at <= at) return
        yield stepOf(id, entry)
      }
      cursor = next
    } while (cursor !== undefined)
  }

  return async (id, image) => {
    const { architecture, url } = image
    const at = image.since.toISOString()
    const [now, beside] = await Promise.all([changes.find(id), buildStatuses.find(id)])
    const waits = beside?.pending.get(architecture)
    if (waits && waits.since > at && waits.url !== url) throw overtaken(id, { architecture, what: 'another image came' })
    if (now?.record.images.get(architecture) !== url) {
      for await (const step of stepsSince(at, { id, now })) {
        const what = whatCame(step, image)
        if (what !== undefined) throw overtaken(id, { architecture, what })
      }
    }
    return unchangedSince(now)
  }
}

interface Step {
  before: ContainerRecord | undefined
  after: ContainerRecord | undefined
}

/** Undefined where the step leaves to the image what would be its place. */
function whatCame({ before, after }: Step, { architecture, version, url }: FinishedUpload): string | undefined {
  if (!after) return before && 'the container was removed'
  const [former, present] = [before?.images.get(architecture), after.images.get(architecture)]
  if (present !== former && present !== url) return present === undefined ? 'the image was removed' : 'another image came'
  return after.version !== before?.version && after.version !== version ? 'another version came' : undefined
}

function stepOf(id: string, { before, after }: { before: string | null; after: string | null }): Step {
  const [one, two] = [before, after].map((document) => (document === null ? undefined : fromDocument(id, document)))
  return { before: one, after: two }
}

const overtaken = (id: string, { architecture, what }: { architecture: Architecture; what: string }): CatalogueError =>
  new CatalogueError(
    'upload_overtaken',
    `${what} after the last byte of this upload for ${architecture} of ${id}, and nobody has asked for it since; send it again to have it registered`
  )
