import { setImmediate as nextTurn } from 'node:timers/promises'

export type Pace = ReturnType<typeof createPace>

const sliceMs = 5
const asksPerLook = 64

/** Interrupts long work so that the server can answer requests meanwhile. */
export function createPace() {
  let began = performance.now()
  let asks = 0
  return {
    /** Whether it is time to rest. Cheap enough to call for every item. */
    due(): boolean {
      if (++asks < asksPerLook) return false
      asks = 0
      return performance.now() - began >= sliceMs
    },
    async rest(): Promise<void> {
      await nextTurn()
      began = performance.now()
    }
  }
}
