/** Failed attempts by address, so that guessing becomes slow. */
export interface Failures {
  /** Notes one more, and returns how long its answer should wait, in milliseconds. */
  note(address: string): number
}

export interface FailuresOptions {
  now(): number
  /** How many in a window are answered at once. */
  free?: number
  windowMs?: number
  waitMs?: number
  /** How many addresses are remembered; beyond that the oldest is forgotten. */
  most?: number
}

export function createFailures({ now, free = 10, windowMs = 60_000, waitMs = 1000, most = 10_000 }: FailuresOptions): Failures {
  const windows = new Map<string, { since: number; count: number }>()
  return {
    note(address) {
      const known = windows.get(address)
      const window = known && now() - known.since < windowMs ? known : { since: now(), count: 0 }
      window.count++
      windows.delete(address)
      windows.set(address, window)
      if (windows.size > most) windows.delete(windows.keys().next().value!)
      return window.count > free ? waitMs : 0
    }
  }
}
