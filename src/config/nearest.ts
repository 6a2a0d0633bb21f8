import { editDistance } from '../domain/edit-distance.ts'

/** Returns the candidate that a misspelt name most likely means, or undefined when none is similar. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const wanted = name.toUpperCase()
  const [best] = candidates
    .map((candidate) => ({ candidate, edits: editDistance(wanted, candidate.toUpperCase()) }))
    .sort((a, b) => a.edits - b.edits)
  return best && best.edits <= Math.max(2, Math.floor(bare(wanted).length / 3)) ? best.candidate : undefined
}

const bare = (name: string): string => name.replace(/^LEPORELLO_/, '')
