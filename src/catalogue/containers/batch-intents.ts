import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { background, type Cause } from '../../domain/history/entry.ts'
import { type RecordChanged, type StoredRecord, unchangedSince } from '../records/changes.ts'
import type { ContainerParts } from './parts.ts'

/** What a batch is about to write, so that it can be taken back. */
interface Intent {
  id: string
  kind: 'batch'
  /** ISO 8601: from then on the process that began it is taken for dead. */
  due: string
  items: IntendedChange[]
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

/** The notes of all-or-nothing batches, written before the batches are. */
export interface Intents {
  /** Returns the note's id. Throws too_large when it would hold more than a store takes. */
  note(wanted: readonly IdentifiedChange[], cause: Cause): Promise<string>
  forget(note: string): Promise<void>
  /** Takes back one change, unless another writer has changed the record since: that one saw it. */
  takeBack(changed: RecordChanged, cause: Cause): Promise<void>
  /** Takes back what a process that was killed left half done. Returns how many batches there were. */
  recover(options: { signal: AbortSignal }): Promise<number>
}

const deadAfterMs = 600_000
const maxIntent = 8 * 1024 * 1024
/** Journal entries of a record that are searched, newest first. */
const maxSearched = 200

export function createIntents(parts: ContainerParts): Intents {
  const { changes, now } = parts
  const notes = parts.stores.leases
  return {
    async note(wanted, cause) {
      const intent = intentOf(parts, { wanted, cause })
      const text = JSON.stringify(intent)
      if (text.length > maxIntent) {
        const message = `the batch changes ${text.length} characters of documents; at most ${maxIntent} can be all or none: split it`
        throw new CatalogueError('too_large', message)
      }
      await notes.put(intent.id, text)
      return intent.id
    },

    async forget(note) {
      await notes.remove(note)
    },

    async takeBack({ before, after }, cause) {
      const id = (before ?? after)!.record.id
      const precondition = unchangedSince(after)
      await unlessOvertaken(changes.write(id, { cause, to: () => before?.document, precondition, verbatim: true, what: 'taken back' }))
    },

    async recover({ signal }) {
      const { items } = await notes.list({ where: [{ field: 'id', glob: 'batch-*' }], limit: 100 })
      let recovered = 0
      for (const { id, document, revision } of items) {
        // one is taken back whole, or left to the next process
        if (signal.aborted) break
        const intent = JSON.parse(document) as Intent
        if (intent.kind !== 'batch' || intent.due > now().toISOString()) continue
        await recoverBatch(parts, intent)
        await notes.remove(id, { revision }).catch(() => {}) // another replica did the same
        recovered++
      }
      return recovered
    }
  }
}

function intentOf({ hash, now }: ContainerParts, { wanted, cause }: { wanted: readonly IdentifiedChange[]; cause: Cause }): Intent {
  const items = wanted.map(({ id, changed: { before, after } }) => {
    return { id, before: before?.document ?? null, after: after?.document ?? null }
  })
  const id = `batch-${hash([cause.request, now().toISOString(), ...items.map((item) => item.id)].join('\n'))}`
  return { id, kind: 'batch', due: new Date(now().getTime() + deadAfterMs).toISOString(), items }
}

async function recoverBatch(parts: ContainerParts, { items, due }: Intent): Promise<void> {
  const { changes } = parts
  const since = new Date(Date.parse(due) - deadAfterMs).toISOString()
  const toTakeBack: { id: string; before: string | null; stored: StoredRecord | undefined }[] = []
  let complete = true
  for (const item of items) {
    const stored = await changes.find(item.id)
    const isCurrent = (stored?.document ?? null) === item.after
    if (isCurrent) toTakeBack.push({ ...item, stored })
    complete &&= isCurrent || (await wasWritten(parts, { item, since }))
  }
  // the batch was complete, and only its note was left
  if (complete) return
  const cause = background('a batch was left half done by a process that ended')
  for (const { id, before, stored } of toTakeBack) {
    const precondition = unchangedSince(stored)
    await unlessOvertaken(changes.write(id, { cause, to: () => before ?? undefined, precondition, verbatim: true, what: 'taken back' }))
  }
}

/** Whether the history tells that the batch wrote a record that was changed again since. */
async function wasWritten({ journal }: ContainerParts, { item, since }: { item: IntendedChange; since: string }): Promise<boolean> {
  const { items } = await journal.ofContainer(item.id, { kind: 'record', limit: maxSearched, fresh: true })
  return items.some((entry) => entry.at >= since && entry.before === item.before && entry.after === item.after)
}

/** Ignores precondition_failed: who wrote in between saw what was stored, and meant what they wrote. */
export async function unlessOvertaken(writing: Promise<unknown>): Promise<void> {
  try {
    await writing
  } catch (error) {
    if (!isCatalogueError(error, 'precondition_failed')) throw error
  }
}
