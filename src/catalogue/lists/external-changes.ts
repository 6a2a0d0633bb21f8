import { type ContainerRecord, fromDocument } from '../../domain/container/document.ts'
import { fingerprintOf } from '../../domain/container/fingerprint.ts'
import type { JournalEntry } from '../../domain/history/entry.ts'
import type { Hash } from '../../domain/image/facts.ts'
import type { Accounted, StoredSummary, Suspect } from '../../domain/lists/summary.ts'
import type { StoredRecord } from '../records/changes.ts'
import type { Journal } from '../records/journal.ts'
import type { ChangeRange } from './change-range.ts'
import {
  accountedState,
  externalChangeEntry,
  gapIn,
  isAccountedFor,
  judgeBrokenChain,
  noRecord,
  type RecordState,
  type RecordStates
} from './change-rules.ts'

export interface Account extends RecordTimes {
  /** The new accounted state. */
  accounted: Accounted | null
  suspect: Suspect | null
  /** The fingerprint of the stored record; null where there is none. */
  fingerprint: string | null
}

export interface RecordTimes {
  /** When the record was last changed, ISO 8601, if known. */
  at: string | undefined
  /** When the record was created, ISO 8601, if known. */
  born: string | undefined
}

export interface AccountRequest {
  summary: StoredSummary | undefined
  stored: StoredRecord | undefined
  range: ChangeRange | undefined
}

/** Finds changes that other programs made in the engine. */
export interface ExternalChanges {
  /**
   * Compares the stored record with the last accounted state in its summary. Appends an entry for a change that still has none after a
   * grace period.
   */
  account(id: string, request: AccountRequest): Promise<Account>
}

export interface ExternalChangesParts {
  journal: Pick<Journal, 'appendMissed' | 'ofRevision' | 'ofRemoval' | 'ofContainer'>
  hash: Hash
  now: () => Date
  /** How long an entry may take to reach the journal. */
  graceMs: number
  /** Returns whether a complete sweep has given every record a summary. */
  swept(): Promise<boolean>
  /** Called for a record that another program wrote, before its entry is appended. When it throws, the change is found again later. */
  onForeign(record: ContainerRecord): Promise<void>
}

/** How many entries are looked up one by one. */
const maxSteps = 20
/** How many entries are searched for a gap. */
const maxEntries = 200

const unknownTimes = { at: undefined, born: undefined }

export const createExternalChanges = (parts: ExternalChangesParts): ExternalChanges => ({
  async account(id, { summary, stored, range }) {
    const current = stateOfRecord(parts, stored)
    const settled = ({ at, born }: RecordTimes): Account => {
      const accounted = current.document === null ? null : (current as Accounted)
      return { accounted, suspect: null, fingerprint: current.fingerprint, at, born }
    }
    if (isAccountedFor({ summary, current, range })) return settled(range ?? unknownTimes)

    const states = { current, accounted: accountedState(summary) }
    const { unlinked, at, born } = await walkBack(parts, { id, ...states })
    if (!unlinked) return settled({ at, born: born ?? range?.born })
    const hasLaterEntry = at !== undefined
    const swept = summary !== undefined || hasLaterEntry || (await parts.swept())
    const { graceMs } = parts
    const verdict = judgeBrokenChain({ summary, unlinked, hasLaterEntry, swept, now: parts.now(), graceMs })
    if (verdict === 'baseline') return settled({ at, born })
    if (verdict !== 'search') {
      return { accounted: summary?.accounted ?? null, suspect: verdict, fingerprint: current.fingerprint, at, born }
    }
    const entry = await recordGap(parts, { id, stored, ...states })
    return settled({ at: at ?? entry?.at, born: born ?? (entry?.before === null ? entry.at : undefined) })
  }
})

function stateOfRecord({ hash }: ExternalChangesParts, stored: StoredRecord | undefined): RecordState {
  if (!stored) return noRecord
  return { revision: stored.revision, fingerprint: fingerprintOf(stored.record, hash), document: stored.document }
}

function stateBefore({ hash }: ExternalChangesParts, { container, previous, before, at }: JournalEntry): RecordState {
  if (before === null) return { ...noRecord, until: at }
  return { revision: previous, fingerprint: fingerprintOf(fromDocument(container, before), hash), document: before, until: at }
}

interface ChainEnds extends RecordStates {
  id: string
}

interface Walk extends RecordTimes {
  /** The state that no entry leads to; undefined when the entries lead to the last accounted state. */
  unlinked: RecordState | undefined
}

/** Walks from the stored record back to the last accounted state, entry by entry. */
async function walkBack(parts: ExternalChangesParts, { id, current, accounted }: ChainEnds): Promise<Walk> {
  let state = current
  let at: string | undefined
  let born: string | undefined
  for (let steps = 0; steps < maxSteps; steps++) {
    if (state.fingerprint === accounted.fingerprint) return { unlinked: undefined, at, born }
    const entry = await entryThatMade(parts, { id, current: state, accounted })
    if (!entry) break
    at ??= entry.at
    if (entry.before === null) born ??= entry.at
    state = stateBefore(parts, entry)
  }
  return { unlinked: state, at, born }
}

async function entryThatMade({ journal }: ExternalChangesParts, { id, current, accounted }: ChainEnds): Promise<JournalEntry | undefined> {
  if (current.revision !== null) return journal.ofRevision(id, current.revision)
  return accounted.revision === null ? undefined : journal.ofRemoval(id, accounted.revision)
}

interface SuspectedGap extends ChainEnds {
  stored: StoredRecord | undefined
}

/** Appends an entry when one is missing among all entries since the last accounted state. */
async function recordGap(parts: ExternalChangesParts, { id, stored, current, accounted }: SuspectedGap): Promise<JournalEntry | undefined> {
  const { journal, onForeign } = parts
  const { items, next } = await journal.ofContainer(id, { kind: 'record', limit: maxEntries, fresh: true })
  // with more entries than were read, no entry is better than a wrong one
  if (next !== undefined) return undefined
  const gap = gapIn(items, { current, accounted, stateBefore: (entry) => stateBefore(parts, entry) })
  if (!gap) return undefined
  if (stored) await onForeign(stored.record)
  return journal.appendMissed(externalChangeEntry({ container: id, ...gap, previous: accounted.revision }))
}
