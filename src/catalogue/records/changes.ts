import type { Architecture } from '../../domain/architecture.ts'
import { type ContainerRecord, fromDocument } from '../../domain/container/document.ts'
import { fingerprintOf } from '../../domain/container/fingerprint.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { diffOf, summaryOf } from '../../domain/history/diff.ts'
import type { Cause, JournalEntry } from '../../domain/history/entry.ts'
import type { Hash } from '../../domain/image/facts.ts'
import type { Release } from '../../domain/image/task.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import { createKeyedMutex } from '../jobs/keyed-mutex.ts'
import type { Journal } from './journal.ts'

/** A record as it stands, with the revision that it stands at. */
export interface StoredRecord {
  record: ContainerRecord
  revision: string
  document: string
}

/** What a caller believes to stand there: a record, or one image of it. Where it does not, nothing is written: precondition_failed. */
export type Precondition = ({ absent: true } | { present: true } | { revisions: readonly string[] }) & { image?: Architecture | undefined }

/** That what stands there is still what was found. */
export const unchangedSince = (known: Pick<StoredRecord, 'revision'> | undefined): Precondition =>
  known ? { revisions: [known.revision] } : { absent: true }

export interface RecordChange {
  cause: Cause
  /**
   * The document that shall stand there, given what stands there now; undefined removes it. It is asked again when somebody else wrote
   * in between.
   */
  to(known: StoredRecord | undefined): string | undefined
  precondition?: Precondition | undefined
  /** Tells what would happen, and writes nothing. */
  dryRun?: boolean | undefined
  /** Writes a document that means the same too: Mozart's clients may read its very bytes. */
  verbatim?: boolean
  /** What the entry in the journal is called, where it is more than created, changed or removed. */
  what?: string
  /**
   * The images that are brought hereby, all of the record's or these: they have arrived, though they may be the very ones that stood there.
   * Without it those have whose URL changes.
   */
  brought?: 'all' | readonly Architecture[] | undefined
}

export interface RecordChanged {
  before: StoredRecord | undefined
  /** As it stands now, or would in a dry run; undefined when there is none. */
  after: StoredRecord | undefined
  /** Whether it meant the same before. */
  unchanged: boolean
  /** The fingerprints of what it meant, and means. */
  meant: { before: string | undefined; after: string | undefined }
  /** How often a write of somebody else came in between, and once more. */
  attempts: number
  /** The tarballs of ours that the record ceased to name, or that waited beside it. */
  released: readonly Release[]
}

/** The one door through which records are changed: by compare-and-swap, with an entry in the journal for each change of meaning. */
export interface Changes {
  find(id: string): Promise<StoredRecord | undefined>
  /** Throws container_unknown. */
  read(id: string): Promise<StoredRecord>
  /** Throws what `to` throws, precondition_failed, and what a store refuses. */
  write(id: string, change: RecordChange): Promise<RecordChanged>
  /** Hears of every record that this process changed: what was there, what is, and the entry that tells of it, if the journal took it. */
  onChange(listener: Listener): void
}

type Listener = (id: string, told: { changed: RecordChanged; entry: JournalEntry | undefined }) => void

export interface ChangesParts {
  containers: DocumentStore
  journal: Pick<Journal, 'append'>
  hash: Hash
  /** Takes note of a change before whoever made it is answered; what it answers stands in `released` too. */
  follow?: ((id: string, changed: RecordChanged & Pick<RecordChange, 'brought'>) => Promise<readonly Release[]>) | undefined
  /** The change is there, and the journal could not take it: the next sweep will find it, but not who made it. */
  onAppendFailed(error: unknown, id: string): void
  /** Hears of every change before whoever made it is answered; what it answers stands in `released`. It never throws. */
  release?: ((id: string, changed: RecordChanged) => Promise<Release[]>) | undefined
}

const maxAttempts = 50

