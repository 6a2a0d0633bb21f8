import { background } from '../../domain/history/entry.ts'
import type { StoredSummary } from '../../domain/lists/summary.ts'
import type { Journal } from '../records/journal.ts'
import type { Views } from './views.ts'

/** A row that was written, by whoever won the compare-and-swap. */
export interface WrittenSummary {
  id: string
  before: StoredSummary | undefined
  after: StoredSummary
  /** When the record came to be, where that is known. */
  born: string | undefined
}

export interface StateEntriesParts {
  journal: Pick<Journal, 'append'>
  views: Pick<Views, 'state'>
  onAppendFailed(error: unknown, id: string): void
}

const maxReasons = 5

/** Tells when a container comes to another state: once, because only one writes the row that has it first. Never throws. */
export function stateEntries({ journal, views, onAppendFailed }: StateEntriesParts): (written: WrittenSummary) => Promise<void> {
  return async ({ id, before, after, born }) => {
    // the first row of a record that was there before us is no change
    if (before?.state === after.state || (before === undefined && born === undefined)) return
    try {
      const was = before?.state ?? null
      await journal.append({
        container: id,
        kind: 'state',
        what: after.state,
        by: background('what is known of it changed'),
        summary: [`it is ${after.state}${was === null ? '' : `, and was ${was}`}`, ...(await reasonsFor(after))].join('; '),
        architecture: null,
        revision: after.revision || null,
        previous: after.revision || null,
        fingerprint: null,
        before: was && JSON.stringify(was),
        after: JSON.stringify(after.state),
        subject: `${was} to ${after.state} at ${after.revision}`
      })
    } catch (error) {
      onAppendFailed(error, id)
    }
  }

  async function reasonsFor({ id, state }: StoredSummary): Promise<string[]> {
    const now = await views.state(id)
    // it may be another one already; then that is told of next
    return now.state === state ? now.reasons.slice(0, maxReasons).map(({ message }) => message) : []
  }
}
