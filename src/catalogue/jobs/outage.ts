/** Of several that need a store, some or none can do their work. */
export interface Outage {
  away(what: string, error: unknown): void
  well(what: string): void
}

/** Tells once that a store is away, when the first cannot do its work, and once that it is back, when all of them can again. */
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
