import { isCatalogueError } from '../../domain/errors.ts'
import { fromSummaryDocument, type StoredSummary, type Summary, type Suspect, toSummaryDocument } from '../../domain/lists/summary.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import type { Changes, StoredRecord } from '../records/changes.ts'
import { type Account, type ChangeRange, joinRanges } from './external-changes.ts'
import type { WrittenSummary } from './state-entries.ts'

/** The rows that lists are filtered by. */
export interface Summaries {
  /** Something about a container may have changed: its row is made anew in a moment. Never waits, never throws. */
  touched(id: string, span?: ChangeRange): void
  /** Until what was touched before is in its rows, but not for longer than that. */
  settled(withinMs: number): Promise<void>
  /** Makes one row anew, if it is not as it should be. */
  catchUp(id: string): Promise<void>
  /** Waits for those under way. */
  stop(): Promise<void>
}

export interface Summarised {
  summary: Omit<Summary, 'created' | 'updated'>
  /** When time alone may make it another one. */
  wakes: string | null
  /** When what stands beside the record was changed. */
  updated: string | null
}

export interface SummariesParts {
  store: DocumentStore
  changes: Pick<Changes, 'find'>
  summarise(known: StoredRecord): Promise<Summarised>
  /** The same of what has no record yet; undefined where nothing is to come. */
  summariseComing(id: string): Promise<(Summarised & { created: string; fingerprint: string }) | undefined>
  account(
    id: string,
    options: { row: StoredSummary | undefined; known: StoredRecord | undefined; span: ChangeRange | undefined }
  ): Promise<Account>
  graceMs: number
  /** Hears of every row that was written here. It never throws. */
  onWritten?(written: WrittenSummary): Promise<void>
  onError(error: unknown): void
}

/** Ids that wait; what comes beyond is left to the sweep, which finds it by its revision. */
const maxTouched = 20_000
const atOnce = 64
/** Between such rounds. */
const maxPauseMs = 250
const maxSuspects = 1000
const maxAttempts = 10

export function createSummaries(parts: SummariesParts): Summaries {
  const { graceMs, onError } = parts
  const queue = createQueue(async (id, span) => {
    const suspect = await catchUp(parts, { id, span })
    if (suspect) again(id)
  }, onError)
  const suspects = new Map<string, NodeJS.Timeout>()
  let stopped = false

  /** An entry that is on its way comes soon; one that never was is missed when the grace is over. */
  function again(id: string): void {
    if (stopped || suspects.has(id) || suspects.size >= maxSuspects) return
    const timer = setTimeout(
      () => {
        suspects.delete(id)
        queue.add(id, undefined)
      },
      Math.max(graceMs / 4, 10)
    )
    suspects.set(id, timer.unref())
  }

  return {
    touched: (id, span) => {
      if (!stopped) queue.add(id, span)
    },
    settled: (withinMs) => queue.settled(withinMs),
    async catchUp(id) {
      if (await catchUp(parts, { id, span: undefined })) again(id)
    },
    async stop() {
      stopped = true
      for (const timer of suspects.values()) clearTimeout(timer)
      await queue.settled(graceMs)
    }
  }
}

/** Whether something about it is still to be found out. */
async function catchUp(parts: SummariesParts, { id, span }: { id: string; span: ChangeRange | undefined }): Promise<boolean> {
  const { store, changes, account, graceMs } = parts
  for (let attempts = 0; attempts < maxAttempts; attempts++) {
    // the row first: whoever changes the record later finds this row changed, and makes it anew
    const stored = await store.get(id)
    const known = await changes.find(id)
    const row = stored && fromSummaryDocument(stored.document)
    const accounted = await account(id, { row, known, span })
    const { suspect } = accounted
    const document = known
      ? await documentOf(parts, { row, known, ...accounted })
      : row && suspect
        ? gone(row, { suspect, graceMs })
        : await comingDocument(parts, id)
    if (document === stored?.document) return suspect !== null
    if (!(await put(store, { id, document, revision: stored?.revision }))) continue
    const after = document === undefined ? undefined : fromSummaryDocument(document)
    if (after) await parts.onWritten?.({ id, before: row, after, born: accounted.born })
    return suspect !== null
  }
  // so many writers at once: theirs are no worse
  return false
}

