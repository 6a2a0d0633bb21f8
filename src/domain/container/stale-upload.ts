import type { Architecture } from '../architecture.ts'
import type { ContainerRecord } from './document.ts'

/** An image that a server would register by itself, because its client did not stay to see it done. */
export interface FinishedUpload {
  architecture: Architecture
  version: string
  url: string
  /** When its last byte arrived. */
  since: Date
}

/** What a record was before and after one change. */
export interface HistoryStep {
  before: ContainerRecord | undefined
  after: ContainerRecord | undefined
}

/** Returns in words how a change took the place of a finished upload; undefined where it left that place alone. */
export function replacementIn({ before, after }: HistoryStep, { architecture, version, url }: FinishedUpload): string | undefined {
  if (!after) return before && 'the container was removed'
  const [former, present] = [before?.images.get(architecture), after.images.get(architecture)]
  if (present !== former && present !== url) return present === undefined ? 'the image was removed' : 'another image came'
  return after.version !== before?.version && after.version !== version ? 'another version came' : undefined
}

/** Returns the same for an image of that architecture that waits to be published. */
export const replacementByPending = (
  pending: { url: string; since: string } | undefined,
  { url, since }: FinishedUpload
): string | undefined => (pending && pending.since > since.toISOString() && pending.url !== url ? 'another image came' : undefined)
