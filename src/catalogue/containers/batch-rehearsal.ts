import { broughtBy } from '../../domain/container/container-edit.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { workThrough } from '../jobs/concurrency.ts'
import { checkPrecondition, type RecordChanged, toStoredRecord } from '../records/changes.ts'
import type { BatchedEdit, BatchRequest } from './batch.ts'
import type { IdentifiedChange } from './batch-intents.ts'
import type { ContainerEdits } from './container-edits.ts'
import type { ContainerParts } from './parts.ts'

/** Containers of one batch that are worked on at once. */
export const atOnce = 16

interface PlacedEdit extends BatchedEdit {
  /** In the batch. */
  place: number
}

/** The edits of one container as one change, and what they would make of it. */
export interface Rehearsed extends IdentifiedChange {
  group: PlacedEdit[]
  to(stored: RecordChanged['before']): string | undefined
}

type RehearsalParts = Pick<ContainerParts, 'changes'> & { edits: ContainerEdits }

/** Returns what the edits of a batch would do, and writes nothing. Throws what is wrong with an edit, with its place. */
export async function rehearse({ edits, changes }: RehearsalParts, { items, publicUrl, cause }: BatchRequest): Promise<Rehearsed[]> {
  const rehearsed: Rehearsed[] = []
  const work = async ([id, group]: [string, PlacedEdit[]]): Promise<Rehearsed> => {
    const to = changeOf(edits, group, publicUrl)
    return { id, group, to, changed: await changes.write(id, { cause, dryRun: true, to }) }
  }
  await workThrough([...editsById(items)], { atOnce, work, done: (one) => rehearsed.push(one) })
  return rehearsed
}

/** Returns the change that edits of one container make together; an error names the item that is wrong. */
function changeOf(edits: ContainerEdits, group: PlacedEdit[], publicUrl: string): Rehearsed['to'] {
  return (stored) => {
    let next = stored
    for (const { id, edit, precondition, place } of group) {
      next = atPlace(place, () => {
        // a precondition is about the record before the batch
        checkPrecondition(id, { before: stored, precondition })
        const document = edits.documentOf({ id, edits: [edit], publicUrl })(next)
        return document === undefined ? undefined : toStoredRecord(id, { document, revision: '' })
      })
    }
    return next?.document
  }
}

export function editsById(items: readonly BatchedEdit[]): Map<string, PlacedEdit[]> {
  const groups = new Map<string, PlacedEdit[]>()
  for (const [place, item] of items.entries()) {
    groups.set(item.id, [...(groups.get(item.id) ?? []), { ...item, place }])
  }
  return groups
}

export const broughtIn = (group: readonly PlacedEdit[]) => group.flatMap(({ edit }) => broughtBy(edit))

/** Adds the item's place in the batch to an error. */
export function atPlace<Result>(place: number, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (!isCatalogueError(error)) throw error
    const errors = [{ path: `items[${place}]`, message: error.message }]
    const details = { ...error.details, errors }
    throw new CatalogueError(error.code, `items[${place}]: ${error.message}; nothing was changed`, { cause: error, details })
  }
}