export function createChanges({ containers, journal, hash, follow, onAppendFailed, release }: ChangesParts): Changes {
  const withLock = createKeyedMutex()
  const listeners: Listener[] = []
  const meaning = (known: StoredRecord | undefined) => known && fingerprintOf(known.record, hash)

  async function find(id: string): Promise<StoredRecord | undefined> {
    const stored = await containers.get(id)
    return stored && toStoredRecord(id, stored)
  }

  /** Undefined when somebody else wrote in between. */
  async function attempt(id: string, { change, attempts }: { change: RecordChange; attempts: number }): Promise<RecordChanged | undefined> {
    const before = await find(id)
    checkPrecondition(id, { before, precondition: change.precondition })
    const document = change.to(before)
    const wanted = document === undefined ? undefined : toStoredRecord(id, { document, revision: before?.revision ?? '' })
    const meant = { before: meaning(before), after: meaning(wanted) }
    const unchanged = meant.before === meant.after
    const outcome = { before, unchanged, meant, attempts, released: [] }
    if (change.dryRun || (unchanged && (!change.verbatim || document === before?.document))) {
      return { ...outcome, after: unchanged ? before : wanted }
    }
    try {
      const revision = await write(id, { before, document })
      return { ...outcome, after: wanted && { ...wanted, revision: revision! } }
    } catch (error) {
      if (isCatalogueError(error, 'revision_conflict', 'already_exists') && attempts < maxAttempts) return undefined
      throw error
    }
  }

  async function write(id: string, { before, document }: { before: StoredRecord | undefined; document: string | undefined }) {
    if (document !== undefined) {
      return (await containers.put(id, document, before ? { revision: before.revision } : { absent: true })).revision
    }
    const { revision } = before!
    if (await containers.remove(id, { revision })) return undefined
    throw new CatalogueError('revision_conflict', `${id} was removed meanwhile`)
  }

  async function append(
    id: string,
    { change, changed }: { change: RecordChange; changed: RecordChanged }
  ): Promise<JournalEntry | undefined> {
    const { before, after, meant } = changed
    const what = change.what ?? (before === undefined ? 'created' : after === undefined ? 'removed' : 'changed')
    const differences = diffOf(before?.record, after?.record)
    const architectures = new Set(differences.flatMap(({ architecture }) => architecture ?? []))
    try {
      return await journal.append({
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
      })
    } catch (error) {
      onAppendFailed(error, id)
      return undefined
    }
  }

  async function swap(id: string, change: RecordChange): Promise<RecordChanged> {
    for (let attempts = 1; ; attempts++) {
      const changed = await attempt(id, { change, attempts })
      if (!changed) continue
      if (change.dryRun || changed.before?.revision === changed.after?.revision) return changed
      // at once: until then a tarball that the record names now may still be one that is to be removed
      const told = changed.unchanged ? undefined : append(id, { change, changed })
      const [released, entry] = await Promise.all([release ? release(id, changed) : [], told])
      for (const listener of listeners) listener(id, { changed, entry })
      return { ...changed, released }
    }
  }

  return {
    find,
    async read(id) {
      const known = await find(id)
      if (known) return known
      throw new CatalogueError('container_unknown', `container not found: ${id}`)
    },
    async write(id, change) {
      if (change.dryRun) return swap(id, change)
      // in turn: of several at once in this process none has to try again
      const changed = await withLock(id, () => swap(id, change))
      const { brought } = change
      const written = changed.before?.revision !== changed.after?.revision
      if (!follow || !(written || brought?.length)) return changed
      try {
        return { ...changed, released: [...changed.released, ...(await follow(id, { ...changed, brought }))] }
      } catch (error) {
        onAppendFailed(error, id)
        return changed
      }
    },
    onChange(listener) {
      listeners.push(listener)
    }
  }
}

/** A document with what it says. */
export const toStoredRecord = (id: string, { document, revision }: { document: string; revision: string }): StoredRecord => ({
  record: fromDocument(id, document),
  revision,
  document
})

/** Throws precondition_failed. */
export function checkPrecondition(
  id: string,
  { before, precondition }: { before: StoredRecord | undefined; precondition: Precondition | undefined }
): void {
  if (precondition === undefined) return
  const { image } = precondition
  const there = image === undefined ? before !== undefined : before?.record.images.has(image) === true
  const stands = before === undefined ? `there is no ${id}` : `${id} stands at revision ${before.revision}`
  const has = before === undefined || image === undefined ? stands : `${id} has ${there ? 'an' : 'no'} image for ${image}`
  const refuse = (wanted: string, found = has) => {
    throw new CatalogueError('precondition_failed', `${found}, but ${wanted} was expected; read it again, and decide anew`)
  }
  if ('absent' in precondition && there) refuse('none')
  if ('present' in precondition && !there) refuse('one')
  if ('revisions' in precondition && !(before && precondition.revisions.includes(before.revision))) {
    refuse(precondition.revisions.slice(0, 5).join(' or ') || 'another one', stands)
  }
}
