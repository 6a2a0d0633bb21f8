import { isCatalogueError } from '../../domain/errors.ts'
import { type ChangeRange, joinRanges } from './change-range.ts'

interface SummaryQueueParts {
  work(id: string, range: ChangeRange | undefined): Promise<void>
  onError(error: unknown): void
}

/** The most containers in the queue. Further ones are left to the sweep, which finds them by their revisions. */
const maxWaiting = 20_000
const atOnce = 64
const maxPauseMs = 250

interface Waiter {
  /** The number of the last container that was added before. */
  number: number
  resolve(): void
}

interface QueueState extends SummaryQueueParts {
  waiting: Map<string, { number: number; range: ChangeRange | undefined }>
  /** The containers in progress, with their numbers. */
  underWay: Map<string, number>
  waiters: Set<Waiter>
  /** The number of the container that was added last. */
  last: number
  /** When the round began. */
  began: number
  pausing: boolean
}

/**
 * Makes the summaries of containers again, first come, first served. They are processed in rounds of several at once, so that their requests
 * to an engine join into a few. After each round there is a pause as long as the round, which leaves time for requests, unless a list waits.
 */
export function createSummaryQueue(parts: SummaryQueueParts) {
  const state = { waiting: new Map(), underWay: new Map(), waiters: new Set<Waiter>(), last: 0, began: 0, pausing: false }
  const queue: QueueState = { ...parts, ...state }
  return {
    /** Adds a container. One that is already queued keeps its place, and the ranges of its changes are joined. */
    add(id: string, range: ChangeRange | undefined): void {
      const before = queue.waiting.get(id)
      if (before) before.range = joinRanges(before.range, range)
      else if (queue.waiting.size < maxWaiting) queue.waiting.set(id, { number: ++queue.last, range })
      startRound(queue)
    },

    /** Resolves when all containers added before are done, or when the time is up. */
    settled(withinMs: number): Promise<void> {
      if (oldestNumber(queue) > queue.last) return Promise.resolve()
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer)
          queue.waiters.delete(waiter)
          resolve()
        }
        const waiter = { number: queue.last, resolve: done }
        const timer = setTimeout(done, withinMs)
        queue.waiters.add(waiter)
        startRound(queue)
      })
    }
  }
}

function startRound(queue: QueueState): void {
  const { waiting, underWay, waiters } = queue
  if (underWay.size > 0 || (queue.pausing && waiters.size === 0)) return
  queue.began = performance.now()
  for (const [id, { number, range }] of waiting) {
    if (underWay.size === atOnce) return
    waiting.delete(id)
    underWay.set(id, number)
    void carryOut(queue, id, range)
  }
}

async function carryOut(queue: QueueState, id: string, range: ChangeRange | undefined): Promise<void> {
  try {
    await queue.work(id, range)
  } catch (error) {
    // while the store is unavailable, the sweep will handle it later
    if (!isCatalogueError(error, 'store_unavailable')) queue.onError(error)
  } finally {
    queue.underWay.delete(id)
    resolveWaiters(queue)
    if (queue.underWay.size === 0) pause(queue)
  }
}

function pause(queue: QueueState): void {
  const over = () => {
    queue.pausing = false
    startRound(queue)
  }
  queue.pausing = true
  setTimeout(over, Math.min(performance.now() - queue.began, maxPauseMs)).unref()
  startRound(queue)
}

/** Returns the lowest number among the containers that are not done; infinity when all are done. */
function oldestNumber({ underWay, waiting }: QueueState): number {
  let number = Number.POSITIVE_INFINITY
  for (const one of underWay.values()) number = Math.min(number, one)
  for (const one of waiting.values()) return Math.min(number, one.number)
  return number
}

function resolveWaiters(queue: QueueState): void {
  if (queue.waiters.size === 0) return
  const oldest = oldestNumber(queue)
  for (const waiter of queue.waiters) if (waiter.number < oldest) waiter.resolve()
}
