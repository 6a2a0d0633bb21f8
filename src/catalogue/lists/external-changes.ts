import { type ContainerRecord, fromDocument } from '../../domain/container/document.ts'
import { fingerprintOf } from '../../domain/container/fingerprint.ts'
import { background, type JournalEntry } from '../../domain/history/entry.ts'
import type { Hash } from '../../domain/image/facts.ts'
import type { Accounted, StoredSummary, Suspect } from '../../domain/lists/summary.ts'
import type { RecordChanged, StoredRecord } from '../records/changes.ts'
import type { Journal } from '../records/journal.ts'

/*
 * Records may be changed by others, in the engine. What a row accounted for last is one end of a chain of entries, and what stands
 * there now the other; where the chain is broken, something happened that nobody told of.
 */

/** What several changes of this process did, one right after the other, each of them told. No records: thousands of spans may wait. */
export interface ChangeRange {
  before: { revision: string; fingerprint: string } | undefined
  /** The revision after them; undefined when it was removed. */
  after: string | undefined
  /** When the last one that changed the meaning was told. */
  at: string | undefined
  /** When it came to be there. */
  born: string | undefined
}

/**
 * Two spans as one, where nothing came in between. Without one, as where only what stands beside the record changed, the other is kept: it
 * is compared with what is accounted for and with what stands there before anything is concluded from it.
 */
export function joinRanges(one: ChangeRange | undefined, two: ChangeRange | undefined): ChangeRange | undefined {
  if (!one || !two) return one ?? two
  if (one.after !== two.before?.revision) return undefined
  return { before: one.before, after: two.after, at: two.at ?? one.at, born: two.born ?? one.born }
}

/** Undefined when the change meant something, and could not be told. */
export function rangeOf({ changed, entry }: { changed: RecordChanged; entry: JournalEntry | undefined }): ChangeRange | undefined {
  const { before, after, unchanged, meant } = changed
  if (!entry && !unchanged) return undefined
  return {
    before: before && { revision: before.revision, fingerprint: meant.before! },
    after: after?.revision,
    at: entry?.at,
    born: before === undefined ? entry?.at : undefined
  }
}

/** What stands, or stood, under an id; null where nothing did. */
interface Standing {
  revision: string | null
  fingerprint: string | null
  document: string | null
  /** When the change that came after it was told of. */
  until?: string
}

export interface Account {
  /** What is accounted for now. */
  accounted: Accounted | null
  suspect: Suspect | null
  /** What stands there now means; null where nothing does. */
  fingerprint: string | null
  /** When what stands there was told of, where that is known. */
  at: string | undefined
  /** When it came to be there, where that is known. */
  born: string | undefined
}

export interface ExternalChangesParts {
  journal: Pick<Journal, 'appendMissed' | 'ofRevision' | 'ofRemoval' | 'ofContainer'>
  hash: Hash
  now: () => Date
  /** How long an entry may be on its way. */
  graceMs: number
  /** Whether every record has had its row once: only then is one without a row a new one. */
  baseline(): Promise<boolean>
  /** Hears of what stands there now because others wrote, before that is told: what it throws makes it be noticed again. */
  onForeign(record: ContainerRecord): Promise<void>
}

interface Walked extends Pick<Account, 'at' | 'born'> {
  /** What no entry tells of; undefined where the way led to what was accounted for. */
  standing: Standing | undefined
}

/** Steps from one entry to the one before it that are looked up singly. */
const maxSteps = 20
const maxEntries = 200

