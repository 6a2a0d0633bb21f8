import { globMatches } from '../glob.ts'
import { readJson, stringOf } from './json.ts'

/** What a top-level string field must be. `after` and `before` are strict, by bytes of UTF-8; no unsortable value meets them. */
export type FieldCondition =
  | { field: string; equals: string }
  | { field: string; glob: string }
  | { field: string; after: string }
  | { field: string; before: string }

/** A list's conditions must all hold; of `any` one must. */
export type Condition = FieldCondition | { any: readonly FieldCondition[] }

/** Returns the condition that each of these fields has this value. */
export const whereEqual = (fields: Readonly<Record<string, string>>): FieldCondition[] =>
  Object.entries(fields).map(([field, equals]) => ({ field, equals }))

/** Returns the fields that conditions are about, each once. */
export const fieldsOf = (conditions: readonly Condition[]): string[] => [
  ...new Set(conditions.flatMap((condition) => ('any' in condition ? condition.any.map(({ field }) => field) : [condition.field])))
]

export interface Sort {
  field: string
  order: 'asc' | 'desc'
}

/** The most characters of a sortable value (HySDS's mapping). Longer ones sort as absent on every store; conditions find them. */
export const sortableLength = 256

/** Returns whether a document, as JSON text, meets every condition. A field that is absent or not a string meets none. */
export function matches(document: string, conditions: readonly Condition[]): boolean {
  if (conditions.length === 0) return true
  const { members } = readJson(document)
  const holds = (condition: FieldCondition) => {
    const value = stringOf(members.get(condition.field))
    if (value === undefined) return false
    if ('equals' in condition) return value === condition.equals
    if ('glob' in condition) return globMatches(condition.glob, value)
    if ([...value].length > sortableLength) return false
    return 'after' in condition ? precedes(condition.after, value) : precedes(value, condition.before)
  }
  return conditions.every((condition) => ('any' in condition ? condition.any.some(holds) : holds(condition)))
}

/** Returns whether one text comes before another by code points, as by bytes of UTF-8, which is not JavaScript's order. */
export function precedes(a: string, b: string): boolean {
  const [left, right] = [[...a], [...b]]
  const at = left.findIndex((character, i) => character !== right[i])
  if (at === -1) return left.length < right.length
  return right[at] !== undefined && left[at]!.codePointAt(0)! < right[at].codePointAt(0)!
}

const maxWildcards = 4

/** Returns a pattern that matches no less and that any engine matches quickly: many wildcards may take exponential time. */
export function widened(glob: string): string {
  if ((glob.match(/[*?]/g)?.length ?? 0) <= maxWildcards) return glob
  return `${glob.slice(0, glob.search(/[*?]/))}*${/[^*?]*$/.exec(glob)![0]}`
}
