import type { Architecture } from '../domain/architecture.ts'
import { broughtBy, type Edit } from '../domain/container-edit.ts'
import type { Cause } from '../domain/entry.ts'
import { background } from '../domain/entry.ts'
import { CatalogueError, isCatalogueError } from '../domain/errors.ts'
import type { Hash } from '../domain/facts.ts'
import { checkId } from '../domain/limits.ts'
import type { DocumentStore } from '../stores/document-store.ts'
import { type Changed, type Changes, checkPrecondition, knownOf, type Precondition } from './changes.ts'
import type { ContainerEdits } from './container-edits.ts'
import type { Journal } from './journal.ts'
import type { Lease, Leases } from './leases.ts'
import { createTurns } from './turns.ts'

export interface BatchItem {
  id: string
  edit: Edit
  precondition?: Precondition | undefined
}

export interface BatchAsked {
  items: readonly BatchItem[]
  publicUrl: string
  cause: Cause
  dryRun: boolean
}

/** What became of an item: the change that it is a part of, or why it was refused. */
export type BatchResult = { id: string; changed: Changed } | { id: string; refused: unknown }

export interface Batches {
  /**
   * Every item or none. Stores have no transactions over documents, so others may see some of it for a moment; when one cannot be
   * written the others are taken back, also after the process was killed. Throws the refusal of the first item that is wrong, with its
   * place in `errors`; revision_conflict when others write all the while.
   */
  all(asked: BatchAsked): Promise<BatchResult[]>
  /** Each item by itself; items of one container in their order. */
  each(asked: BatchAsked): Promise<BatchResult[]>
  /** Takes back what a process that was killed left half done. How many batches there were. */
  recover(options: { signal: AbortSignal }): Promise<number>
}

export interface BatchParts {
  changes: Changes
  edits: ContainerEdits
  journal: Pick<Journal, 'ofContainer'>
  /** Where it is noted what is under way. */
  leases: DocumentStore
  turns: Pick<Leases, 'acquire'>
  hash: Hash
  now: () => Date
}

/** What is under way, so that it can be taken back. */
interface Intent {
  id: string
  kind: 'batch'
  /** ISO 8601: from when whoever began it is taken for dead. */
  due: string
  items: { id: string; before: string | null; after: string | null }[]
}

const deadAfterMs = 600_000
const maxIntent = 8 * 1024 * 1024
const attempts = 10
/** Of the newest entries about a record. */
const maxLookedAt = 200
const atOnce = 16
/** For a batch to wait for another. */
const longestWaitMs = 10_000
const pauseMs = 50

