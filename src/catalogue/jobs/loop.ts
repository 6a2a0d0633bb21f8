import { isCatalogueError } from '../../domain/errors.ts'
import { createBell } from './bell.ts'

export interface Loop {
  /** Ends the pause: there is something to do. */
  wake(): void
  /** Aborts the round under way, and waits for its end. */
  stop(): Promise<void>
}

interface LoopOptions {
  /** Does what there is to do and returns how much that was; the loop pauses after 0. */
  work(signal: AbortSignal): Promise<number>
  /** The longest pause: other replicas may have added work. */
  everyMs: number
  /** Called for every error other than that of an unavailable store. */
  onError(error: unknown): void
  /** Called each time a store is unavailable, or not ready yet. */
  onAway?(error: unknown): void
  /** Called each time the work succeeded. */
  onWell?(): void
}

/** Repeats work in the background until it is stopped. */
export function startLoop({ work, everyMs, onError, onAway, onWell }: LoopOptions): Loop {
  const stopped = new AbortController()
  const { signal } = stopped
  const bell = createBell()

  async function run(): Promise<void> {
    while (!signal.aborted) {
      bell.hush()
      let done = 0
      try {
        done = await work(signal)
        onWell?.()
      } catch (error) {
        // stopping is no failure
        if (signal.aborted && error === signal.reason) break
        if (isCatalogueError(error, 'store_unavailable')) onAway?.(error)
        else onError(error)
      }
      if (done === 0) await bell.heard(everyMs)
    }
  }

  const running = run()
  return {
    wake: bell.ring,
    stop() {
      stopped.abort(new Error('the server stops'))
      bell.ring()
      return running
    }
  }
}
