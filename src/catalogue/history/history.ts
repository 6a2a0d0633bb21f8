import type { Architecture } from '../../domain/architecture.ts'
import { containerFrom } from '../../domain/container/container.ts'
import { type ContainerRecord, fromDocument } from '../../domain/container/document.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { diffOf, type FieldChange, summaryOf } from '../../domain/history/diff.ts'
import type { JournalEntry } from '../../domain/history/entry.ts'
import { type EntryView, toEntryView } from '../../domain/history/entry-view.ts'
import type { HistoryCut } from '../../domain/history/history-cut.ts'
import { stringOf } from '../../domain/json/json.ts'
import type { ContainerView } from '../lists/image-views.ts'
import type { Changes, StoredRecord } from '../records/changes.ts'
import type { ChangeContext } from '../records/image-records.ts'
import type { Journal } from '../records/journal.ts'
import type { TarballStatuses } from '../tarballs/tarball-status.ts'
import { currentFacts, type FactsStore } from '../verification/image-facts.ts'
import type { Verification } from '../verification/verification.ts'
import type { JournalBounds } from './journal-bounds.ts'
import { revisionsOf } from './revisions.ts'

export interface HistoryPage {
  items: EntryView[]
  next: string | null
  /** What was removed of it, because it was too much or too old. */
  cut: HistoryCut | null
}

/** One entry with whole documents, as JSON text. */
export interface WholeEntry {
  view: Omit<EntryView, 'before' | 'after'>
  before: string | null
  after: string | null
}

export interface Warning {
  code: string
  message: string
  architecture: Architecture | null
}

export interface Restored {
  container: ContainerView
  /** Whether the record meant all this before, so that nothing was written. */
  unchanged: boolean
  warnings: Warning[]
}

/** What is different between two moments; a revision is null where there was nothing. */
export interface Comparison {
  container: string
  from: string | null
  to: string | null
  /** Whether both mean the same, however they are written. */
  same: boolean
  summary: string
  changes: FieldChange[]
}

/** What happened to containers, also to those that are gone, and how to go back. */
export interface History {
  /** The newest first. Throws container_unknown, cursor_invalid. */
  list(id: string, page: { kind?: JournalEntry['kind'] | undefined; limit: number; cursor?: string | undefined }): Promise<HistoryPage>
  /** Throws container_unknown, revision_unknown. */
  entry(id: string, reference: string): Promise<WholeEntry>
  /** Between two revisions, or ids of entries, or `current`. Throws container_unknown, revision_unknown. */
  compare(id: string, between: { from: string; to: string }): Promise<Comparison>
  /** Registers again what stood at a revision. Throws container_unknown, revision_unknown, restore_refused, precondition_failed. */
  restore(restoration: ChangeContext & { id: string; revision: string }): Promise<Restored>
}

export interface HistoryParts {
  journal: Journal
  bounds: Pick<JournalBounds, 'cutOf'>
  changes: Changes
  guarded: readonly Architecture[]
  view(known: Pick<StoredRecord, 'record' | 'revision'>): Promise<ContainerView>
  verification: Pick<Verification, 'registered'> | undefined
  /** Where tarballs are; absent where there is nowhere to keep them. */
  standings: TarballStatuses | undefined
  facts: FactsStore
  now: () => Date
}

