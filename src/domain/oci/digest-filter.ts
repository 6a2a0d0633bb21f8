/** A set of digests that takes a bounded memory however many there are. It may say yes to one that was not added, about once in a million. */
export interface DigestFilter {
  add(digest: string): void
  has(digest: string): boolean
}

const bits = 1 << 26
const slices = [0, 8, 16, 24]

/** A digest's own digits are as good as any hash. */
const placesOf = (digest: string): number[] => {
  const hex = digest.slice(digest.indexOf(':') + 1)
  return slices.map((at) => Number.parseInt(hex.slice(at, at + 8), 16) % bits)
}

/** So many are held as they are, which takes less than the bits. */
const maxExact = 10_000

export function createDigestFilter(): DigestFilter {
  const exact = new Set<string>()
  let bytes: Uint8Array | undefined

  function mark(digest: string): void {
    for (const place of placesOf(digest)) bytes![place >> 3]! |= 1 << (place & 7)
  }

  return {
    add(digest) {
      if (bytes) return mark(digest)
      exact.add(digest)
      if (exact.size <= maxExact) return
      bytes = new Uint8Array(bits / 8)
      exact.forEach(mark)
      exact.clear()
    },
    has: (digest) => (bytes ? placesOf(digest).every((place) => (bytes![place >> 3]! & (1 << (place & 7))) !== 0) : exact.has(digest))
  }
}

/** Returns every digest in a text. */
export const digestsIn = (text: string): string[] => text.match(/sha256:[0-9a-f]{64}/g) ?? []
