export type GrowingBlob = ReturnType<typeof createGrowingBlob>

function createSignal() {
  let resolve = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<void>((succeed, fail) => {
    resolve = succeed
    reject = fail
  })
  promise.catch(() => {}) // whoever awaits it hears of it
  return { promise, resolve, reject }
}

/**
 * A blob that can be read while it is being stored, but its last bytes only when it is, because its digest is checked then. `mostKept` returns
 * how many of the last bytes may be kept for readers at the moment: storing does not wait for a slow one.
 */
export function createGrowingBlob(size: number, mostKept: () => number) {
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
    /** Resolves with the first byte, or when it is stored. */
    begun: begun.promise,
    /** Resolves when it is stored whole and its digest is right. Rejects when that failed. */
    stored: stored.promise,
    /** Returns whether bytes have arrived, and the blob is not stored yet. */
    isGrowing: () => end > 0 && !isStored,
    /** Returns the bytes for the store, and shows them to readers on the way. */
    async *shown(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of bytes) {
        show(chunk)
        yield chunk
      }
    },
    /** Yields the blob's bytes as they arrive. `rest` reads from the store what is no longer in memory. Throws when storing fails. */
    async *read(rest: (first: number) => AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
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
    succeed(): void {
      isStored = true
      kept.clear()
      for (const signal of [begun, stored, more]) signal.resolve()
    },
    fail(error: unknown): void {
      kept.clear()
      for (const signal of [begun, stored, more]) signal.reject(error)
    }
  }
}
