/** Tracks which loops cannot work because a store is unavailable. */
export interface Outage {
  away(what: string, error: unknown): void
  well(what: string): void
}

/** Reports an outage once, when the first loop fails, and its end once, when the last of them works again. */
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
