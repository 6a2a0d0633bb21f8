import { isCatalogueError } from '../domain/errors.ts'
import type { Verification } from './verification.ts'

export interface Loop {
  /** Lets go of what is under way, so that another replica takes it up. */
  stop(): Promise<void>
}

export interface LoopOptions {
  /** How often to look when nothing is known to be there: others may have put something down. */
  everyMs: number
  heartbeatMs: number
  /** Images that are read at once. */
  atOnce: number
  /** What nobody foresaw. */
  onError(error: unknown): void
}

/** Reads what was put down to be read, until it is stopped. */
export function startVerification(verification: Verification, { everyMs, onError, ...options }: LoopOptions): Loop {
  const stopped = new AbortController()
  const { signal } = stopped
  let wake = () => {}
  let awaited = false

  const pause = () =>
    new Promise<void>((resolve) => {
      if (awaited || signal.aborted) return resolve()
      const timer = setTimeout(resolve, everyMs)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  async function run(): Promise<void> {
    while (!signal.aborted) {
      awaited = false
      let done = 0
      try {
        done = await verification.work({ ...options, signal })
      } catch (error) {
        // the store is away, or not ready yet: later, then
        if (!isCatalogueError(error, 'store_unavailable')) onError(error)
      }
      if (done === 0) await pause()
    }
  }

  verification.onWork(() => {
    awaited = true
    wake()
  })
  const running = run()
  return {
    stop() {
      stopped.abort(new Error('the server stops'))
      wake()
      return running
    }
  }
}
