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
