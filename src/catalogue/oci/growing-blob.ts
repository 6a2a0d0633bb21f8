/** A blob that can be read while it is being stored. */
export interface GrowingBlob {
  /** Resolves with the first byte, or when it is stored. */
  begun: Promise<void>
  /** Resolves when it is stored whole and its digest is right. Rejects when that failed. */
  stored: Promise<void>
  /** Returns the bytes for the store, and shows them to readers on the way. */
  shown(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer>
  /**
   * Yields the bytes as they arrive, but the last ones only when the blob is stored, because its digest is checked then. What a reader did not
   * get in memory by then, or was too slow for, `rest` gives it from the store. Throws when storing fails.
   */
  read(rest: (first: number) => AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>
  /** Returns whether bytes have arrived, and the blob is not stored yet. */
  isGrowing(): boolean
  succeed(): void
  fail(error: unknown): void
}

interface Signal {
  promise: Promise<void>
  resolve(): void
  reject(error: unknown): void
}

function createSignal(): Signal {
  const signal = {} as Signal
  signal.promise = new Promise<void>((resolve, reject) => Object.assign(signal, { resolve, reject }))
  signal.promise.catch(() => {}) // whoever awaits it hears of it
  return signal
}

/** `mostKept` returns how many of the last bytes may be kept for readers at the moment: storing does not wait for a slow one. */
export function createGrowingBlob(size: number, mostKept: () => number): GrowingBlob {
  const [begun, stored] = [createSignal(), createSignal()]
  /** The last bytes by the position at which they begin; readers advance by the same pieces. */
  const kept = new Map<number, Buffer>()
  let [from, end, isStored] = [0, 0, false]
  let more = createSignal()

  function show(bytes: Buffer): void {
    kept.set(end, bytes)
    end += bytes.length
    const most = mostKept()
    for (const [position, oldest] of kept) {
      if (end - from <= most) break
      kept.delete(position)
      from = position + oldest.length
    }
    begun.resolve()
    more.resolve()
    more = createSignal()
  }

  return {
    begun: begun.promise,
    stored: stored.promise,
    isGrowing: () => end > 0 && !isStored,
    async *shown(bytes) {
      for await (const chunk of bytes) {
        show(chunk)
        yield chunk
      }
    },
    async *read(rest) {
      let position = 0
      while (!isStored) {
        const bytes = kept.get(position)
        if (bytes && position + bytes.length < size) {
          yield bytes
          position += bytes.length
        } else await (position < end ? stored.promise : more.promise)
      }
      yield* rest(position)
    },
    succeed() {
      isStored = true
      kept.clear()
      for (const signal of [begun, stored, more]) signal.resolve()
    },
    fail(error) {
      kept.clear()
      for (const signal of [begun, stored, more]) signal.reject(error)
    }
  }
}
