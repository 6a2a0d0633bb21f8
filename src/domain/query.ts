import { readJson, stringOf } from './json.ts'

/** One condition on a top-level string field of a document; a list's conditions must all hold. */
export type Condition = { field: string; equals: string } | { field: string; glob: string }

export interface Sort {
  field: string
  order: 'asc' | 'desc'
}

/**
 * Engines index strings up to this many characters as keywords (HySDS's mapping). Longer values sort as if they were absent, on every
 * store; conditions find them all the same.
 */
export const sortableLength = 256

/** Whether a document, as JSON text, meets every condition. A field that is absent or no string meets none. */
export function matches(document: string, conditions: readonly Condition[]): boolean {
  if (conditions.length === 0) return true
  const { members } = readJson(document)
  return conditions.every((condition) => {
    const value = stringOf(members.get(condition.field))
    if (value === undefined) return false
    return 'equals' in condition ? value === condition.equals : globMatches(condition.glob, value)
  })
}

/** A document's place in a sorted list: the field's value, or '' where there is none that stores can sort by. */
export function sortValue(document: string, field: string): string {
  const value = stringOf(readJson(document).members.get(field))
  return value === undefined || [...value].length > sortableLength ? '' : value
}

/** Shell patterns of `*` and `?` only. At worst pattern times text, both bounded: no pattern of a stranger's can hang us. */
export function globMatches(pattern: string, value: string): boolean {
  const glob = [...pattern]
  const text = [...value]
  let g = 0
  let t = 0
  let star = -1
  let retry = 0
  while (t < text.length) {
    if (glob[g] === '*') {
      star = g++
      retry = t
    } else if (g < glob.length && (glob[g] === '?' || glob[g] === text[t])) {
      g++
      t++
    } else if (star !== -1) {
      g = star + 1
      t = ++retry
    } else {
      return false
    }
  }
  while (glob[g] === '*') g++
  return g === glob.length
}
