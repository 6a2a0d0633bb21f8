import { setTimeout as sleep } from 'node:timers/promises'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { parsedJson } from '../../domain/json/reading.ts'
import { coalesce } from '../coalesce.ts'
import type { WriteCondition } from '../document-store.ts'
import { documentPath, type Engine } from './engine.ts'
import type { IndexState, IndexWatch } from './index-state.ts'
import { type EngineError, engineRefusal, isIndexMissing, isLost, isPassing } from './refusals.ts'

/** A document to write; without one, the document is removed. */
export interface BulkWrite {
  id: string
  document?: string
  expected?: WriteCondition | undefined
}

export interface Written {
  /** `noop`: there was nothing to remove. */
  result: 'created' | 'updated' | 'deleted' | 'noop'
  revision: string
}

interface Options {
  index: string
  watch: IndexWatch
  /** Reads the current document, to find out whether a write whose answer was lost took effect. */
  read(id: string): Promise<{ document: string; revision: string } | undefined>
}

type Outcome = Written | CatalogueError

/** The most bytes that one `_bulk` carries; engines accept 100 MB. */
const maxBatchBytes = 16 * 1024 * 1024

/** Joins concurrent writes into `_bulk` requests. Each write gets its own outcome, and only when the engine has stored it durably. */
export function batchedWrites(engine: Engine, options: Options): (write: BulkWrite) => Promise<Written> {
  const { watch } = options
  return coalesce<BulkWrite, Written>({
    maxItems: 250,
    maxSize: maxBatchBytes,
    concurrency: 2,
    // slightly longer than the engine's patience, so that its own error comes first
    patienceMs: engine.patienceMs + 250,
    sizeOf: ({ id, document }) => id.length + (document?.length ?? 0),
    async run(writes, { since }) {
      const deadline = since + engine.patienceMs
      const state = writes.some(({ document }) => document !== undefined) ? await watch.ensured(deadline) : await watch.now(deadline)
      if (!state) return writes.map((write) => nothingToRemove(write))
      return carryOut(engine, { ...options, attempts: writes.map((write) => ({ write, repeated: false })), state, deadline })
    }
  })
}

/** A write, and whether an earlier attempt, whose answer was lost, may have taken effect. */
interface Attempt {
  write: BulkWrite
  repeated: boolean
}

interface Batch extends Options {
  attempts: Attempt[]
  state: IndexState
  deadline: number
}

/** Sends the writes, and retries those for which the engine reports a temporary error. */
async function carryOut(engine: Engine, batch: Batch): Promise<Outcome[]> {
  const { attempts, state, deadline } = batch
  const outcomes: (Outcome | undefined)[] = attempts.map(({ write }) => ofAnotherIndex(write, state))
  for (let pause = 50; ; pause *= 2) {
    const open = attempts.flatMap((_, i) => (outcomes[i] ? [] : [i]))
    if (open.length === 0) return outcomes as Outcome[]
    const answers = await send(engine, { ...batch, attempts: open.map((i) => attempts[i]!) })
    const last = Date.now() + pause >= deadline
    for (const [n, answer] of answers.entries()) {
      const i = open[n]!
      const attempt = attempts[i]!
      if (!('error' in answer)) outcomes[i] = answer
      else if (!isPassing(answer.error) || last) outcomes[i] = failed(attempt.write, answer.error)
      else attempt.repeated ||= isLost(answer.error)
    }
    if (open.some((i) => !outcomes[i])) await sleep(pause)
  }
}

type BulkAnswer = Outcome | { error: EngineError }

async function send(engine: Engine, batch: Batch): Promise<BulkAnswer[]> {
  const { index, attempts, deadline } = batch
  // a line of _bulk ends at the first newline, so a document that contains one is sent alone
  const together = attempts.every(({ write }) => !write.document?.includes('\n'))
  if (!together || attempts.length === 1) return Promise.all(attempts.map((attempt) => sendAlone(engine, { ...batch, attempt })))

  const body = attempts.map(({ write }) => bulkLines(write)).join('')
  const answer = await engine.send({ method: 'POST', path: `/${index}/_bulk`, query: timeoutUntil(deadline), body, deadline })
  for (const attempt of attempts) attempt.repeated ||= answer.repeated
  // one item that the engine cannot parse fails the whole request: send each alone to find it
  if (answer.status !== 200) return Promise.all(attempts.map((attempt) => sendAlone(engine, { ...batch, attempt })))

  const { items } = JSON.parse(answer.body) as { items: Record<string, BulkItem>[] }
  return Promise.all(items.map((item, i) => settle(Object.values(item)[0]!, { ...batch, attempt: attempts[i]! })))
}

