import type { Edit } from '../../domain/container/container-edit.ts'
import { checkedEdit } from '../../domain/container/posted-urls.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import type { Cause } from '../../domain/history/entry.ts'
import { createKeyedMutex } from '../../domain/keyed-mutex.ts'
import { checkId } from '../../domain/limits.ts'
import { overtaken, retryOvertaken } from '../jobs/compare-and-swap.ts'
import { workThrough } from '../jobs/concurrency.ts'
import type { Lease } from '../jobs/leases.ts'
import { type Precondition, unchangedSince } from '../records/changes.ts'
import type { ChangeContext } from '../records/image-records.ts'
import { type BatchCommit, type BatchCommits, createBatchCommits } from './batch-commit.ts'
import { batchLeaseMs, createIntents, type IdentifiedChange, type Intents, unlessOvertaken } from './batch-intents.ts'
import { atOnce, atPlace, broughtIn, editsById, type Rehearsed, rehearse } from './batch-rehearsal.ts'
import type { ContainerEdits } from './container-edits.ts'
import type { ContainerParts } from './parts.ts'

export interface BatchedEdit {
  id: string
  edit: Edit
  precondition?: Precondition | undefined
}

export interface BatchRequest extends Pick<ChangeContext, 'publicUrl' | 'cause' | 'warn'> {
  items: readonly BatchedEdit[]
  dryRun: boolean
  /** What becomes valid together with the records. */
  commit?: BatchCommit
  /** Whether containers that a channel or a release names may be changed as well. */
  force?: boolean
}

/** The result of an item: the change that it is part of, or why it was refused. */
export type BatchOutcome = IdentifiedChange | { id: string; refused: unknown }

export interface Batches {
  /**
   * Carries out every item or none. Other readers may see some of it for a moment; when one cannot be written the others are taken back,
   * also after the process was killed. Throws the first item's refusal, with its place in `errors`; revision_conflict when writers keep
   * coming in between.
   */
  all(request: BatchRequest): Promise<BatchOutcome[]>
  /** Carries out each item by itself; items of one container in their order. */
  each(request: BatchRequest): Promise<BatchOutcome[]>
  recover: Intents['recover']
  /** Recovers every batch at once. To be called at the start of a process that is alone with its store. */
  restart(): Promise<number>
}

interface BatchContext extends ContainerParts {
  edits: ContainerEdits
  intents: Intents
  commits: BatchCommits
}

/** How long a batch waits for another one. */
const longestWaitMs = 10_000
const pauseMs = 50

export function createBatches(parts: ContainerParts & { edits: ContainerEdits }): Batches {
  const commits = createBatchCommits({ releases: parts.stores.releases, facts: parts.facts })
  const context = { ...parts, commits, intents: createIntents({ ...parts, commits }) }
  const withLock = createKeyedMutex()
  return {
    async all(given) {
      const posted = { addresses: [given.publicUrl, ...parts.addresses()], warn: given.warn }
      const checked = ({ id, edit, ...item }: BatchedEdit) => ({ ...item, id: checkId(id), edit: checkedEdit(edit, posted) })
      const request = { ...given, items: given.items.map((item, place) => atPlace(place, () => checked(item))) }
      if (request.dryRun) return outcomesOf(request, await rehearse(context, request))
      const message = 'other writers keep changing these containers; nothing was changed, try again'
      const work = async (lease: Lease) => {
        // whoever left a note behind is dead, as it lost the lease
        if (request.commit) await context.intents.recoverAll()
        return retryOvertaken(() => attempt(context, request, lease), message)
      }
      return withLock('', () => alone(parts, work))
    },
    each: (request) => each(context, request),
    recover: context.intents.recover,
    async restart() {
      await parts.leases.end('batches')
      return context.intents.recoverAll()
    }
  }
}

