import { background, type JournalEntry } from '../../domain/history/entry.ts'
import type { StoredSummary, Suspect } from '../../domain/lists/summary.ts'
import type { NewEntry } from '../records/journal.ts'
import type { ChangeRange } from './change-range.ts'

/*
 * Other programs may change records in the engine. From the last accounted state, which the summary holds, a chain of journal entries leads
 * to the stored record. Where it is broken, another program made the change, or a process ended before it could append its entry.
 */

/** The state of a record at one revision; null where there is, or was, no record. */
export interface RecordState {
  revision: string | null
  fingerprint: string | null
  document: string | null
  /** When a later change replaced this state, ISO 8601. */
  until?: string
}

export const noRecord: RecordState = { revision: null, fingerprint: null, document: null }

export const accountedState = (summary: StoredSummary | undefined): RecordState => summary?.accounted ?? noRecord

interface KnownChange {
  summary: StoredSummary | undefined
  current: RecordState
  range: ChangeRange | undefined
}

/** Returns whether the record is accounted for without the journal: it means the same, or only this process changed it. */
export function isAccountedFor({ summary, current, range }: KnownChange): boolean {
  if (summary && current.fingerprint === accountedState(summary).fingerprint) return true
  return range !== undefined && (range.after ?? null) === current.revision && beginsAtAccounted(summary, range.before)
}

function beginsAtAccounted(summary: StoredSummary | undefined, before: ChangeRange['before']): boolean {
  const accounted = summary?.accounted ?? null
  // without a summary, the earlier state is unknown
  if (accounted === null || !before) return accounted === null && (!before || !summary)
  return accounted.revision === before.revision || accounted.fingerprint === before.fingerprint
}

interface BrokenChain {
  summary: StoredSummary | undefined
  /** The state that no entry leads to. */
  unlinked: RecordState
  /** Whether an entry leads from that state to the stored record. */
  hasLaterEntry: boolean
  /** Whether a complete sweep has given every record a summary. Only then is a record without one new. */
  swept: boolean
  now: Date
  /** How long an entry may take to reach the journal. */
  graceMs: number
}

/**
 * Returns what a broken chain means: `baseline` for a record that existed before its first summary, `search` when every entry has had time
 * to arrive, so that the missing one must be searched for; otherwise the suspect to remember until then.
 */
export function judgeBrokenChain(chain: BrokenChain): 'baseline' | 'search' | Suspect {
  const { summary, unlinked, hasLaterEntry, swept, now, graceMs } = chain
  if (!summary && (hasLaterEntry || !swept)) return 'baseline'
  const isKnownSuspect = summary?.suspect && summary.suspect.revision === unlinked.revision
  const since = isKnownSuspect ? summary.suspect!.since : now.toISOString()
  return now.getTime() - Date.parse(since) < graceMs ? { revision: unlinked.revision, since } : 'search'
}

export interface RecordStates {
  /** The stored record. */
  current: RecordState
  /** The last accounted state. */
  accounted: RecordState
}

type GapSearch = RecordStates & { stateBefore(entry: JournalEntry): RecordState }

interface Gap {
  /** The state that no entry leads to. */
  state: RecordState
  /** The document before that state; null where there was none. */
  before: string | null
}

/**
 * Returns where entries are missing between the last accounted state and the stored record; undefined when none are. Entries are joined by
 * revision or by meaning: a record that was written again without a change of meaning has a revision without an entry.
 */
export function gapIn(entries: readonly JournalEntry[], { stateBefore, ...states }: GapSearch): Gap | undefined {
  const { current, accounted } = states
  const since = entries.filter((entry) => isSince(entry, states))
  let state = current
  while (state.fingerprint !== accounted.fingerprint) {
    const { revision, fingerprint } = state
    const entry =
      since.find((one) => revision !== null && one.revision === revision) ?? since.find((one) => one.fingerprint === fingerprint)
    if (!entry) {
      const before = since[0]?.after
      return { state, before: before === undefined ? accounted.document : before }
    }
    since.splice(since.indexOf(entry), 1)
    state = stateBefore(entry)
  }
  return undefined
}

/** Compares by the store's sequence numbers, because the replicas' clocks differ. */
function isSince({ revision, previous }: JournalEntry, { current, accounted }: RecordStates): boolean {
  if (accounted.revision === null) return true
  const [store, number] = partsOf((revision ?? previous)!)
  const [accountedStore, last] = partsOf(accounted.revision)
  if (store !== accountedStore) return current.revision !== null && store === partsOf(current.revision)[0]
  return revision === null ? number >= last : number > last
}

function partsOf(revision: string): [store: string, number: number] {
  const [store = '', number] = revision.split('.')
  return [store, Number(number)]
}

type ExternalChange = Gap & Pick<NewEntry, 'container' | 'previous'>

/** Returns the entry that records a change by another program; `previous` is the last accounted revision. */
export function externalChangeEntry({ container, state, before, previous }: ExternalChange): NewEntry {
  const { revision, fingerprint, document: after, until } = state
  const what = before === null ? 'it was created' : after === null ? 'it was removed' : 'it was changed'
  const summary = `${what}, but not through this service, or this service ended before it could record the change`
  const by = background(summary)
  const entry = { container, kind: 'record' as const, what: 'noticed', by, summary, architecture: null }
  return { ...entry, revision, previous, fingerprint, before, after, ...(until && { at: until }) }
}
