/** Runs a few operations at a time; further ones wait. */
export type Slots = <T>(work: () => Promise<T>) => Promise<T>

export function createSlots(atOnce: number): Slots {
  const waiting: (() => void)[] = []
  let taken = 0
  return async (work) => {
    if (taken < atOnce) taken++
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else taken--
    }
  }
}
