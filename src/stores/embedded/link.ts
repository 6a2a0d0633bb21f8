import type { Worker } from 'node:worker_threads'
import { CatalogueError, type ErrorCode } from '../../domain/errors.ts'
import type { Calls, Refused } from './messages.ts'

export interface Link {
  /** Throws the worker's own error; store_unavailable when the worker died or did not answer within the patience. */
  ask<Kind extends keyof Calls>(kind: Kind, request: Calls[Kind][0]): Promise<Calls[Kind][1]>
  /** Ends the worker after it has answered all requests. */
  stop(): Promise<void>
}

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

/**
 * A connection to a worker thread. When the thread dies, the requests in progress fail and another thread is started, after a delay that
 * grows while threads keep dying.
 */
export function createLink(start: () => Worker, { patienceMs, unhurried }: LinkOptions): Link {
  const waiting = new Map<number, WaitingRequest>()
  let worker: Worker | undefined
  let lastNumber = 0
  let delayMs = firstDelayMs
  let restart: NodeJS.Timeout | undefined
  // why another worker could not be started, for example because the system has no thread left
  let notStarted: unknown
  let stopped = false
  // requests that timed out and are still unanswered: while there are any, further requests would only queue behind them
  const overdue = new Set<number>()

  const unavailable = (problem: string, cause?: unknown) =>
    new CatalogueError('store_unavailable', `the embedded store's worker thread ${problem}`, { cause })

  function launch(): void {
    const launched = start()
    let failure: unknown
    worker = launched
    launched.on('message', receive)
    launched.on('error', (error) => {
      failure = error
    })
    launched.on('exit', (code) => {
      worker = undefined
      overdue.clear()
      const words = failure instanceof Error ? `died: ${failure.message}` : `ended with status ${code}`
      for (const [n, { reject }] of settleAll())
        reject(unavailable(`${words}; its request ${n} may or may not have been carried out`, failure))
      launchLater()
    })
  }

  function launchLater(): void {
    if (stopped) return
    restart = setTimeout(() => {
      try {
        launch()
        notStarted = undefined
      } catch (error) {
        notStarted = error
        launchLater()
      }
    }, delayMs)
    delayMs = Math.min(delayMs * 2, longestDelayMs)
  }

  function receive({ n, answer, refused }: { n: number; answer?: unknown } & Partial<Refused>): void {
    delayMs = firstDelayMs
    overdue.delete(n)
    const asked = waiting.get(n)
    if (asked === undefined) return
    waiting.delete(n)
    clearTimeout(asked.timer)
    if (refused) asked.reject(toError(refused))
    else asked.resolve(answer)
  }

  function* settleAll(): Generator<[number, WaitingRequest]> {
    for (const [n, asked] of waiting) {
      waiting.delete(n)
      clearTimeout(asked.timer)
      yield [n, asked]
    }
  }

  launch()

  return {
    ask: (kind, request) =>
      new Promise((resolve, reject) => {
        if (stopped) return reject(new CatalogueError('store_unavailable', 'the embedded store is closed'))
        if (worker === undefined) return reject(unavailable('is being restarted; try again', notStarted))
        if (overdue.size > 0) return reject(unavailable(`has not answered for more than ${patienceMs} ms; is the disk stuck?`))
        const n = ++lastNumber
        const giveUp = () => {
          waiting.delete(n)
          overdue.add(n)
          reject(unavailable(`did not answer within ${patienceMs} ms; the request may still be carried out`))
        }
        const timer = unhurried.includes(kind) ? undefined : setTimeout(giveUp, patienceMs)
        waiting.set(n, { resolve: resolve as WaitingRequest['resolve'], reject, timer })
        worker.postMessage({ n, kind, request })
      }),

    async stop() {
      stopped = true
      clearTimeout(restart)
      const ending = worker
      if (ending === undefined) return
      const exit = new Promise((resolve) => ending.once('exit', resolve))
      // never terminate(): inside a call of libsql it aborts the process
      ending.postMessage('end')
      await exit
    }
  }
}

/** Restores an error that was sent as a message. One without a code was unexpected, and remains a plain error for the log. */
export function toError({ code, message, stack }: Refused['refused']): Error {
  if (code !== undefined) return new CatalogueError(code as ErrorCode, message)
  const error = new Error(message)
  if (stack !== undefined) error.stack = stack
  return error
}
