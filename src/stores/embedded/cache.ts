/**
 * Makes a cache of recent reads, by key. It keeps two generations, each of half the maximum size. A hit moves into the young generation;
 * when that is full, the old one is dropped. This approximates least recently used for the price of a Map.
 */
export function createCache<Value>(maxSize: number) {
  let young = new Map<string, { value: Value; size: number }>()
  let old = young
  let youngSize = 0

  function add(key: string, entry: { value: Value; size: number }): void {
    if (youngSize + entry.size > maxSize / 2) {
      old = young
      young = new Map()
      youngSize = 0
    }
    young.set(key, entry)
    youngSize += entry.size
  }

  return {
    get(key: string): Value | undefined {
      const entry = young.get(key)
      if (entry !== undefined) return entry.value
      const older = old.get(key)
      if (older === undefined) return undefined
      old.delete(key)
      add(key, older)
      return older.value
    },
    set(key: string, value: Value, size: number): void {
      if (size <= maxSize / 2) add(key, { value, size })
    },
    delete(key: string): void {
      const entry = young.get(key)
      if (entry !== undefined) youngSize -= entry.size
      young.delete(key)
      old.delete(key)
    },
    clear(): void {
      young = new Map()
      old = young
      youngSize = 0
    }
  }
}
