/** A set of digests that takes the same memory however many there are. It may say yes to one that was not added, about once in a million. */
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

export function createDigestFilter(): DigestFilter {
  const bytes = new Uint8Array(bits / 8)
  return {
    add(digest) {
      for (const place of placesOf(digest)) bytes[place >> 3]! |= 1 << (place & 7)
    },
    has: (digest) => placesOf(digest).every((place) => (bytes[place >> 3]! & (1 << (place & 7))) !== 0)
  }
}

/** Returns every digest in a text. */
export const digestsIn = (text: string): string[] => text.match(/sha256:[0-9a-f]{64}/g) ?? []
