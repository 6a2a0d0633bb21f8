/** The candidate that a misspelt name most likely means, or undefined when none is near. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const wanted = name.toUpperCase()
  const [best] = candidates
    .map((candidate) => ({ candidate, edits: editDistance(wanted, candidate.toUpperCase()) }))
    .sort((a, b) => a.edits - b.edits)
  return best && best.edits <= Math.max(2, Math.floor(bare(wanted).length / 3)) ? best.candidate : undefined
}

const bare = (name: string): string => name.replace(/^LEPORELLO_/, '')

/** Insertions, removals and replacements of one letter that make one word the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[to.length]!
}
