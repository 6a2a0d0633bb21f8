import { background } from '../../domain/history/entry.ts'
import type { StoredSummary } from '../../domain/lists/summary.ts'
import type { ListsParts } from './parts.ts'
import type { Views } from './views.ts'

/** A summary that this process wrote; of several processes that try at once, only one succeeds. */
export interface WrittenSummary {
  id: string
  before: StoredSummary | undefined
  after: StoredSummary
  /** When the record was created, ISO 8601, if known. */
  born: string | undefined
}

const maxReasons = 5

/** Returns what appends an entry when a container's state changes: once, as one process writes that summary. It never throws. */
export function createStateEntries({ journal, onAppendFailed }: ListsParts, views: Views): (written: WrittenSummary) => Promise<void> {
  return async ({ id, before, after, born }) => {
    // the first summary of a record that existed before is not a change
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
    const now = await views.status(id)
    // the state may have changed again: then the next entry gives the reasons
    return now.state === state ? now.reasons.slice(0, maxReasons).map(({ message }) => message) : []
  }
}
