import { editDistance } from './edit-distance.ts'

/** The candidate that a misspelt or guessed name most likely means; undefined when none is near. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const wanted = name.slice(0, 100).toUpperCase()
  const [best] = candidates
    .map((candidate) => ({ candidate, edits: distance(wanted, candidate.toUpperCase()) }))
    .sort((a, b) => a.edits - b.edits)
  return best && best.edits <= Math.max(2, Math.floor(wanted.length / 3)) ? best.candidate : undefined
}

/** A name and its beginning are near: `arch` and `architecture`. */
const distance = (from: string, to: string): number =>
  Math.min(from.length, to.length) >= 3 && (from.startsWith(to) || to.startsWith(from)) ? Number(from !== to) : editDistance(from, to)
