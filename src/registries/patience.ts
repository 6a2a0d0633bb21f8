import { isRegistryError, type RegistryError } from './registry-error.ts'

export interface CopyPatience {
  /** How long to keep trying without progress. */
  patienceMs: number
  now: () => number
  /** Rejects when the signal is given. */
  wait: (ms: number, signal: AbortSignal) => Promise<void>
  /** Ends it, as something else failed. */
  signal: AbortSignal
  /** Hears of each pause. */
  tell(pause: { seconds: number; why: string }): void
}

const [firstPauseMs, longestPauseMs] = [500, 15_000]
const passingStatuses = [408, 416, 429, 500, 502, 503, 504]

/** Returns whether another try may help: nobody answered, or the server has no time at the moment. */
export const mayPass = (error: unknown): boolean =>
  isRegistryError(error)
    ? error.status !== undefined && passingStatuses.includes(error.status)
    : typeof (error as NodeJS.ErrnoException).code === 'string'

/** Repeats work until it succeeds, fails for good, or makes no progress for too long. Work calls `renew` when it makes progress. */
export async function patiently<Result>(
  { patienceMs, now, wait, tell, signal }: CopyPatience,
  work: (renew: () => void) => Promise<Result>
): Promise<Result> {
  let pauseMs = firstPauseMs
  let until = now() + patienceMs
  const renew = () => {
    pauseMs = firstPauseMs
    until = now() + patienceMs
  }
  for (;;) {
    signal.throwIfAborted()
    try {
      return await work(renew)
    } catch (error) {
      const { retryAfterMs = pauseMs, message } = error as RegistryError
      if (!mayPass(error) || now() + retryAfterMs > until) throw error
      tell({ seconds: Math.ceil(retryAfterMs / 1000), why: message })
      await wait(retryAfterMs, signal)
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
    }
  }
}
