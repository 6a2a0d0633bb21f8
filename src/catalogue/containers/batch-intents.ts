import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { background, type Cause } from '../../domain/history/entry.ts'
import { ignoring } from '../jobs/compare-and-swap.ts'
import { type RecordChanged, type StoredRecord, unchangedSince } from '../records/changes.ts'
import type { BatchCommit, BatchCommits } from './batch-commit.ts'
import type { ContainerParts } from './parts.ts'

/** What a batch is about to write, so that it can be taken back. */
interface Intent {
  id: string
  kind: 'batch'
  /** ISO 8601: ten minutes after it began. Its process is taken for dead as soon as it has lost the lease. */
  due: string
  items: IntendedChange[]
  commit?: BatchCommit
}

interface IntendedChange {
  id: string
  before: string | null
  after: string | null
}

export interface IdentifiedChange {
  id: string
  changed: RecordChanged
}

interface BatchToNote {
  wanted: readonly IdentifiedChange[]
  cause: Cause
  commit?: BatchCommit | undefined
}

type IntentsParts = ContainerParts & { commits: BatchCommits }

export type Intents = ReturnType<typeof createIntents>

/** How long after its beginning a batch counts as abandoned. */
const deadAfterMs = 600_000
/** Longer than it takes to write the records between two extensions, but short for a batch that waits for a killed process. */
export const batchLeaseMs = 20_000
const unfinished = { where: [{ field: 'id', glob: 'batch-*' }] }
const maxIntent = 8 * 1024 * 1024
/** Journal entries of a record that are searched, newest first. */
const maxSearched = 200

/** The notes of all-or-nothing batches, written before the batches are. */
export function createIntents(parts: IntentsParts) {
  const { changes, now } = parts
  const notes = parts.stores.leases
  return {
    /** Returns the note's id. Throws too_large when it would hold more than a store takes. */
    async note(batch: BatchToNote): Promise<string> {
      const intent = intentOf(parts, batch)
      const text = JSON.stringify(intent)
      if (text.length > maxIntent) {
        const message = `the batch changes ${text.length} characters of documents; at most ${maxIntent} can be all or none: split it`
        throw new CatalogueError('too_large', message)
      }
      await notes.put(intent.id, text)
      return intent.id
    },

    async forget(note: string): Promise<void> {
      await notes.remove(note)
    },

    /** Undoes one change, unless another writer has changed the record since. */
    async takeBack({ before, after }: RecordChanged, cause: Cause): Promise<void> {
      const id = (before ?? after)!.record.id
      const precondition = unchangedSince(after)
      await unlessOvertaken(changes.write(id, { cause, to: () => before?.document, precondition, verbatim: true, what: 'taken back' }))
    },

    /** Takes back what a killed process left half done, or finishes it where all records were written. Returns how many. */
    async recover({ signal }: { signal: AbortSignal }): Promise<number> {
      const isDead = (due: string) => !signal.aborted && Date.parse(due) - deadAfterMs + batchLeaseMs <= now().getTime()
      const { items } = await notes.list({ ...unfinished, limit: 1 })
      const lease = items.length > 0 ? await parts.leases.acquire('batches', batchLeaseMs) : undefined
      // the holder is working on a batch
      return lease ? recover(isDead).finally(() => lease.release({})) : 0
    },
    /** Does the same for all batches at once. Call it only where no other process can be working on one. */
    recoverAll: () => recover(() => true)
  }

  async function recover(isDead: (due: string) => boolean): Promise<number> {
    const { items } = await notes.list({ ...unfinished, fresh: true, limit: 100 })
    let recovered = 0
    for (const { id, document, revision } of items) {
      const intent = JSON.parse(document) as Intent
      // a batch is undone completely, or left to the next process
      if (intent.kind !== 'batch' || !isDead(intent.due)) continue
      await recoverBatch(parts, intent)
      await notes.remove(id, { revision }).catch(() => {}) // another replica did the same
      recovered++
    }
    return recovered
  }
}

function intentOf({ hash, now }: ContainerParts, { wanted, cause, commit }: BatchToNote): Intent {
  const items = wanted.map(({ id, changed: { before, after } }) => {
    return { id, before: before?.document ?? null, after: after?.document ?? null }
  })
  const id = `batch-${hash([cause.request, now().toISOString(), ...items.map((item) => item.id)].join('\n'))}`
  return { id, kind: 'batch', due: new Date(now().getTime() + deadAfterMs).toISOString(), items, ...(commit && { commit }) }
}

async function recoverBatch(parts: IntentsParts, { items, due, commit }: Intent): Promise<void> {
  const { changes, commits } = parts
  const since = new Date(Date.parse(due) - deadAfterMs).toISOString()
  const toTakeBack: { id: string; before: string | null; stored: StoredRecord | undefined }[] = []
  let complete = true
  for (const item of items) {
    const stored = await changes.find(item.id)
    const isCurrent = (stored?.document ?? null) === item.after
    if (isCurrent) toTakeBack.push({ ...item, stored })
    complete &&= isCurrent || (await wasWritten(parts, item, since))
  }
  // all was written; what was to become valid with it may be missing
  if (complete && (!commit || (await finished(commits, commit)))) return
  const cause = background('a batch was left half done by a process that ended')
  for (const { id, before, stored } of toTakeBack) {
    const precondition = unchangedSince(stored)
    await unlessOvertaken(changes.write(id, { cause, to: () => before ?? undefined, precondition, verbatim: true, what: 'taken back' }))
  }
}

/** Returns false when another client was first; the batch is then undone. */
async function finished(commits: BatchCommits, commit: BatchCommit): Promise<boolean> {
  try {
    await commits.finish(commit)
    return true
  } catch (error) {
    if (isCatalogueError(error, 'revision_conflict')) return false
    throw error
  }
}

/** Returns whether, by the history, the batch wrote a record that has been changed again since. */
async function wasWritten({ journal }: ContainerParts, item: IntendedChange, since: string): Promise<boolean> {
  const { items } = await journal.ofContainer(item.id, { kind: 'record', limit: maxSearched, fresh: true })
  return items.some((entry) => entry.at >= since && entry.before === item.before && entry.after === item.after)
}

/** Ignores a failed precondition: another writer has read the document and replaced it on purpose. */
export const unlessOvertaken = (writing: Promise<unknown>): Promise<void> => ignoring(writing, 'precondition_failed')
