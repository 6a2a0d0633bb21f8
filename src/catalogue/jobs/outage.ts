/** Which of several loops cannot work because a store is away. */
export interface Outage {
  away(what: string, error: unknown): void
  well(what: string): void
}

/** Reports once that a store is away, when the first loop fails, and once that it is back, when the last of them works again. */
export function createOutage({ onAway, onBack }: { onAway(error: unknown): void; onBack(): void }): Outage {
  const waiting = new Set<string>()
  return {
    away(what, error) {
      if (waiting.size === 0) onAway(error)
      waiting.add(what)
    },
    well(what) {
      if (waiting.delete(what) && waiting.size === 0) onBack()
    }
  }
}
