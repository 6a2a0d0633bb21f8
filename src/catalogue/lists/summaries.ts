import { dueAt } from '../../domain/build/due-time.ts'
import { currentImages } from '../../domain/build/state.ts'
import type { ContainerRecord } from '../../domain/container/document.ts'
import {
  fromSummaryDocument,
  type StoredSummary,
  type SummaryContent,
  type Suspect,
  toSummaryDocument
} from '../../domain/lists/summary.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import { overtaken, writeUnlessOvertaken } from '../jobs/compare-and-swap.ts'
import type { Changes, StoredRecord } from '../records/changes.ts'
import type { ChangeRange } from './change-range.ts'
import type { Account, AccountRequest } from './external-changes.ts'
import type { WrittenSummary } from './state-entries.ts'
import { createSummaryQueue } from './summary-queue.ts'
import type { Gathered } from './views.ts'

/** Keeps the summaries that lists are filtered by. */
export interface Summaries {
  /** Schedules a new summary for a container of which something may have changed. Never waits, never throws. */
  touched(id: string, range?: ChangeRange): void
  /** Resolves when the summaries of all containers touched before are written, or when the time is up. */
  settled(withinMs: number): Promise<void>
  /** Writes one summary again, if it is outdated. */
  catchUp(id: string): Promise<void>
  /** Waits for the summaries in progress. */
  stop(): Promise<void>
}

interface Summarised {
  content: SummaryContent
  /** When the passing of time alone may change it, ISO 8601. */
  due: string | null
  /** When the build status was last changed, ISO 8601. */
  updated: string | null
}

/** Returns what lists filter a container by. */
export function summarise(record: ContainerRecord, { gathered, now }: { gathered: Gathered; now: Date }): Summarised {
  const { facts, buildStatus, status, buildTimeoutMs } = gathered
  const images = currentImages(record, facts)
  const verdicts = new Set([...images.values()].map((image) => image.facts?.verdict ?? ('unverified' as const)))
  return {
    content: {
      id: record.id,
      version: record.version ?? null,
      state: status.state,
      architectures: [...images.keys()],
      missing: status.missing,
      verdicts: [...verdicts].sort()
    },
    due: buildStatus ? dueAt(buildStatus, { buildTimeoutMs, now: now.toISOString() }) : null,
    updated: buildStatus?.updated ?? null
  }
}

interface SummariesParts {
  store: DocumentStore
  changes: Pick<Changes, 'find'>
  summarise(stored: StoredRecord): Promise<Summarised>
  /** Summarises a container that has no record yet; returns undefined when nothing is known about it. */
  summariseComing(id: string): Promise<(Summarised & Record<'created' | 'fingerprint', string>) | undefined>
  account(id: string, request: AccountRequest): Promise<Account>
  graceMs: number
  /** Called for every summary that this process wrote. Never throws. */
  onWritten?(written: WrittenSummary): Promise<void>
  onError(error: unknown): void
}

const maxSuspects = 1000
const maxAttempts = 10

export function createSummaries(parts: SummariesParts): Summaries {
  const { graceMs, onError } = parts
  const suspects = new Map<string, NodeJS.Timeout>()
  let stopped = false
  const queue = createSummaryQueue({
    async work(id, range) {
      if (await catchUp(parts, id, range)) lookAgain(id)
    },
    onError
  })

  /** An entry that is being written arrives soon; one that was never written is detected after the grace period. */
  function lookAgain(id: string): void {
    if (stopped || suspects.has(id) || suspects.size >= maxSuspects) return
    const look = () => {
      suspects.delete(id)
      queue.add(id, undefined)
    }
    suspects.set(id, setTimeout(look, Math.max(graceMs / 4, 10)).unref())
  }

  return {
    touched(id, range) {
      if (!stopped) queue.add(id, range)
    },
    settled: queue.settled,
    async catchUp(id) {
      if (await catchUp(parts, id, undefined)) lookAgain(id)
    },
    async stop() {
      stopped = true
      for (const timer of suspects.values()) clearTimeout(timer)
      await queue.settled(graceMs)
    }
  }
}

/** Returns whether a change without an entry is still suspected. */
async function catchUp(parts: SummariesParts, id: string, range: ChangeRange | undefined): Promise<boolean> {
  const { store, changes } = parts
  for (let attempts = 0; attempts < maxAttempts; attempts++) {
    // reads the summary before the record: a later change of the record then finds a changed summary, and makes it again
    const before = await store.get(id)
    const stored = await changes.find(id)
    const summary = before && fromSummaryDocument(before.document)
    const account = await parts.account(id, { summary, stored, range })
    const document = await documentOf(parts, { id, summary, stored, account })
    const isSuspect = account.suspect !== null
    if (document === before?.document) return isSuspect
    if ((await writeUnlessOvertaken(store, { id, document, revision: before?.revision })) === overtaken) continue
    const after = document === undefined ? undefined : fromSummaryDocument(document)
    if (after) await parts.onWritten?.({ id, before: summary, after, born: account.born })
    return isSuspect
  }
  // after so many conflicts, the summary of another writer is as good
  return false
}

interface SummaryInput {
  id: string
  summary: StoredSummary | undefined
  stored: StoredRecord | undefined
  account: Account
}

/** Returns the text of the summary; undefined when there should be none. */
async function documentOf(parts: SummariesParts, { id, summary, stored, account }: SummaryInput): Promise<string | undefined> {
  const { accounted, suspect, fingerprint, at, born } = account
  if (!stored) {
    // a record that another program removed keeps its summary until that is recorded
    if (summary && suspect) return toSummaryDocument({ ...summary, suspect, due: decidedAt(suspect, parts.graceMs) })
    const coming = await parts.summariseComing(id)
    if (!coming) return undefined
    const { content, fingerprint, due, created, updated } = coming
    return toSummaryDocument({ ...content, created, updated, revision: '', fingerprint, accounted: null, suspect: null, due })
  }
  const { content, due: changesAt, updated } = await parts.summarise(stored)
  const [due = null] = [changesAt, suspect && decidedAt(suspect, parts.graceMs)].filter((time) => time !== null).sort()
  const last = [updated, at ?? summary?.updated ?? null].filter((time) => time !== null).sort()
  const before = summary?.revision === '' ? undefined : summary
  const times = { created: born ?? before?.created ?? null, updated: last.at(-1) ?? null }
  return toSummaryDocument({ ...content, ...times, revision: stored.revision, fingerprint: fingerprint!, accounted, suspect, due })
}

const decidedAt = ({ since }: Suspect, graceMs: number) => new Date(Date.parse(since) + graceMs).toISOString()