export function createBatches(parts: BatchParts): Batches {
  const { changes, edits, journal, leases, turns, hash, now } = parts
  const inTurn = createTurns()

  /** The edits of one container as one change; what is wrong with an item says which it is. */
  function changeOf(items: readonly Placed[], publicUrl: string) {
    return (known: Changed['before']) => {
      let at = known
      for (const { id, edit, precondition, place } of items) {
        try {
          // about what stood there before the batch
          checkPrecondition(id, { before: known, precondition })
          const document = edits.documentOf({ id, edits: [edit], publicUrl })(at)
          at = document === undefined ? undefined : knownOf(id, { document, revision: '' })
        } catch (error) {
          throw placed(error, place)
        }
      }
      return at?.document
    }
  }

  async function rehearse({ items, publicUrl, cause }: BatchAsked): Promise<Rehearsed[]> {
    const rehearsed: Rehearsed[] = []
    for (const [id, group] of grouped(items)) {
      const to = changeOf(group, publicUrl)
      rehearsed.push({ id, group, to, changed: await changes.write(id, { cause, dryRun: true, to }) })
    }
    return rehearsed
  }

  async function note(rehearsed: Rehearsed[], cause: Cause): Promise<Intent> {
    const items = rehearsed.map(({ id, changed: { before, after } }) => ({
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
    return intent
  }

  /**
   * One batch at a time, whoever has the store: of two that overlapped each would take back what the other was just building on. Throws
   * revision_conflict when others are busy for too long.
   */
  function alone<Result>(work: (lease: Lease) => Promise<Result>): Promise<Result> {
    return inTurn('', async () => {
      for (let waited = 0; waited < longestWaitMs; waited += pauseMs) {
        const lease = await turns.acquire('batches')
        if (lease) return work(lease).finally(() => lease.release({}))
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
      throw new CatalogueError('revision_conflict', 'other batches are under way all the while; nothing was changed, try again')
    })
  }

  /** Undefined when somebody else wrote in between; then everything is as it was. */
  async function attempt(asked: BatchAsked, lease?: Lease): Promise<BatchResult[] | undefined> {
    const rehearsed = await rehearse(asked)
    const results = (changed: Map<string, Changed>) => asked.items.map(({ id }) => ({ id, changed: changed.get(id)! }))
    const wanted = rehearsed.filter(({ changed }) => !changed.unchanged)
    const made = new Map(rehearsed.map(({ id, changed }) => [id, changed]))
    if (asked.dryRun) return results(made)
    if (wanted.length === 0) {
      await noteArrivals(rehearsed, asked.cause)
      return results(made)
    }
    const intent = await note(wanted, asked.cause)
    const done: Changed[] = []
    try {
      for (const [place, { id, to, changed, group }] of wanted.entries()) {
        if (place % 50 === 49 && !(await lease?.extend())) {
          throw new CatalogueError('revision_conflict', 'the batch took too long, and another one began; nothing was changed, try again')
        }
        const one = await changes.write(id, { cause: asked.cause, to, precondition: standing(changed), brought: broughtIn(group) })
        done.push(one)
        made.set(id, one)
      }
    } catch (error) {
      for (const one of done.reverse()) await takeBack(one, asked.cause)
      await leases.remove(intent.id)
      if (isCatalogueError(error, 'precondition_failed')) return undefined
      throw error
    }
    await leases.remove(intent.id)
    for (const { id, group } of wanted) {
      const { after } = made.get(id)!
      if (after) await edits.made({ ...asked, id, edits: group.map(({ edit }) => edit) }, after)
    }
    await noteArrivals(rehearsed, asked.cause)
    return results(made)
  }

  /** An image that came and is the one that stood there is nothing to write, but it has come. */
  async function noteArrivals(rehearsed: Rehearsed[], cause: Cause): Promise<void> {
    for (const { id, to, changed, group } of rehearsed) {
      const brought = broughtIn(group)
      if (!changed.unchanged || brought.length === 0) continue
      await unlessOvertaken(changes.write(id, { cause, to, precondition: standing(changed), brought }))
    }
  }

  /** Unless somebody else wrote on top of it: that one saw it, and meant it. */
  async function takeBack({ before, after }: Changed, cause: Cause): Promise<void> {
    const id = (before ?? after)!.record.id
    const precondition: Precondition = after ? { revisions: [after.revision] } : { absent: true }
    await unlessOvertaken(changes.write(id, { cause, to: () => before?.document, precondition, verbatim: true, what: 'taken back' }))
  }

  /** Whether the batch came as far as this one, though somebody else wrote since: then the history tells. */
  async function wasWritten({ id, before, after }: Intent['items'][number], since: string): Promise<boolean> {
    const { items } = await journal.ofContainer(id, { kind: 'record', limit: maxLookedAt, fresh: true })
    return items.some((entry) => entry.at >= since && entry.before === before && entry.after === after)
  }

  async function recoverOne({ items, due }: Intent): Promise<void> {
    const since = new Date(Date.parse(due) - deadAfterMs).toISOString()
    const found: { id: string; before: string | null; known: Changed['before']; stands: boolean; done: boolean }[] = []
    for (const item of items) {
      const known = await changes.find(item.id)
      const stands = (known?.document ?? null) === item.after
      found.push({ ...item, known, stands, done: stands || (await wasWritten(item, since)) })
    }
    // it was whole, and only its note was left
    if (found.every(({ done }) => done)) return
    for (const { id, before, known } of found.filter(({ stands }) => stands)) {
      const cause = background('a batch was left half done by a process that ended')
      const precondition: Precondition = known ? { revisions: [known.revision] } : { absent: true }
      await unlessOvertaken(changes.write(id, { cause, to: () => before ?? undefined, precondition, verbatim: true, what: 'taken back' }))
    }
  }

  return {
    async all(asked) {
      for (const [place, { id }] of asked.items.entries()) checkIdAt(id, place)
      if (asked.dryRun) return (await attempt(asked))!
      return alone(async (lease) => {
        for (let i = 0; i < attempts; i++) {
          const results = await attempt(asked, lease)
          if (results) return results
        }
        throw new CatalogueError('revision_conflict', 'others write to these containers all the while; nothing was changed, try again')
      })
    },

    async each({ items, ...circumstances }) {
      const results: BatchResult[] = new Array(items.length)
      const groups = [...grouped(items).values()]
      const worker = async () => {
        for (let group = groups.shift(); group; group = groups.shift()) {
          for (const { id, edit, precondition, place } of group) {
            results[place] = await edits.apply({ ...circumstances, id, edits: [edit], precondition }).then(
              (changed) => ({ id, changed }),
              (refused: unknown) => ({ id, refused })
            )
          }
        }
      }
      await Promise.all(Array.from({ length: Math.min(atOnce, groups.length) }, worker))
      return results
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

interface Placed extends BatchItem {
  /** In the batch. */
  place: number
}

interface Rehearsed {
  id: string
  group: Placed[]
  to: (known: Changed['before']) => string | undefined
  changed: Changed
}

function grouped(items: readonly BatchItem[]): Map<string, Placed[]> {
  const groups = new Map<string, Placed[]>()
  for (const [place, item] of items.entries()) {
    const group = groups.get(item.id)
    if (group) group.push({ ...item, place })
    else groups.set(item.id, [{ ...item, place }])
  }
  return groups
}

const broughtIn = (group: readonly Placed[]): Architecture[] => group.flatMap(({ edit }) => broughtBy(edit))

/** Whoever wrote in between saw what stood there, and meant what they wrote. */
async function unlessOvertaken(writing: Promise<unknown>): Promise<void> {
  try {
    await writing
  } catch (error) {
    if (!isCatalogueError(error, 'precondition_failed')) throw error
  }
}

const standing = ({ before }: Changed): Precondition => (before ? { revisions: [before.revision] } : { absent: true })

/** The same error, which says of which item it tells. */
function placed(error: unknown, place: number): unknown {
  if (!isCatalogueError(error)) return error
  const errors = [{ path: `items[${place}]`, message: error.message }]
  return new CatalogueError(error.code, `items[${place}]: ${error.message}; nothing was changed`, {
    cause: error,
    details: { ...error.details, errors }
  })
}

function checkIdAt(id: string, place: number): void {
  try {
    checkId(id)
  } catch (error) {
    throw placed(error, place)
  }
}
