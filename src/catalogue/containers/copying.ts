import { isCatalogueError } from '../../domain/errors.ts'
import { background } from '../../domain/history/entry.ts'
import type { Hash } from '../../domain/image/facts.ts'
import { pagesOf } from '../../domain/pages.ts'
import type { DocumentStore, StoredDocument, Stores } from '../../stores/document-store.ts'
import { createChanges, unchangedSince } from '../records/changes.ts'
import { createJournal } from '../records/journal.ts'

/** HySDS's three collections, and what we store about them. Tasks, leases and summaries are not copied: they are rebuilt. */
export const copiedCollections = ['containers', 'jobSpecs', 'hysdsIos', 'facts', 'buildStatuses', 'journal', 'releases', 'oci'] as const
export type CopiedCollection = (typeof copiedCollections)[number]

interface SourceDocument {
  id: string
  /** Its JSON text, byte for byte. */
  document: string
}

/** Where documents come from, a batch at a time; undefined for a collection that it does not have. */
export type CopySource = (collection: CopiedCollection) => AsyncIterable<readonly SourceDocument[]> | undefined

export interface CopyCount {
  /** Written where there was none. */
  created: number
  /** Written in place of another. */
  updated: number
  /** The target has the same bytes already. */
  same: number
  /** The target has another document, and keeps it. */
  kept: number
  /** The target store did not take it. */
  refused: number
}

export interface CopyOptions {
  /** Replace documents of the target also where they are not earlier copies. */
  overwrite: boolean
  /** Count what would be done, and write nothing. */
  dryRun: boolean
  /** For the journal, such as `copied from data`. */
  reason: string
  hash: Hash
  now: () => Date
  /** Called after every batch. */
  onProgress?: (collection: CopiedCollection, count: CopyCount) => void
  /** Called for every document that was not written. */
  onLeft?: (collection: CopiedCollection, left: { id: string; why: string }) => void
}

/** Reads every document of a store, in bounded batches: a specification may have 8 MiB. */
export const storeSource =
  (stores: Stores): CopySource =>
  (collection) =>
    documentsOf(stores[collection], collection === 'containers' ? 250 : 10)

async function* documentsOf(store: DocumentStore, limit: number): AsyncGenerator<readonly SourceDocument[]> {
  for await (const { items } of pagesOf(store.list, { limit })) yield items
}

/**
 * Copies documents byte for byte. It may be interrupted and repeated: what is there already is passed over. Another document under the
 * same id is left, because it may be newer, unless it is an earlier copy of ours that nobody changed since. Without a target all would be new.
 */
export async function copyCollections(
  { source, target }: { source: CopySource; target: Stores | undefined },
  options: CopyOptions
): Promise<Partial<Record<CopiedCollection, CopyCount>>> {
  const counts: Partial<Record<CopiedCollection, CopyCount>> = {}
  for (const collection of copiedCollections) {
    const batches = source(collection)
    if (!batches) continue
    const count = { created: 0, updated: 0, same: 0, kept: 0, refused: 0 }
    counts[collection] = count
    const copying = { ...options, collection, writer: target && writerFor(collection, target, options) }
    for await (const batch of batches) {
      const stored = (await target?.[collection].getMany(batch.map(({ id }) => id))) ?? []
      for (let at = 0; at < batch.length; at += atOnce) {
        const some = batch.slice(at, at + atOnce).map(async (one, offset) => {
          count[await copyOne(one, stored[at + offset], copying)] += 1
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
  /** Whether the target's document is an earlier copy that nobody changed. */
  isCopy(stored: StoredDocument): Promise<boolean>
  write(document: SourceDocument, stored: StoredDocument | undefined): Promise<unknown>
}

const copied = 'copied'

/** Records are written through `Changes`, so that their journal tells which of them are copies. */
function writerFor(collection: CopiedCollection, target: Stores, options: CopyOptions): Writer {
  if (collection !== 'containers') {
    return {
      isCopy: async () => false,
      write: ({ id, document }, stored) => target[collection].put(id, document, stored ? { revision: stored.revision } : { absent: true })
    }
  }
  const journal = createJournal(target.journal, options)
  const onAppendFailed = (error: unknown) => {
    throw error
  }
  const changes = createChanges({ ...options, containers: target.containers, journal, onAppendFailed })
  const change = { cause: background(options.reason), verbatim: true, what: copied }
  return {
    isCopy: async ({ id, revision }) => (await journal.ofRevision(id, revision))?.what === copied,
    write: ({ id, document }, stored) => changes.write(id, { ...change, precondition: unchangedSince(stored), to: () => document })
  }
}

interface Copying extends CopyOptions {
  collection: CopiedCollection
  /** Undefined without a target. */
  writer: Writer | undefined
}

async function copyOne(one: SourceDocument, stored: StoredDocument | undefined, copying: Copying): Promise<keyof CopyCount> {
  const { collection, writer, overwrite, dryRun, onLeft } = copying
  const left = (outcome: 'kept' | 'refused', why: string) => {
    onLeft?.(collection, { id: one.id, why })
    return outcome
  }
  if (stored?.document === one.document) return 'same'
  if (stored && !overwrite && !(await writer!.isCopy(stored))) return left('kept', 'the target has another document')
  const outcome = stored ? 'updated' : 'created'
  if (dryRun || !writer) return outcome
  try {
    await writer.write(one, stored)
    return outcome
  } catch (error) {
    if (isCatalogueError(error, 'precondition_failed', 'revision_conflict', 'already_exists')) {
      return left('kept', 'another program wrote it at the same time')
    }
    if (isCatalogueError(error, 'document_refused', 'id_invalid', 'too_large')) return left('refused', error.message)
    throw error
  }
}
