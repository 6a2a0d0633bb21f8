import type { Architecture } from '../../domain/architecture.ts'
import { type ContainerRecord, fromDocument } from '../../domain/container/document.ts'
import { fingerprintOf } from '../../domain/container/fingerprint.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { diffOf, summaryOf } from '../../domain/history/diff.ts'
import type { Cause, JournalEntry } from '../../domain/history/entry.ts'
import type { Hash } from '../../domain/image/facts.ts'
import type { Release } from '../../domain/image/task.ts'
import { createKeyedMutex } from '../../domain/keyed-mutex.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import { compareAndSwap } from '../jobs/compare-and-swap.ts'
import { createListeners } from '../jobs/listeners.ts'
import type { Journal, NewEntry } from './journal.ts'

/** A record with the document and the revision that it was read from. */
export interface StoredRecord {
  record: ContainerRecord
  revision: string
  document: string
}

/** What must be stored for a change to happen: a record, or one image of it. Otherwise it is refused as precondition_failed. */
export type Precondition = ({ absent: true } | { present: true } | { revisions: readonly string[] }) & { image?: Architecture | undefined }

/** Requires that what was read is still what is stored. */
export const unchangedSince = (before: { revision: string } | undefined): Precondition =>
  before ? { revisions: [before.revision] } : { absent: true }

export interface RecordChange {
  cause: Cause
  /** Returns the document to store, given what is stored now; undefined removes it. Called again when another writer was first. */
  to(stored: StoredRecord | undefined): string | undefined
  precondition?: Precondition | undefined
  /** Returns what would happen, and writes nothing. */
  dryRun?: boolean | undefined
  /** Writes a document that means the same too: Mozart's clients may read its very bytes. */
  verbatim?: boolean
  /** The journal's word for the change; default created, changed or removed. */
  what?: string
  /** The images that the caller brings: they count as new even where the URL is the same. Default: those whose URL changes. */
  brought?: 'all' | readonly Architecture[] | undefined
}

export interface RecordChanged {
  before: StoredRecord | undefined
  /** The record as it is now, or would be after a dry run; undefined when there is none. */
  after: StoredRecord | undefined
  /** Whether the record meant the same before. */
  unchanged: boolean
  /** Fingerprints of what the record meant and means. */
  meant: { before: string | undefined; after: string | undefined }
  /** 1, and one more for each writer that came in between. */
  attempts: number
  /** Our tarballs that neither the record nor a pending image names any more. */
  released: readonly Release[]
}

/** Called for a change before its writer is answered. Returns the tarballs that the change releases. */
export type ChangeHook<Changed> = (id: string, changed: Changed) => Promise<readonly Release[]>
type ChangeNotice = [id: string, notice: { changed: RecordChanged; entry: JournalEntry | undefined }]

type IntentCheck = (before: StoredRecord, meant: { before: string; after: string }) => Promise<void>

/** A change with the images that its caller brought. */
export interface RecordArrival extends Pick<RecordChanged, 'before' | 'after'>, Pick<RecordChange, 'brought'> {
  /** Those whose content is known to be new under the URL that they had. */
  rebuilt?: readonly Architecture[]
}

/** The only way to change records: by compare-and-swap, with a journal entry for each change of meaning. */
export interface Changes {
  find(id: string): Promise<StoredRecord | undefined>
  /** Throws container_unknown. */
  read(id: string): Promise<StoredRecord>
  /** Throws what `to` throws, precondition_failed, and what a store refuses. */
  write(id: string, change: RecordChange): Promise<RecordChanged>
  /** Calls `check` before the meaning of a record changes, also in a dry run. What it throws refuses the change. */
  onIntent(check: IntentCheck): void
  /** Calls `hook` after every write and what follows from it, and for images that were brought without changing the record. */
  onArrival(hook: ChangeHook<RecordArrival>): void
  /** Subscribes to every write with its journal entry; undefined when the journal could not take it or the meaning is the same. */
  onChange(listener: (...notice: ChangeNotice) => void): void
}

export interface ChangesParts {
  containers: DocumentStore
  journal: Pick<Journal, 'append'>
  hash: Hash
  /** Called for every write, while the journal takes its entry. Never throws. */
  onWrite?: ChangeHook<RecordChanged> | undefined
  /** The change is stored, but the journal could not take its entry: the next sweep finds the change, but not who made it. */
  onAppendFailed(error: unknown, id: string): void
}

