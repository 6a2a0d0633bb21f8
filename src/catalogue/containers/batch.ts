import type { Architecture } from '../../domain/architecture.ts'
import { broughtBy, type Edit } from '../../domain/container/container-edit.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import type { Cause } from '../../domain/history/entry.ts'
import { checkId } from '../../domain/limits.ts'
import { createKeyedMutex } from '../jobs/keyed-mutex.ts'
import type { Lease, Leases } from '../jobs/leases.ts'
import { checkPrecondition, type Precondition, type RecordChanged, toStoredRecord, unchangedSince } from '../records/changes.ts'
import { createIntents, type Intents, type IntentsParts, unlessOvertaken } from './batch-intents.ts'
import type { ContainerEdits } from './container-edits.ts'

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
export type BatchResult = { id: string; changed: RecordChanged } | { id: string; refused: unknown }

export interface Batches {
  /**
   * Every item or none. Stores have no transactions over documents, so others may see some of it for a moment; when one cannot be
   * written the others are taken back, also after the process was killed. Throws the refusal of the first item that is wrong, with its
   * place in `errors`; revision_conflict when others write all the while.
   */
  all(asked: BatchAsked): Promise<BatchResult[]>
  /** Each item by itself; items of one container in their order. */
  each(asked: BatchAsked): Promise<BatchResult[]>
  recover: Intents['recover']
}

export interface BatchParts extends IntentsParts {
  edits: ContainerEdits
  turns: Pick<Leases, 'acquire'>
}

const attempts = 10
const atOnce = 16
/** For a batch to wait for another. */
const longestWaitMs = 10_000
const pauseMs = 50

export function createBatches({ edits, turns, ...parts }: BatchParts): Batches {
  const { changes } = parts
  const intents = createIntents(parts)
  const withLock = createKeyedMutex()

  /** The edits of one container as one change; what is wrong with an item says which it is. */
  function changeOf(items: readonly Placed[], publicUrl: string) {
    return (known: RecordChanged['before']) => {
      let at = known
      for (const { id, edit, precondition, place } of items) {
        try {
          // about what stood there before the batch
          checkPrecondition(id, { before: known, precondition })
          const document = edits.documentOf({ id, edits: [edit], publicUrl })(at)
          at = document === undefined ? undefined : toStoredRecord(id, { document, revision: '' })
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

  /**
   * One batch at a time, whoever has the store: of two that overlapped each would take back what the other was just building on. Throws
   * revision_conflict when others are busy for too long.
   */
  function alone<Result>(work: (lease: Lease) => Promise<Result>): Promise<Result> {
    return withLock('', async () => {
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
    const results = (changed: Map<string, RecordChanged>) => asked.items.map(({ id }) => ({ id, changed: changed.get(id)! }))
    const wanted = rehearsed.filter(({ changed }) => !changed.unchanged)
    const made = new Map(rehearsed.map(({ id, changed }) => [id, changed]))
    if (asked.dryRun) return results(made)
    if (wanted.length === 0) {
      await noteArrivals(rehearsed, asked.cause)
      return results(made)
    }
    const note = await intents.note(wanted, asked.cause)
    const done: RecordChanged[] = []
    try {
      for (const [place, { id, to, changed, group }] of wanted.entries()) {
        if (place % 50 === 49 && !(await lease?.extend())) {
          throw new CatalogueError('revision_conflict', 'the batch took too long, and another one began; nothing was changed, try again')
        }
        const one = await changes.write(id, {
          cause: asked.cause,
          to,
          precondition: unchangedSince(changed.before),
          brought: broughtIn(group)
        })
        done.push(one)
        made.set(id, one)
      }
    } catch (error) {
      for (const one of done.reverse()) await intents.takeBack(one, asked.cause)
      await intents.forget(note)
      if (isCatalogueError(error, 'precondition_failed')) return undefined
      throw error
    }
    await intents.forget(note)
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
      await unlessOvertaken(changes.write(id, { cause, to, precondition: unchangedSince(changed.before), brought }))
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

    recover: intents.recover
  }
}

interface Placed extends BatchItem {
  /** In the batch. */
  place: number
}

interface Rehearsed {
  id: string
  group: Placed[]
  to: (known: RecordChanged['before']) => string | undefined
  changed: RecordChanged
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
