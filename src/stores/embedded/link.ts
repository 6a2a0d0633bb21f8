import type { Worker } from 'node:worker_threads'
import { CatalogueError, type ErrorCode } from '../../domain/errors.ts'
import type { Calls, Refused } from './messages.ts'

export type Link = ReturnType<typeof createLink>

interface WaitingRequest {
  resolve(answer: unknown): void
  reject(error: unknown): void
  timer: NodeJS.Timeout | undefined
}

const firstDelayMs = 50
const longestDelayMs = 5000

export interface LinkOptions {
  patienceMs: number
  /** Requests without a time limit, because their caller has nothing else to do. */
  unhurried: readonly (keyof Calls)[]
}

type LinkParts = ReturnType<typeof linkParts>

const linkParts = (start: () => Worker, options: LinkOptions) => ({
  ...options,
  start,
  waiting: new Map<number, WaitingRequest>(),
  worker: undefined as Worker | undefined,
  lastNumber: 0,
  delayMs: firstDelayMs,
  restart: undefined as NodeJS.Timeout | undefined,
  /** Why another worker could not be started, for example because the system has no thread left. */
  notStarted: undefined as unknown,
  stopped: false,
  /** Requests that timed out and are still unanswered: while there are any, further requests would only queue behind them. */
  overdue: new Set<number>()
})

/** A connection to a worker thread. When it dies, its requests fail and another is started, after a delay that grows while threads die. */
export function createLink(start: () => Worker, options: LinkOptions) {
  const parts = linkParts(start, options)
  launch(parts)
  return {
    /** Throws the worker's own error; store_unavailable when the worker died or did not answer within the patience. */
    ask: <Kind extends keyof Calls>(kind: Kind, request: Calls[Kind][0]) => ask(parts, kind, request),
    /** Ends the worker after it has answered all requests. */
    stop: () => stop(parts)
  }
}

const unavailable = (problem: string, cause?: unknown) =>
  new CatalogueError('store_unavailable', `the embedded store's worker thread ${problem}`, { cause })

function launch(parts: LinkParts): void {
  const launched = parts.start()
  let failure: unknown
  parts.worker = launched
  launched.on('message', (message) => receive(parts, message))
  launched.on('error', (error) => {
    failure = error
  })
  launched.on('exit', (code) => {
    parts.worker = undefined
    parts.overdue.clear()
    const words = failure instanceof Error ? `died: ${failure.message}` : `ended with status ${code}`
    for (const [n, { reject, timer }] of parts.waiting) {
      clearTimeout(timer)
      reject(unavailable(`${words}; its request ${n} may or may not have been carried out`, failure))
    }
    parts.waiting.clear()
    launchLater(parts)
  })
}

function launchLater(parts: LinkParts): void {
  if (parts.stopped) return
  parts.restart = setTimeout(() => {
    try {
      launch(parts)
      parts.notStarted = undefined
    } catch (error) {
      parts.notStarted = error
      launchLater(parts)
    }
  }, parts.delayMs)
  parts.delayMs = Math.min(parts.delayMs * 2, longestDelayMs)
}

function receive(parts: LinkParts, { n, answer, refused }: { n: number; answer?: unknown } & Partial<Refused>): void {
  const { waiting, overdue } = parts
  parts.delayMs = firstDelayMs
  overdue.delete(n)
  const asked = waiting.get(n)
  if (asked === undefined) return
  waiting.delete(n)
  clearTimeout(asked.timer)
  if (refused) asked.reject(toError(refused))
  else asked.resolve(answer)
}

const ask = <Kind extends keyof Calls>(parts: LinkParts, kind: Kind, request: Calls[Kind][0]): Promise<Calls[Kind][1]> =>
  new Promise((resolve, reject) => {
    const { waiting, overdue, patienceMs, worker } = parts
    if (parts.stopped) return reject(new CatalogueError('store_unavailable', 'the embedded store is closed'))
    if (worker === undefined) return reject(unavailable('is being restarted; try again', parts.notStarted))
    if (overdue.size > 0) return reject(unavailable(`has not answered for more than ${patienceMs} ms; is the disk stuck?`))
    const n = ++parts.lastNumber
    const giveUp = () => {
      waiting.delete(n)
      overdue.add(n)
      reject(unavailable(`did not answer within ${patienceMs} ms; the request may still be carried out`))
    }
    const timer = parts.unhurried.includes(kind) ? undefined : setTimeout(giveUp, patienceMs)
    waiting.set(n, { resolve: resolve as WaitingRequest['resolve'], reject, timer })
    worker.postMessage({ n, kind, request })
  })

async function stop(parts: LinkParts): Promise<void> {
  parts.stopped = true
  clearTimeout(parts.restart)
  const ending = parts.worker
  if (ending === undefined) return
  const exit = new Promise((resolve) => ending.once('exit', resolve))
  // never terminate(): inside a call of libsql it aborts the process
  ending.postMessage('end')
  await exit
}

/** Restores an error that was sent as a message. One without a code was unexpected, and remains a plain error for the log. */
export function toError({ code, message, stack }: Refused['refused']): Error {
  if (code !== undefined) return new CatalogueError(code as ErrorCode, message)
  const error = new Error(message)
  if (stack !== undefined) error.stack = stack
  return error
}