/** Runs one batch at a time among all replicas: of two at once, each would take back what the other builds on. */
async function alone<Result>({ leases }: ContainerParts, work: (lease: Lease) => Promise<Result>): Promise<Result> {
  for (let waited = 0; waited < longestWaitMs; waited += pauseMs) {
    const lease = await leases.acquire('batches', batchLeaseMs)
    if (lease) return work(lease).finally(() => lease.release({}))
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  throw new CatalogueError('revision_conflict', 'other batches are still running; nothing was changed, try again')
}

const outcomesOf = ({ items }: BatchRequest, made: readonly IdentifiedChange[]): BatchOutcome[] => {
  const changes = new Map(made.map(({ id, changed }) => [id, changed]))
  return items.map(({ id }) => ({ id, changed: changes.get(id)! }))
}

/** Returns `overtaken` when another writer came in between; then everything is as it was. */
async function attempt(context: BatchContext, request: BatchRequest, lease: Lease): Promise<BatchOutcome[] | typeof overtaken> {
  const { edits, intents, commits } = context
  const { cause, commit, publicUrl } = request
  if (commit) await commits.check(commit)
  const rehearsed = await rehearse(context, request)
  const wanted = rehearsed.filter(({ changed }) => !changed.unchanged)
  const made: IdentifiedChange[] = []
  if (wanted.length > 0 || commit) {
    const note = await intents.note({ wanted, cause, commit })
    try {
      await writeAll(context, { wanted, request, lease, made })
      if (commit) await commits.finish(commit)
    } catch (error) {
      for (const { changed } of made.reverse()) await intents.takeBack(changed, cause)
      await intents.forget(note)
      if (isCatalogueError(error, 'precondition_failed')) return overtaken
      throw error
    }
    await intents.forget(note)
    const groups = new Map(wanted.map(({ id, group }) => [id, group]))
    for (const { id, changed } of made) {
      if (changed.after) await edits.made({ id, publicUrl, edits: groups.get(id)!.map(({ edit }) => edit) }, changed.after)
    }
  }
  await noteArrivals(context, rehearsed, request.cause)
  return outcomesOf(request, [...rehearsed, ...made])
}

interface Writes {
  request: BatchRequest
  lease: Lease
  wanted: readonly Rehearsed[]
  /** Receives each written change, also when another one fails. */
  made: IdentifiedChange[]
}

/** How many writes fit into one lease on any store. */
const writesPerLease = 48

async function writeAll({ changes }: BatchContext, { wanted, request, lease, made }: Writes): Promise<void> {
  const work = async ({ id, to, changed, group }: Rehearsed): Promise<IdentifiedChange> => {
    const precondition = unchangedSince(changed.before)
    return { id, changed: await changes.write(id, { cause: request.cause, to, precondition, brought: broughtIn(group) }) }
  }
  for (let at = 0; at < wanted.length; at += writesPerLease) {
    if (at > 0 && !(await lease.extend())) {
      throw new CatalogueError('revision_conflict', 'the batch took too long, and another one began; nothing was changed, try again')
    }
    await workThrough(wanted.slice(at, at + writesPerLease), { atOnce, work, done: (one) => made.push(one) })
  }
}

/** Notes the arrival of images that the record has already, which need no write. */
async function noteArrivals({ changes }: BatchContext, rehearsed: readonly Rehearsed[], cause: Cause): Promise<void> {
  for (const { id, to, changed, group } of rehearsed) {
    const brought = broughtIn(group)
    if (!changed.unchanged || brought.length === 0) continue
    await unlessOvertaken(changes.write(id, { cause, to, precondition: unchangedSince(changed.before), brought }))
  }
}

async function each({ edits }: BatchContext, { items, ...request }: BatchRequest): Promise<BatchOutcome[]> {
  const outcomes: BatchOutcome[] = new Array(items.length)
  const groups = [...editsById(items).values()]
  const worker = async () => {
    for (let group = groups.shift(); group; group = groups.shift()) {
      for (const { id, edit, precondition, place } of group) {
        outcomes[place] = await edits.apply({ ...request, id, edits: [edit], precondition }).then(
          (changed) => ({ id, changed }),
          (refused: unknown) => ({ id, refused })
        )
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, groups.length) }, worker))
  return outcomes
}