export function createChanges(parts: ChangesParts): Changes {
  const withLock = createKeyedMutex()
  const changes = createListeners<ChangeNotice>()
  let arrivalHook: ChangeHook<RecordArrival> | undefined
  let intentCheck: IntentCheck | undefined

  async function find(id: string): Promise<StoredRecord | undefined> {
    const stored = await parts.containers.get(id)
    return stored && toStoredRecord(id, stored)
  }

  async function swap(id: string, change: RecordChange): Promise<RecordChanged> {
    const changed = await swapRecord({ ...parts, intentCheck }, id, change)
    if (change.dryRun || !isWritten(changed)) return changed
    const appended = changed.unchanged ? undefined : append(parts, entryOf(id, change, changed))
    // at once: until then a tarball that the record names again may still be due for removal
    const [released = [], entry] = await Promise.all([parts.onWrite?.(id, changed), appended])
    changes.notify(id, { changed, entry })
    return { ...changed, released }
  }

  async function arrived(id: string, changed: RecordChanged, brought: RecordChange['brought']) {
    if (!isWritten(changed) && !brought?.length) return changed
    try {
      const { before, after } = changed
      const released = await arrivalHook?.(id, { before, after, brought })
      return { ...changed, released: [...changed.released, ...(released ?? [])] }
    } catch (error) {
      parts.onAppendFailed(error, id)
      return changed
    }
  }

  return {
    find,
    async read(id) {
      const stored = await find(id)
      if (stored) return stored
      throw new CatalogueError('container_unknown', `container not found: ${id}`)
    },
    async write(id, change) {
      if (change.dryRun) return swap(id, change)
      // one at a time: writers in this process need not try again because of one another
      const changed = await withLock(id, () => swap(id, change))
      return arrived(id, changed, change.brought)
    },
    onIntent(check) {
      intentCheck = check
    },
    onArrival(hook) {
      arrivalHook = hook
    },
    onChange: changes.listen
  }
}

const isWritten = ({ before, after }: RecordChanged): boolean => before?.revision !== after?.revision

type SwapParts = ChangesParts & { intentCheck: IntentCheck | undefined }

async function swapRecord(parts: SwapParts, id: string, change: RecordChange): Promise<RecordChanged> {
  const { containers, hash, intentCheck } = parts
  const meaning = (stored: StoredRecord | undefined) => stored && fingerprintOf(stored.record, hash)
  const { made, revision, attempts } = await compareAndSwap(containers, {
    id,
    subject: id,
    async decide(stored) {
      const before = stored && toStoredRecord(id, stored)
      checkPrecondition(id, { before, precondition: change.precondition })
      const document = change.to(before)
      const after = document === undefined ? undefined : toStoredRecord(id, { document, revision: before?.revision ?? '' })
      const meant = { before: meaning(before), after: meaning(after) }
      const unchanged = meant.before === meant.after
      if (before && after && !unchanged) await intentCheck?.(before, { before: meant.before!, after: meant.after! })
      const keep = change.dryRun || (unchanged && (!change.verbatim || document === before?.document))
      return { document, keep, before, after, meant, unchanged }
    }
  })
  const { before, meant, unchanged, keep } = made
  const kept = unchanged ? before : made.after
  const after = keep ? kept : made.after && { ...made.after, revision: revision! }
  return { before, after, unchanged, meant, attempts, released: [] }
}

async function append({ journal, onAppendFailed }: ChangesParts, entry: NewEntry): Promise<JournalEntry | undefined> {
  try {
    return await journal.append(entry)
  } catch (error) {
    onAppendFailed(error, entry.container)
    return undefined
  }
}

function entryOf(id: string, change: RecordChange, { before, after, meant }: RecordChanged): NewEntry {
  const what = change.what ?? (before === undefined ? 'created' : after === undefined ? 'removed' : 'changed')
  const differences = diffOf(before?.record, after?.record)
  const architectures = new Set(differences.flatMap(({ architecture }) => architecture ?? []))
  return {
    container: id,
    kind: 'record',
    what,
    by: change.cause,
    summary: summaryOf(differences),
    architecture: architectures.size === 1 ? [...architectures][0]! : null,
    revision: after?.revision ?? null,
    previous: before?.revision ?? null,
    fingerprint: meant.after ?? null,
    before: before?.document ?? null,
    after: after?.document ?? null
  }
}

/** Reads what a document says. */
export const toStoredRecord = (id: string, { document, revision }: { document: string; revision: string }): StoredRecord => ({
  record: fromDocument(id, document),
  revision,
  document
})

interface RecordPrecondition {
  before: StoredRecord | undefined
  precondition: Precondition | undefined
}

/** Throws precondition_failed. */
export function checkPrecondition(id: string, { before, precondition }: RecordPrecondition): void {
  if (precondition === undefined) return
  const { image } = precondition
  const there = image === undefined ? before !== undefined : before?.record.images.has(image) === true
  const current = before === undefined ? `there is no ${id}` : `${id} is at revision ${before.revision}`
  const has = before === undefined || image === undefined ? current : `${id} has ${there ? 'an' : 'no'} image for ${image}`
  const refuse = (expected: string, found = has) => {
    throw new CatalogueError('precondition_failed', `${found}, but ${expected} was expected; read it again and decide anew`)
  }
  if ('absent' in precondition && there) refuse('none')
  if ('present' in precondition && !there) refuse('one')
  if ('revisions' in precondition && !(before && precondition.revisions.includes(before.revision))) {
    refuse(precondition.revisions.slice(0, 5).join(' or ') || 'another one', current)
  }
}
