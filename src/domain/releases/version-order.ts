/** Words that make a version one before the release of the same number. */
const before = /^(?:alpha|beta|a|b|c|rc|pre|preview|dev|snapshot|nightly|m)\d*$/i

/** Compares tags as versions: by their numbers, pre-releases before their release, and what is no version before all versions. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parts(a), parts(b)]
  if (left.isVersion !== right.isVersion) return left.isVersion ? 1 : -1
  for (let i = 0; i < Math.max(left.numbers.length, right.numbers.length); i++) {
    const difference = (left.numbers[i] ?? 0) - (right.numbers[i] ?? 0)
    if (difference !== 0) return difference
  }
  if ((left.words === undefined) !== (right.words === undefined)) return left.words === undefined ? 1 : -1
  return left.words === right.words ? 0 : naturalOrder(left.words ?? '', right.words ?? '')
}

/** `v1.2.3-rc1` has the numbers 1, 2 and 3, and is a pre-release by its words `rc1`. A build's name after them counts for nothing. */
function parts(tag: string): { isVersion: boolean; numbers: number[]; words: string | undefined } {
  const [, digits, rest = ''] = /^v?(\d+(?:\.\d+)*)(.*)$/i.exec(tag) ?? []
  const words = rest.replace(/^[-._~]/, '')
  const isBefore = before.test(words.split(/[-._+]/, 1)[0]!)
  return { isVersion: digits !== undefined, numbers: (digits ?? '').split('.').map(Number), words: isBefore ? words : undefined }
}

/** Orders texts by the numbers in them: `a9` before `a10`. */
export const naturalOrder = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true })
