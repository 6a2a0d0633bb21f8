import type { JournalEntry } from '../../domain/history/entry.ts'
import type { RecordChanged } from '../records/changes.ts'

/** What consecutive changes by this process did to a record, each with its entry. It holds no records: thousands may be queued. */
export interface ChangeRange {
  before: { revision: string; fingerprint: string } | undefined
  /** The revision after the changes; undefined when the record was removed. */
  after: string | undefined
  /** When the last meaningful change was made, ISO 8601. */
  at: string | undefined
  /** When the record was created, ISO 8601, if one of these changes created it. */
  born: string | undefined
}

/**
 * Joins two ranges; returns undefined when another process changed the record in between. Either may be undefined, when only the build
 * status or the facts changed: the other is returned, and is compared with the stored record before it is used.
 */
export function joinRanges(one: ChangeRange | undefined, two: ChangeRange | undefined): ChangeRange | undefined {
  if (!one || !two) return one ?? two
  if (one.after !== two.before?.revision) return undefined
  return { before: one.before, after: two.after, at: two.at ?? one.at, born: two.born ?? one.born }
}

/** Returns the range of one change; undefined when the change had a meaning but the journal could not take its entry. */
export function rangeOf({ changed, entry }: { changed: RecordChanged; entry: JournalEntry | undefined }): ChangeRange | undefined {
  const { before, after, unchanged, meant } = changed
  if (!entry && !unchanged) return undefined
  return {
    before: before && { revision: before.revision, fingerprint: meant.before! },
    after: after?.revision,
    at: entry?.at,
    born: before === undefined ? entry?.at : undefined
  }
}
