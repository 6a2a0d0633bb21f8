import { editDistance } from './edit-distance.ts'

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
