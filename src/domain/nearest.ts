/** Returns the candidate that a misspelt or guessed name most likely means, or undefined when none is close. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const wanted = name.slice(0, 100).toUpperCase()
  const [best] = candidates
    .map((candidate) => ({ candidate, edits: distance(wanted, candidate.toUpperCase()) }))
    .sort((a, b) => a.edits - b.edits)
  return best && best.edits <= mostEdits(wanted, best.candidate) ? best.candidate : undefined
}

/** Two edits make any word of two letters, such as `os`, another one, such as `id`. */
const mostEdits = (wanted: string, candidate: string): number =>
  Math.min(wanted.length, candidate.length) < 4 ? 1 : Math.max(2, Math.floor(wanted.length / 3))

/** A name and its beginning are near: `arch` and `architecture`. */
const distance = (from: string, to: string): number =>
  Math.min(from.length, to.length) >= 3 && (from.startsWith(to) || to.startsWith(from)) ? Number(from !== to) : editDistance(from, to)

/** Returns how many letters must be inserted, removed, replaced or swapped with their neighbour to make one word the other. */
export function editDistance(from: string, to: string): number {
  let [beforeLast, last]: number[][] = [[], Array.from({ length: to.length + 1 }, (_, i) => i)]
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = last![j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      const swapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? beforeLast![j - 2]! + 1 : replaced
      row.push(Math.min(replaced, swapped, last![j]! + 1, row[j - 1]! + 1))
    }
    beforeLast = last
    last = row
  }
  return last![to.length]!
}
