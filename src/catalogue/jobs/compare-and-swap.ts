import { CatalogueError, type ErrorCode, isCatalogueError } from '../../domain/errors.ts'
import type { DocumentStore, StoredDocument } from '../../stores/document-store.ts'

/** What an attempt returns when another writer was first, and it must read and decide again. */
export const overtaken = Symbol('overtaken')

const maxAttempts = 50

/** Repeats an attempt until no other writer comes in between. Throws revision_conflict with `tooMany` as its message when that never happens. */
export async function retryOvertaken<Result>(
  attempt: (attempts: number) => Promise<Result | typeof overtaken>,
  tooMany: string
): Promise<Result> {
  for (let attempts = 1; attempts <= maxAttempts; attempts++) {
    const result = await attempt(attempts)
    if (result !== overtaken) return result
  }
  throw new CatalogueError('revision_conflict', tooMany)
}

/** What becomes of a stored document, and whatever else the caller needs from the attempt that succeeded. */
interface Decision {
  /** The text to store; undefined removes what is stored. */
  document: string | undefined
  /** Leave what is stored as it is. */
  keep?: boolean | undefined
}

interface SwapRequest<Made extends Decision> {
  id: string
  /** What the document is about, for the message when too many writers compete. */
  subject: string
  /** May be called several times. When it throws, the swap ends. */
  decide(stored: StoredDocument | undefined): Made | Promise<Made>
}

/** Replaces a document by what `decide` returns, again when another writer was first. Returns the decision and the new revision. */
export function compareAndSwap<Made extends Decision>(store: DocumentStore, request: SwapRequest<Made>) {
  const { id, subject, decide } = request
  return retryOvertaken(async (attempts) => {
    const stored = await store.get(id)
    const made = await decide(stored)
    if (made.keep || (!stored && made.document === undefined)) return { made, revision: stored?.revision, attempts }
    const written = await writeUnlessOvertaken(store, { id, document: made.document, revision: stored?.revision })
    return written === overtaken ? overtaken : { made, revision: written, attempts }
  }, `${subject} is changed by too many writers at once; try again`)
}

interface ConditionalWrite {
  id: string
  /** Undefined removes. */
  document: string | undefined
  /** What must be stored for the write to happen; undefined: nothing may be. */
  revision: string | undefined
}

/** Returns the new revision, undefined after a removal, or `overtaken` when another revision is stored. */
export async function writeUnlessOvertaken(store: DocumentStore, write: ConditionalWrite): Promise<string | undefined | typeof overtaken> {
  const { id, document, revision } = write
  try {
    if (document === undefined) return (await store.remove(id, { revision: revision! })) ? undefined : overtaken
    return (await store.put(id, document, revision === undefined ? { absent: true } : { revision })).revision
  } catch (error) {
    if (isCatalogueError(error, 'revision_conflict', 'already_exists')) return overtaken
    throw error
  }
}

/** Waits for a write, and ignores errors with these codes. */
export async function ignoring(writing: Promise<unknown>, ...codes: ErrorCode[]): Promise<void> {
  await writing.catch((error) => {
    if (!isCatalogueError(error, ...codes)) throw error
  })
}
