import { isCatalogueError } from '../../domain/errors.ts'
import { background } from '../../domain/history/entry.ts'
import type { Hash } from '../../domain/image/facts.ts'
import type { DocumentStore, Stored, Stores } from '../../stores/document-store.ts'
import { type Changes, createChanges, unchangedSince } from '../records/changes.ts'
import { createJournal, type Journal } from '../records/journal.ts'

/** HySDS's three, and what we know beside them. Tasks, leases and summaries are of the moment, and make themselves anew. */
export const copiedCollections = ['containers', 'jobSpecs', 'hysdsIos', 'facts', 'buildStatuses', 'journal'] as const
export type CopiedCollection = (typeof copiedCollections)[number]

export interface SourceDocument {
  id: string
  /** Its JSON text, as it stands there. */
  document: string
}

/** Where documents come from, a batch at a time; undefined for a collection that it does not have. */
export type CopySource = (collection: CopiedCollection) => AsyncIterable<readonly SourceDocument[]> | undefined

export interface CopyCount {
  /** Written, where there was none. */
  created: number
  /** Written in place of another. */
  updated: number
  /** Byte for byte there already. */
  same: number
  /** Another document stands there, and was left. */
  kept: number
  /** The store did not take it. */
  refused: number
}

export interface CopyOptions {
  /** Replace what stands there and is not an earlier copy of ours. */
  overwrite: boolean
  /** Only say what would be done. */
  dryRun: boolean
  /** For the journal, such as `copied from data`. */
  reason: string
  hash: Hash
  now: () => Date
  /** A batch is done. */
  onProgress?: (collection: CopiedCollection, count: CopyCount) => void
  /** A document was not written. */
  onLeft?: (collection: CopiedCollection, left: { id: string; why: string }) => void
}

/** Every document of a store, in bounded batches: a specification may have 8 MiB. */
export const storeSource =
  (stores: Stores): CopySource =>
  (collection) =>
    pages(stores[collection], collection === 'containers' ? 250 : 10)

async function* pages(store: DocumentStore, limit: number): AsyncGenerator<readonly SourceDocument[]> {
  let cursor: string | undefined
  do {
    const page = await store.list({ limit, ...(cursor !== undefined && { cursor }) })
    yield page.items
    cursor = page.next
  } while (cursor !== undefined)
}

/**
 * Copies documents byte for byte. It may be interrupted and repeated: what is there already is passed over. Another document under the
 * same id is left, because it may be newer, unless it is an earlier copy of ours that nobody changed since. Without a target all would be new.
 */
export async function copyDocuments(
  { source, target }: { source: CopySource; target: Stores | undefined },
  options: CopyOptions
): Promise<Partial<Record<CopiedCollection, CopyCount>>> {
  const journal = target && createJournal(target.journal, options)
  const onAppendFailed = (error: unknown) => {
    throw error
  }
  const changes = journal && createChanges({ ...options, containers: target.containers, journal, onAppendFailed })
  const counts: Partial<Record<CopiedCollection, CopyCount>> = {}
  for (const collection of copiedCollections) {
    const batches = source(collection)
    if (!batches) continue
    const count = { created: 0, updated: 0, same: 0, kept: 0, refused: 0 }
    counts[collection] = count
    const writer = target && writerFor(collection, { target, changes: changes!, journal: journal!, options })
    for await (const batch of batches) {
      const standing = (await target?.[collection].getMany(batch.map(({ id }) => id))) ?? []
      for (let at = 0; at < batch.length; at += atOnce) {
        const some = batch.slice(at, at + atOnce).map(async (one, offset) => {
          count[await copyOne(one, { collection, standing: standing[at + offset], writer, options })] += 1
        })
        await Promise.all(some)
      }
      options.onProgress?.(collection, count)
    }
  }
  return counts
}

const atOnce = 16

interface Writer {
  /** Whether what stands there is a copy of ours that nobody changed. */
  isCopy(standing: Stored): Promise<boolean>
  write(document: SourceDocument, standing: Stored | undefined): Promise<unknown>
}

interface WriterParts {
  target: Stores
  changes: Changes
  journal: Journal
  options: CopyOptions
}

const copied = 'copied'

/** Records go through their one door, and their journal tells of it; it also tells which of them are copies. */
function writerFor(collection: CopiedCollection, { target, changes, journal, options }: WriterParts): Writer {
  if (collection !== 'containers') {
    return {
      isCopy: async () => false,
      write: ({ id, document }, standing) =>
        target[collection].put(id, document, standing ? { revision: standing.revision } : { absent: true })
    }
  }
  return {
    isCopy: async ({ id, revision }) => (await journal.ofRevision(id, revision))?.what === copied,
    write: ({ id, document }, standing) =>
      changes.write(id, {
        cause: background(options.reason),
        precondition: unchangedSince(standing),
        to: () => document,
        verbatim: true,
        what: copied
      })
  }
}

interface OneCopy {
  collection: CopiedCollection
  standing: Stored | undefined
  writer: Writer | undefined
  options: CopyOptions
}

async function copyOne(one: SourceDocument, { collection, standing, writer, options }: OneCopy): Promise<keyof CopyCount> {
  const left = (outcome: 'kept' | 'refused', why: string) => {
    options.onLeft?.(collection, { id: one.id, why })
    return outcome
  }
  if (standing?.document === one.document) return 'same'
  if (standing && !options.overwrite && !(await writer!.isCopy(standing))) return left('kept', 'another document stands there')
  const outcome = standing ? 'updated' : 'created'
  if (options.dryRun || !writer) return outcome
  try {
    await writer.write(one, standing)
    return outcome
  } catch (error) {
    if (isCatalogueError(error, 'precondition_failed', 'revision_conflict', 'already_exists')) {
      return left('kept', 'somebody wrote it at the same time')
    }
    if (isCatalogueError(error, 'document_refused', 'id_invalid', 'too_large')) return left('refused', error.message)
    throw error
  }
}
