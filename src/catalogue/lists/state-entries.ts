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

/** Appends an entry when a container's state changes: once, as only one process writes the summary that says so. Never throws. */
export async function appendStateEntry(parts: ListsParts & { views: Views }, written: WrittenSummary): Promise<void> {
  const { id, after, born } = written
  // a summary may be written while the entry of the record's creation is still on its way: that one told of nothing
  const before = written.before?.created === null && born !== undefined ? undefined : written.before
  // the first summary of a record that existed before is not a change
  if (before?.state === after.state || (before === undefined && born === undefined)) return
  try {
    const was = before?.state ?? null
    await parts.journal.append({
      container: id,
      kind: 'state',
      what: after.state,
      by: background('what is known of it changed'),
      summary: [`it is ${after.state}${was === null ? '' : `, and was ${was}`}`, ...(await reasonsFor(parts.views, after))].join('; '),
      architecture: null,
      revision: after.revision || null,
      previous: after.revision || null,
      fingerprint: null,
      before: was && JSON.stringify(was),
      after: JSON.stringify(after.state),
      subject: `${was} to ${after.state} at ${after.revision}`
    })
  } catch (error) {
    parts.onAppendFailed(error, id)
  }
}

async function reasonsFor(views: Views, { id, state }: StoredSummary): Promise<string[]> {
  const now = await views.status(id)
  // the state may have changed again: then the next entry gives the reasons
  return now.state === state ? now.reasons.slice(0, maxReasons).map(({ message }) => message) : []
}
