import { isCatalogueError } from '../../domain/errors.ts'
import { createBell } from '../jobs/bell.ts'
import { type ChangeRange, joinRanges } from './change-range.ts'

interface SummaryQueueParts {
  work(id: string, range: ChangeRange | undefined): Promise<void>
  onError(error: unknown): void
}

/** The most containers in the queue. Further ones are left to the sweep, which finds them by their revisions. */
const maxWaiting = 20_000
const atOnce = 64
const maxPauseMs = 250

/**
 * Makes the summaries of containers again, first come, first served. They are processed in rounds of several at once, so that their requests
 * to an engine join into a few. After each round there is a pause as long as the round, which leaves time for requests, unless a list waits.
 */
export function createSummaryQueue(parts: SummaryQueueParts) {
  const waiting = new Map<string, { number: number; range: ChangeRange | undefined }>()
  const waiters = new Set<() => void>()
  /** The numbers of the container that was added last, and of the last one that is done: they are done in the order of their numbers. */
  let [last, done] = [0, 0]
  let running = false
  /** Rings when somebody waits for the queue. */
  const bell = createBell()

  async function run(): Promise<void> {
    running = true
    while (waiting.size > 0) {
      const began = performance.now()
      const round: Promise<void>[] = []
      let taken = done
      for (const [id, { number, range }] of waiting) {
        if (round.length === atOnce) break
        waiting.delete(id)
        round.push(carryOut(parts, id, range))
        taken = number
      }
      await Promise.all(round)
      done = taken
      for (const look of waiters) look()
      if (waiters.size === 0) await bell.heard(Math.min(performance.now() - began, maxPauseMs))
    }
    running = false
  }

  return {
    /** Adds a container. One that is already queued keeps its place, and the ranges of its changes are joined. */
    add(id: string, range: ChangeRange | undefined): void {
      const before = waiting.get(id)
      if (before) before.range = joinRanges(before.range, range)
      else if (waiting.size < maxWaiting) waiting.set(id, { number: ++last, range })
      if (!running) void run()
    },

    /** Resolves when all containers added before are done, or when the time is up. */
    async settled(withinMs: number): Promise<void> {
      const number = last
      if (done >= number) return
      await new Promise<void>((resolve) => {
        const end = () => {
          clearTimeout(timer)
          waiters.delete(look)
          resolve()
        }
        const look = () => {
          if (done >= number) end()
        }
        const timer = setTimeout(end, withinMs)
        waiters.add(look)
        bell.ring()
      })
    }
  }
}

async function carryOut({ work, onError }: SummaryQueueParts, id: string, range: ChangeRange | undefined): Promise<void> {
  try {
    await work(id, range)
  } catch (error) {
    // while the store is unavailable, the sweep will handle it later
    if (!isCatalogueError(error, 'store_unavailable')) onError(error)
  }
}
