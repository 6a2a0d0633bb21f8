import { setImmediate as nextTurn } from 'node:timers/promises'

/** Lets other work have its turn in the midst of long work: requests are answered meanwhile. */
export interface Pace {
  /** Whether it is time to give way. To be asked often; most askings cost next to nothing. */
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
