import { fromDocument } from '../../domain/container/document.ts'
import { fingerprintOf } from '../../domain/container/fingerprint.ts'
import type { JournalEntry } from '../../domain/history/entry.ts'
import type { Accounted, StoredSummary, Suspect } from '../../domain/lists/summary.ts'
import type { StoredRecord } from '../records/changes.ts'
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
import type { ListsParts } from './parts.ts'
import { lastSweep } from './summary-sweep.ts'

export interface Account extends RecordTimes {
  /** The new accounted state. */
  accounted: Accounted | null
  suspect: Suspect | null
  /** The fingerprint of the stored record; null where there is none. */
  fingerprint: string | null
}

interface RecordTimes {
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

/** How many entries are looked up one by one. */
const maxSteps = 20
/** How many entries are searched for a gap. */
const maxEntries = 200

const unknownTimes = { at: undefined, born: undefined }

/** Compares a record with its summary's last accounted state, and journals a change that has no entry after a grace period. */
export async function account(parts: ListsParts, { id, summary, stored, range }: AccountRequest & { id: string }): Promise<Account> {
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
  const swept = summary !== undefined || hasLaterEntry || (await lastSweep(parts.leases)) !== undefined
  const { graceMs } = parts
  const verdict = judgeBrokenChain({ summary, unlinked, hasLaterEntry, swept, now: parts.now(), graceMs })
  if (verdict === 'baseline') return settled({ at, born })
  if (verdict !== 'search') {
    return { accounted: summary?.accounted ?? null, suspect: verdict, fingerprint: current.fingerprint, at, born }
  }
  const entry = await recordGap(parts, stored, { id, ...states })
  return settled({ at: at ?? entry?.at, born: born ?? (entry?.before === null ? entry.at : undefined) })
}

function stateOfRecord({ hash }: ListsParts, stored: StoredRecord | undefined): RecordState {
  if (!stored) return noRecord
  return { revision: stored.revision, fingerprint: fingerprintOf(stored.record, hash), document: stored.document }
}

function stateBefore({ hash }: ListsParts, { container, previous, before, at }: JournalEntry): RecordState {
  if (before === null) return { ...noRecord, until: at }
  return { revision: previous, fingerprint: fingerprintOf(fromDocument(container, before), hash), document: before, until: at }
}

type ChainEnds = RecordStates & { id: string }

/** Walks back to the last accounted state, entry by entry. Returns the state that no entry leads to; undefined without one. */
async function walkBack(parts: ListsParts, { id, current, accounted }: ChainEnds) {
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

async function entryThatMade({ journal }: ListsParts, { id, current, accounted }: ChainEnds): Promise<JournalEntry | undefined> {
  if (current.revision !== null) return journal.ofRevision(id, current.revision)
  return accounted.revision === null ? undefined : journal.ofRemoval(id, accounted.revision)
}

/** Appends an entry when one is missing among all entries since the last accounted state. */
async function recordGap(parts: ListsParts, stored: StoredRecord | undefined, states: ChainEnds): Promise<JournalEntry | undefined> {
  const { journal, verifier, addresses } = parts
  const { id, current, accounted } = states
  const { items, next } = await journal.ofContainer(id, { kind: 'record', limit: maxEntries, fresh: true })
  // with more entries than were read, no entry is better than a wrong one
  if (next !== undefined) return undefined
  const gap = gapIn(items, { current, accounted, stateBefore: (entry) => stateBefore(parts, entry) })
  if (!gap) return undefined
  // before the entry is appended: when it fails, the change is found again later
  if (stored) await verifier?.registered(stored.record, { publicUrl: addresses()[0] ?? '' })
  return journal.appendMissed(externalChangeEntry({ container: id, ...gap, previous: accounted.revision }))
}