export function createExternalChanges({ journal, hash, now, graceMs, baseline, onForeign }: ExternalChangesParts) {
  const fingerprint = (id: string, document: string) => fingerprintOf(fromDocument(id, document), hash)

  function standingOf(known: StoredRecord | undefined): Standing {
    if (!known) return nothing
    return { revision: known.revision, fingerprint: fingerprintOf(known.record, hash), document: known.document }
  }

  const beforeOf = (id: string, { previous, before, at }: JournalEntry): Standing => ({
    revision: before === null ? null : previous,
    fingerprint: before === null ? null : fingerprint(id, before),
    document: before,
    until: at
  })

  /** From what stands there back to what was accounted for, entry by entry. Where that leads nowhere: what no entry tells of. */
  async function unlinked(id: string, { from, to }: { from: Standing; to: Standing }): Promise<Walked> {
    let standing = from
    let at: string | undefined
    let born: string | undefined
    for (let steps = 0; steps < maxSteps; steps++) {
      if (standing.fingerprint === to.fingerprint) return { standing: undefined, at, born }
      const entry = await entryOf(id, { standing, to })
      if (!entry) break
      at ??= entry.at
      if (entry.before === null) born ??= entry.at
      standing = beforeOf(id, entry)
    }
    return { standing, at, born }
  }

  async function entryOf(id: string, { standing, to }: { standing: Standing; to: Standing }): Promise<JournalEntry | undefined> {
    if (standing.revision !== null) return journal.ofRevision(id, standing.revision)
    return to.revision === null ? undefined : journal.ofRemoval(id, to.revision)
  }

  /** The same by all entries since, for a record whose bytes were written anew without a change of meaning has a revision without one. */
  async function gap(
    id: string,
    { from, to }: { from: Standing; to: Standing }
  ): Promise<{ at: Standing; before: string | null } | undefined> {
    const { items, next } = await journal.ofContainer(id, { kind: 'record', limit: maxEntries, fresh: true })
    // more than we look at: better nothing said than something wrong
    if (next !== undefined) return undefined
    const since = items.filter((entry) => isSince(entry, to, from))
    let standing = from
    while (standing.fingerprint !== to.fingerprint) {
      const { revision, fingerprint } = standing
      const found =
        since.find((entry) => revision !== null && entry.revision === revision) ?? since.find((entry) => entry.fingerprint === fingerprint)
      if (!found) {
        const before = since[0]?.after
        return { at: standing, before: before === undefined ? to.document : before }
      }
      since.splice(since.indexOf(found), 1)
      standing = beforeOf(id, found)
    }
    return undefined
  }

  async function notice(
    id: string,
    { at, before, previous }: { at: Standing; before: string | null; previous: string | null }
  ): Promise<JournalEntry> {
    const what = before === null ? 'it came' : at.document === null ? 'it was removed' : 'it was changed'
    const { revision, fingerprint, document: after } = at
    const summary = `${what}, and not through this service, or this service ended before it could tell`
    const told = { container: id, kind: 'record' as const, what: 'noticed', by: background(summary), summary, architecture: null }
    return journal.appendMissed({ ...told, revision, previous, fingerprint, before, after, ...(at.until && { at: at.until }) })
  }

  /** Compares what stands there with what the row accounted for, and tells what nobody told, after a while. */
  async function account(
    id: string,
    { row, known, span }: { row: StoredSummary | undefined; known: StoredRecord | undefined; span: ChangeRange | undefined }
  ): Promise<Account> {
    const from = standingOf(known)
    const to = row?.accounted ? row.accounted : nothing
    const settled = ({ at, born }: Pick<Account, 'at' | 'born'>): Account => {
      return { accounted: from.document === null ? null : (from as Accounted), suspect: null, fingerprint: from.fingerprint, at, born }
    }
    if (row && from.fingerprint === to.fingerprint) return settled(span ?? nobody)
    if (span && span.after === known?.revision && isAccounted(row, span.before)) return settled(span)

    const { standing, at, born } = await unlinked(id, { from, to })
    if (!standing) return settled({ at, born: born ?? span?.born })
    // what was there before us, or before the first sweep
    if (!row && (at !== undefined || !(await baseline()))) return settled({ at, born })
    const since = row?.suspect && row.suspect.revision === standing.revision ? row.suspect.since : now().toISOString()
    if (now().getTime() - Date.parse(since) < graceMs) {
      const suspect = { revision: standing.revision, since }
      return { accounted: row?.accounted ?? null, suspect, fingerprint: from.fingerprint, at, born }
    }
    const found = await gap(id, { from, to })
    if (found && known) await onForeign(known.record)
    const noticed = found && (await notice(id, { ...found, previous: to.revision }))
    return settled({ at: at ?? noticed?.at, born: born ?? (noticed?.before === null ? noticed.at : undefined) })
  }

  return { account }
}

function isAccounted(row: StoredSummary | undefined, before: ChangeRange['before']): boolean {
  const accounted = row?.accounted ?? null
  // without a row nothing is known of what was there before
  if (accounted === null || !before) return accounted === null && (!before || !row)
  return accounted.revision === before.revision || accounted.fingerprint === before.fingerprint
}

const nobody = { at: undefined, born: undefined }
const nothing: Standing = { revision: null, fingerprint: null, document: null }

/** Whether a change came after what was accounted for: by the store's own numbers, for clocks of replicas differ. */
function isSince({ revision, previous }: JournalEntry, to: Standing, from: Standing): boolean {
  if (to.revision === null) return true
  const [store, number] = partsOf((revision ?? previous)!)
  const [known, last] = partsOf(to.revision)
  if (store !== known) return from.revision !== null && store === partsOf(from.revision)[0]
  return revision === null ? number >= last : number > last
}

function partsOf(revision: string): [store: string, number: number] {
  const [store = '', number] = revision.split('.')
  return [store, Number(number)]
}
