import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { background, type Cause } from '../../domain/history/entry.ts'
import type { Hash } from '../../domain/image/facts.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import { type Changes, type RecordChanged, unchangedSince } from '../records/changes.ts'
import type { Journal } from '../records/journal.ts'

/** What is under way, so that it can be taken back. */
interface Intent {
  id: string
  kind: 'batch'
  /** ISO 8601: from when whoever began it is taken for dead. */
  due: string
  items: { id: string; before: string | null; after: string | null }[]
}

/** What all-or-nothing batches are about to write, noted before they do. */
export interface Intents {
  /** The note's id. Throws too_large when it would hold more than a store takes. */
  note(wanted: readonly { id: string; changed: RecordChanged }[], cause: Cause): Promise<string>
  forget(note: string): Promise<void>
  /** Takes back one change, unless somebody else wrote on top of it: that one saw it, and meant it. */
  takeBack(changed: RecordChanged, cause: Cause): Promise<void>
  /** Takes back what a process that was killed left half done. How many batches there were. */
  recover(options: { signal: AbortSignal }): Promise<number>
}

export interface IntentsParts {
  changes: Changes
  journal: Pick<Journal, 'ofContainer'>
  /** Where the notes stand. */
  leases: DocumentStore
  hash: Hash
  now: () => Date
}

const deadAfterMs = 600_000
const maxIntent = 8 * 1024 * 1024
/** Of the newest entries about a record. */
const maxLookedAt = 200

export function createIntents({ changes, journal, leases, hash, now }: IntentsParts): Intents {
  /** Whether the batch came as far as this one, though somebody else wrote since: then the history tells. */
  async function wasWritten({ id, before, after }: Intent['items'][number], since: string): Promise<boolean> {
    const { items } = await journal.ofContainer(id, { kind: 'record', limit: maxLookedAt, fresh: true })
    return items.some((entry) => entry.at >= since && entry.before === before && entry.after === after)
  }

  async function recoverOne({ items, due }: Intent): Promise<void> {
    const since = new Date(Date.parse(due) - deadAfterMs).toISOString()
    const found: { id: string; before: string | null; known: RecordChanged['before']; stands: boolean; done: boolean }[] = []
    for (const item of items) {
      const known = await changes.find(item.id)
      const stands = (known?.document ?? null) === item.after
      found.push({ ...item, known, stands, done: stands || (await wasWritten(item, since)) })
    }
    // it was whole, and only its note was left
    if (found.every(({ done }) => done)) return
    for (const { id, before, known } of found.filter(({ stands }) => stands)) {
      const cause = background('a batch was left half done by a process that ended')
      const precondition = unchangedSince(known)
      await unlessOvertaken(changes.write(id, { cause, to: () => before ?? undefined, precondition, verbatim: true, what: 'taken back' }))
    }
  }

  return {
    async note(wanted, cause) {
      const items = wanted.map(({ id, changed: { before, after } }) => ({
        id,
        before: before?.document ?? null,
        after: after?.document ?? null
      }))
      const id = `batch-${hash([cause.request, now().toISOString(), ...items.map((item) => item.id)].join('\n'))}`
      const intent: Intent = { id, kind: 'batch', due: new Date(now().getTime() + deadAfterMs).toISOString(), items }
      const text = JSON.stringify(intent)
      if (text.length > maxIntent) {
        throw new CatalogueError(
          'too_large',
          `the batch changes ${text.length} characters of documents; at most ${maxIntent} can be all or none: split it`
        )
      }
      await leases.put(id, text)
      return id
    },

    async forget(note) {
      await leases.remove(note)
    },

    async takeBack({ before, after }, cause) {
      const id = (before ?? after)!.record.id
      const precondition = unchangedSince(after)
      await unlessOvertaken(changes.write(id, { cause, to: () => before?.document, precondition, verbatim: true, what: 'taken back' }))
    },

    async recover({ signal }) {
      const { items } = await leases.list({ where: [{ field: 'id', glob: 'batch-*' }], limit: 100 })
      let recovered = 0
      for (const { id, document, revision } of items) {
        // one is taken back whole, or left to the next process
        if (signal.aborted) break
        const intent = JSON.parse(document) as Intent
        if (intent.kind !== 'batch' || intent.due > now().toISOString()) continue
        await recoverOne(intent)
        await leases.remove(id, { revision }).catch(() => {}) // another replica did the same
        recovered++
      }
      return recovered
    }
  }
}

/** Whoever wrote in between saw what stood there, and meant what they wrote. */
export async function unlessOvertaken(writing: Promise<unknown>): Promise<void> {
  try {
    await writing
  } catch (error) {
    if (!isCatalogueError(error, 'precondition_failed')) throw error
  }
}
