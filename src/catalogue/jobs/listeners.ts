export function createListeners<Event extends unknown[]>() {
  const listeners = new Set<(...event: Event) => void>()
  return {
    /** Returns how to stop listening. */
    listen(listener: (...event: Event) => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    notify(...event: Event): void {
      for (const listener of listeners) listener(...event)
    }
  }
}