async function put(
  store: DocumentStore,
  { id, document, revision }: { id: string; document: string | undefined; revision: string | undefined }
): Promise<boolean> {
  try {
    if (document === undefined) return await store.remove(id, { revision: revision! })
    await store.put(id, document, revision === undefined ? { absent: true } : { revision })
    return true
  } catch (error) {
    if (isCatalogueError(error, 'revision_conflict', 'already_exists')) return false
    throw error
  }
}

const decidedAt = ({ since }: Suspect, graceMs: number) => new Date(Date.parse(since) + graceMs).toISOString()

interface Found extends Account {
  row: StoredSummary | undefined
  known: StoredRecord
}

async function documentOf(parts: SummariesParts, { row, known, accounted, suspect, fingerprint, at, born }: Found): Promise<string> {
  const { summary, wakes, updated } = await parts.summarise(known)
  const [due = null] = [wakes, suspect && decidedAt(suspect, parts.graceMs)].filter((time) => time !== null).sort()
  const [last = null] = [updated, at ?? row?.updated ?? null]
    .filter((time) => time !== null)
    .sort()
    .reverse()
  const before = row?.revision === '' ? undefined : row
  const times = { created: born ?? before?.created ?? null, updated: last }
  return toSummaryDocument({ ...summary, ...times, revision: known.revision, fingerprint: fingerprint!, accounted, suspect, due })
}

async function comingDocument({ summariseComing }: SummariesParts, id: string): Promise<string | undefined> {
  const coming = await summariseComing(id)
  if (!coming) return undefined
  const { summary, fingerprint, wakes: due, created, updated } = coming
  return toSummaryDocument({ ...summary, created, updated, revision: '', fingerprint, accounted: null, suspect: null, due })
}

/** The row of what was removed while nobody looked: it stays until that was told. */
const gone = (row: StoredSummary, { suspect, graceMs }: { suspect: Suspect; graceMs: number }): string =>
  toSummaryDocument({ ...row, suspect, due: decidedAt(suspect, graceMs) })

/**
 * Work by id, in the order in which it came, in rounds: several at once, and the next when these are done. So they go hand in hand, and
 * what they ask of an engine joins into a few requests. Between rounds requests have as long for themselves, unless somebody waits.
 */
function createQueue(work: (id: string, span: ChangeRange | undefined) => Promise<void>, onError: (error: unknown) => void) {
  const waiting = new Map<string, { number: number; span: ChangeRange | undefined }>()
  const underWay = new Map<string, number>()
  const waiters = new Set<{ number: number; resolve: () => void }>()
  let last = 0
  let began = 0
  let pausing = false

  function start(): void {
    if (underWay.size > 0 || (pausing && waiters.size === 0)) return
    began = performance.now()
    for (const [id, { number, span }] of waiting) {
      if (underWay.size === atOnce) return
      waiting.delete(id)
      underWay.set(id, number)
      void carryOut(id, span)
    }
  }

  async function carryOut(id: string, span: ChangeRange | undefined): Promise<void> {
    try {
      await work(id, span)
    } catch (error) {
      // the store is away: the sweep comes back to it
      if (!isCatalogueError(error, 'store_unavailable')) onError(error)
    } finally {
      underWay.delete(id)
      answer()
      if (underWay.size === 0) pause()
    }
  }

  function pause(): void {
    const over = () => {
      pausing = false
      start()
    }
    pausing = true
    setTimeout(over, Math.min(performance.now() - began, maxPauseMs)).unref()
    start()
  }

  function oldest(): number {
    let number = Number.POSITIVE_INFINITY
    for (const one of underWay.values()) number = Math.min(number, one)
    for (const one of waiting.values()) return Math.min(number, one.number)
    return number
  }

  function answer(): void {
    if (waiters.size === 0) return
    const before = oldest()
    for (const waiter of waiters) {
      if (waiter.number >= before) continue
      waiters.delete(waiter)
      waiter.resolve()
    }
  }

  return {
    add(id: string, span: ChangeRange | undefined): void {
      const before = waiting.get(id)
      if (before) before.span = joinRanges(before.span, span)
      else if (waiting.size < maxTouched) waiting.set(id, { number: ++last, span })
      start()
    },

    settled(withinMs: number): Promise<void> {
      if (oldest() > last) return Promise.resolve()
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer)
          waiters.delete(waiter)
          resolve()
        }
        const waiter = { number: last, resolve: done }
        const timer = setTimeout(done, withinMs)
        waiters.add(waiter)
        start()
      })
    }
  }
}
