import { isCatalogueError } from '../../domain/errors.ts'

export interface Loop {
  /** There is something to do. */
  wake(): void
  /** Lets go of what is under way. */
  stop(): Promise<void>
}

export interface LoopOptions {
  /** Does what there is, and tells how much it was; after nothing it pauses. */
  work(signal: AbortSignal): Promise<number>
  /** The longest pause: other replicas may have put something down. */
  everyMs: number
  /** What nobody foresaw. */
  onError(error: unknown): void
  /** A store is away, or not ready yet: later, then. Each time that it is so. */
  onAway?(error: unknown): void
  /** Each time that the work was done. */
  onWell?(): void
}

/** Work behind the requests, until it is stopped. */
export function startLoop({ work, everyMs, onError, onAway, onWell }: LoopOptions): Loop {
  const stopped = new AbortController()
  const { signal } = stopped
  let endPause = () => {}
  let awaited = false

  const pause = () =>
    new Promise<void>((resolve) => {
      if (awaited || signal.aborted) return resolve()
      const timer = setTimeout(resolve, everyMs)
      endPause = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  async function run(): Promise<void> {
    while (!signal.aborted) {
      awaited = false
      let done = 0
      try {
        done = await work(signal)
        onWell?.()
      } catch (error) {
        // that it was to let go is no failure
        if (signal.aborted && error === signal.reason) break
        if (isCatalogueError(error, 'store_unavailable')) onAway?.(error)
        else onError(error)
      }
      if (done === 0) await pause()
    }
  }

  const running = run()
  return {
    wake() {
      awaited = true
      endPause()
    },
    stop() {
      stopped.abort(new Error('the server stops'))
      endPause()
      return running
    }
  }
}
