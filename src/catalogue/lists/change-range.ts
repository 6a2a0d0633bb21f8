import type { JournalEntry } from '../../domain/history/entry.ts'
import type { RecordChanged } from '../records/changes.ts'

/** What consecutive changes by this process did to a record, each with its entry in the journal. Holds no records, as thousands may wait. */
export interface ChangeRange {
  before: { revision: string; fingerprint: string } | undefined
  /** The revision after them; undefined when the record was removed. */
  after: string | undefined
  /** When the last change of meaning was made, ISO 8601. */
  at: string | undefined
  /** When the record was created, ISO 8601, where one of these changes did that. */
  born: string | undefined
}

/**
 * Joins two ranges; returns undefined when another process changed the record in between. One of them may be undefined, as where only the
 * build status or the facts changed: the other is kept, and compared with the stored record before anything is concluded from it.
 */
export function joinRanges(one: ChangeRange | undefined, two: ChangeRange | undefined): ChangeRange | undefined {
  if (!one || !two) return one ?? two
  if (one.after !== two.before?.revision) return undefined
  return { before: one.before, after: two.after, at: two.at ?? one.at, born: two.born ?? one.born }
}

export interface AppendedChange {
  changed: RecordChanged
  /** Undefined where the change meant nothing, or the journal could not take the entry. */
  entry: JournalEntry | undefined
}

/** Returns the range of one change; undefined when it meant something and the journal could not take its entry. */
export function rangeOf({ changed, entry }: AppendedChange): ChangeRange | undefined {
  const { before, after, unchanged, meant } = changed
  if (!entry && !unchanged) return undefined
  return {
    before: before && { revision: before.revision, fingerprint: meant.before! },
    after: after?.revision,
    at: entry?.at,
    born: before === undefined ? entry?.at : undefined
  }
}
