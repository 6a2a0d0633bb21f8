import { setTimeout as sleep } from 'node:timers/promises'
import { isRegistryError, type RegistryError } from './registry-error.ts'

export interface RetryPatience {
  /** How long to keep trying without progress. */
  patienceMs: number
  /** Whether another try may help after this error; `mayPass` unless given. */
  mayPass?(error: Error): boolean
  /** Hears of each pause. */
  tell?(pause: Pause): void
  /** Ends the wait when something else has failed. */
  signal?: AbortSignal
  now?: () => number
  /** Rejects when the signal aborts. */
  wait?: (ms: number, signal: AbortSignal | undefined) => Promise<void>
}

export interface Pause {
  pauseMs: number
  why: string
}

const [firstPauseMs, longestPauseMs] = [500, 15_000]
const passingStatuses = [408, 416, 429, 500, 502, 503, 504]

/** Returns whether another try may help: nobody answered, or the server has no time at the moment. */
export const mayPass = (error: unknown): boolean =>
  isRegistryError(error)
    ? error.status !== undefined && passingStatuses.includes(error.status)
    : typeof (error as NodeJS.ErrnoException).code === 'string'

const pauseFor = (ms: number, signal: AbortSignal | undefined) => sleep(ms, undefined, { signal })

/** Repeats work until it succeeds, fails for good, or makes no progress for too long. Work calls `renew` when it makes progress. */
export async function patiently<Result>(
  { patienceMs, mayPass: mayHelp = mayPass, tell, signal, now = Date.now, wait = pauseFor }: RetryPatience,
  work: (renew: () => void) => Promise<Result>
): Promise<Result> {
  let pauseMs = firstPauseMs
  let until = now() + patienceMs
  const renew = () => {
    pauseMs = firstPauseMs
    until = now() + patienceMs
  }
  for (;;) {
    signal?.throwIfAborted()
    try {
      return await work(renew)
    } catch (error) {
      const { retryAfterMs = pauseMs, message } = error as RegistryError
      if (!mayHelp(error as Error) || now() + retryAfterMs > until) throw error
      tell?.({ pauseMs: retryAfterMs, why: message })
      await wait(retryAfterMs, signal)
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
    }
  }
}