interface BulkItem {
  result?: Written['result'] | 'not_found'
  _seq_no?: number
  _primary_term?: number
  error?: EngineError | string
}

/** Sends one write by its own request. It has the same outcomes as in a batch. */
async function sendAlone(engine: Engine, one: Batch & { attempt: Attempt }): Promise<BulkAnswer> {
  const { index, attempt, deadline } = one
  const { id, document, expected } = attempt.write
  const query = [timeoutUntil(deadline)]
  if (expected && 'absent' in expected) query.push('op_type=create')
  const conditions = sequenceOf(expected)
  if (conditions) query.push(`if_seq_no=${conditions.seqNo}`, `if_primary_term=${conditions.primaryTerm}`)
  const answer = await engine.send({
    method: document === undefined ? 'DELETE' : 'PUT',
    path: documentPath(index, id),
    query: query.join('&'),
    ...(document !== undefined && { body: document }),
    deadline
  })
  attempt.repeated ||= answer.repeated
  return settle(readAlone(answer), one)
}

const readAlone = ({ status, body }: { status: number; body: string }): BulkItem =>
  (parsedJson(body) as BulkItem | undefined) ?? { error: { type: `HTTP ${status}`, reason: body.slice(0, 200) } }

/** Interprets an answer. After a lost one, "conflict" and "not found" may be due to our own first attempt; reading the document decides. */
async function settle(item: BulkItem, { attempt, state, read }: Batch & { attempt: Attempt }): Promise<BulkAnswer> {
  const { write, repeated } = attempt
  if (item.error) {
    const error = typeof item.error === 'string' ? { type: item.error } : item.error
    if (isIndexMissing(error) && write.document === undefined) return nothingToRemove(write)
    if (repeated && error.type === 'version_conflict_engine_exception' && write.document !== undefined) {
      const stored = await read(write.id)
      if (stored?.document === write.document) return { result: 'updated', revision: stored.revision }
    }
    return { error }
  }
  if (item.result === 'not_found') return repeated ? { result: 'deleted', revision: '' } : nothingToRemove(write)
  if (item.result === undefined) return { error: { type: 'unexpected answer', reason: JSON.stringify(item).slice(0, 200) } }
  return { result: item.result, revision: `${state.uuid}.${item._seq_no}.${item._primary_term}` }
}

function bulkLines({ id, document, expected }: BulkWrite): string {
  const conditions = sequenceOf(expected)
  const meta = JSON.stringify({ _id: id, ...(conditions && { if_seq_no: conditions.seqNo, if_primary_term: conditions.primaryTerm }) })
  if (document === undefined) return `{"delete":${meta}}\n`
  return `{"${expected && 'absent' in expected ? 'create' : 'index'}":${meta}}\n${document}\n`
}

/** Returns a conflict when the expected revision belongs to another index: its sequence numbers say nothing about this one. */
function ofAnotherIndex({ id, expected }: BulkWrite, state: IndexState): CatalogueError | undefined {
  if (!expected || 'absent' in expected) return undefined
  return sequenceOf(expected)?.uuid === state.uuid ? undefined : new CatalogueError('revision_conflict', `${id} was changed meanwhile`)
}

function sequenceOf(expected: WriteCondition | undefined): { uuid: string; seqNo: number; primaryTerm: number } | undefined {
  const match = expected && 'revision' in expected && /^([^.]+)\.(\d+)\.(\d+)$/.exec(expected.revision)
  return match ? { uuid: match[1]!, seqNo: Number(match[2]), primaryTerm: Number(match[3]) } : undefined
}

function nothingToRemove({ id, expected }: BulkWrite): Outcome {
  return expected ? new CatalogueError('revision_conflict', `${id} was changed meanwhile`) : { result: 'noop', revision: '' }
}

function failed({ id, expected }: BulkWrite, error: EngineError): CatalogueError {
  const failure = engineRefusal(error, id)
  const exists = isCatalogueError(failure, 'revision_conflict') && expected && 'absent' in expected
  return exists ? new CatalogueError('already_exists', `${id} exists already`) : failure
}

/** Without this, an engine waits a minute for a missing shard. */
const timeoutUntil = (deadline: number) => `timeout=${Math.max(deadline - Date.now(), 1)}ms`
