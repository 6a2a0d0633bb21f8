import { setImmediate as nextTurn } from 'node:timers/promises'

/** Interrupts long work so that the server can answer requests meanwhile. */
export interface Pace {
  /** Whether it is time to rest. Cheap enough to call for every item. */
  due(): boolean
  rest(): Promise<void>
}

const sliceMs = 5
const asksPerLook = 64

export function createPace(): Pace {
  let began = performance.now()
  let asks = 0
  return {
    due() {
      if (++asks < asksPerLook) return false
      asks = 0
      return performance.now() - began >= sliceMs
    },
    async rest() {
      await nextTurn()
      began = performance.now()
    }
  }
}