export function createHistory({ journal, bounds, changes, guarded, view, verification, standings, facts, now }: HistoryParts): History {
  const revisions = revisionsOf({ journal, changes })

  /** The images of a document that stood in our own store, and do not any more as far as it says. */
  async function goneTarballs(record: ContainerRecord, publicUrl: string): Promise<Warning[]> {
    const [tarballs = []] = (await standings?.([record], publicUrl)) ?? []
    return tarballs.flatMap(({ architecture, status, key }) => {
      const tarball = `the tarball${architecture === null ? '' : ` for ${architecture}`} of ${record.id}`
      if (status === 'gone') return [{ code: 'gone', message: `${tarball} is not in the store any more: ${key}`, architecture }]
      if (status !== 'unknown') return []
      return [{ code: 'unknown', message: `the store does not answer, so ${tarball} may be there or not: ${key}`, architecture }]
    })
  }

  /** What was proven of them before stays proven, but nobody can have them. */
  async function noteGone(record: ContainerRecord, warnings: readonly Warning[]): Promise<void> {
    if (warnings.length === 0) return
    const known = await currentFacts(facts, record)
    for (const { architecture, code } of warnings) {
      if (code !== 'gone') continue
      const proven = known.get(architecture ?? '')
      if (proven) await facts.learn({ ...proven, status: 'gone', checked: now().toISOString(), by: 'restore' })
    }
  }

  return {
    async list(id, { kind, limit, cursor }) {
      const { items, next = null } = await journal.ofContainer(id, { kind, limit, cursor, fresh: true })
      if (items.length === 0 && cursor === undefined && kind === undefined && !(await changes.find(id))) {
        throw new CatalogueError('container_unknown', `container not found: ${id}; nor does the history know it`)
      }
      return { items: items.map(toEntryView), next, cut: await bounds.cutOf(id) }
    },

    async entry(id, reference) {
      const found = await revisions.entry(id, reference)
      const { before, after } = found
      const { before: _, after: __, ...view } = toEntryView({ ...found, before: null, after: null })
      return { view, before, after }
    },

    async compare(id, between) {
      const [from, to] = await Promise.all([momentOf(id, between.from), momentOf(id, between.to)])
      const changes = diffOf(from.record, to.record)
      return { container: id, from: from.revision, to: to.revision, same: changes.length === 0, summary: summaryOf(changes), changes }
    },

    async restore({ id, revision, publicUrl, ...circumstances }) {
      const document = await revisions.document(id, revision)
      const record = fromDocument(id, document)
      checkRegistrable(record, { revision, publicUrl, guarded })
      const warnings = await goneTarballs(record, publicUrl)
      const { after, unchanged } = await written({ id, revision, document, ...circumstances })
      if (!circumstances.dryRun) await noteGone(record, warnings)
      if (!circumstances.dryRun && !unchanged) await verification?.registered(record, { publicUrl })
      return { container: await view(after!), unchanged, warnings }
    }
  }

  async function momentOf(id: string, reference: string): Promise<{ revision: string | null; record: ContainerRecord | undefined }> {
    if (reference !== 'current') {
      return { revision: reference, record: fromDocument(id, await revisions.document(id, reference)) }
    }
    const { revision = null, record } = (await changes.find(id)) ?? {}
    return { revision, record }
  }

  async function written({
    id,
    revision,
    document,
    ...change
  }: Omit<ChangeContext, 'publicUrl'> & { id: string; revision: string; document: string }) {
    try {
      return await changes.write(id, { ...change, to: () => document, what: 'restored' })
    } catch (error) {
      if (isCatalogueError(error, 'document_refused')) throw refusal(id, { revision, error })
      throw error
    }
  }
}

/** The document itself is written, byte for byte; but not one that nobody could register today. */
function checkRegistrable(
  { id, members, version = '', digest = '', url = '', images }: ContainerRecord,
  { revision, ...options }: { revision: string; publicUrl: string; guarded: readonly Architecture[] }
): void {
  if (images.size === 0 && url === '') {
    throw new CatalogueError('restore_refused', `what stood at revision ${revision} of ${id} names no image: nothing could run it`)
  }
  try {
    containerFrom(
      { id, version, digest, url, urls: stringOf(members.get('urls')) ?? members.get('urls') ?? '' },
      { ...options, stored: images }
    )
  } catch (error) {
    if (isCatalogueError(error)) throw refusal(id, { revision, error })
    throw error
  }
}

const refusal = (id: string, { revision, error }: { revision: string; error: CatalogueError }): CatalogueError =>
  new CatalogueError('restore_refused', `what stood at revision ${revision} of ${id} cannot be registered any more: ${error.message}`, {
    cause: error
  })
