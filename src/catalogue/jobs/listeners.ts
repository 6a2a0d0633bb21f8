export interface Listeners<Event extends unknown[]> {
  /** Returns how to stop listening. */
  listen(listener: (...event: Event) => void): () => void
  notify(...event: Event): void
}

export function createListeners<Event extends unknown[]>(): Listeners<Event> {
  const listeners = new Set<(...event: Event) => void>()
  return {
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    notify(...event) {
      for (const listener of listeners) listener(...event)
    }
  }
}
