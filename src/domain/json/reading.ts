import { type Architecture, knownArchitectures, parseArchitecture } from '../architecture.ts'
import { CatalogueError, isCatalogueError } from '../errors.ts'
import { maskedStart } from '../secrets.ts'

/*
 * Reading values of unknown shape. The `as…` functions read stored documents tolerantly: what makes no sense counts as absent, as a
 * document that cannot be read would hide its container. The `read…` functions read requests strictly, and note every problem.
 */

export interface FieldProblem {
  /** Such as `rules[0].match`. */
  path: string
  message: string
}

/** Where a problem is noted, if there is one. */
export interface FieldPlace {
  path: string
  problems: FieldProblem[]
}

export type JsonFields = { readonly [name: string]: unknown }

export const asFields = (value: unknown): JsonFields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonFields) : undefined

/** Returns undefined for a text that is not JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** Returns a text, cut to `max` characters; null for anything else and for an empty one. */
export const boundedText = (value: unknown, max: number): string | null =>
  typeof value === 'string' && value !== '' ? cut(value, max) : null

/** Returns the start of a text, with a mark where it was cut; never half of a surrogate pair. */
export const cut = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '')}…`

/** Returns a time as ISO 8601 in UTC; null for anything else. */
export function asTime(value: unknown): string | null {
  if (typeof value !== 'string' || !isoTime.test(value)) return null
  // without a zone it is in UTC, as a date alone is, and not in this machine's zone
  const time = new Date(value.includes('T') && !/(?:Z|[+-]\d\d:?\d\d)$/.test(value) ? `${value}Z` : value)
  return Number.isNaN(time.getTime()) ? null : time.toISOString()
}

const isoTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/

/** Returns the architecture that a name means; null for anything else. */
export function asArchitectureName(value: unknown): Architecture | null {
  if (typeof value !== 'string') return null
  try {
    return parseArchitecture(value)
  } catch (error) {
    if (!isCatalogueError(error, 'architecture_invalid')) throw error
    return null
  }
}

/** Returns a value as a problem shows it. */
export const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing'
  return cut(maskedStart(JSON.stringify(value) ?? typeof value, 100), 80)
}

/** Reads the name of an architecture, or notes a problem. */
export function readArchitecture(value: unknown, { path, problems }: FieldPlace): Architecture | undefined {
  if (typeof value !== 'string') {
    problems.push({ path, message: `is ${shown(value)}; expected an architecture's name, such as "arm64"` })
    return undefined
  }
  try {
    return parseArchitecture(value)
  } catch (error) {
    if (!isCatalogueError(error)) throw error
    problems.push({ path, message: error.message })
    return undefined
  }
}

/** Reads the name of an architecture of the table: for what people type, or another program prints. */
export function readKnownArchitecture(value: unknown, { path, problems }: FieldPlace): Architecture | undefined {
  const architecture = readArchitecture(value, { path, problems })
  if (architecture === undefined || knownArchitectures.has(architecture)) return architecture
  const known = [...knownArchitectures].join(', ')
  const message = `is ${shown(value)}, which is not a known architecture; known are ${known}, and what such machines call themselves`
  problems.push({ path, message })
  return undefined
}

/** Reads a text of bounded length; returns null where there is none. A longer one is a problem, as a cut name would be another name. */
export function readText(value: unknown, { path, max, problems }: FieldPlace & { max: number }): string | null {
  if (value === undefined || value === null || value === '') return null
  if (typeof value !== 'string') problems.push({ path, message: `is ${shown(value)}; expected a string` })
  else if (value.length > max) problems.push({ path, message: `has ${value.length} characters; at most ${max} are allowed` })
  else return value
  return null
}

/** Reads a time; returns null where there is none. */
export function readTime(value: unknown, { path, problems }: FieldPlace): string | null {
  if (value === undefined || value === null || value === '') return null
  const time = asTime(value)
  if (time === null) problems.push({ path, message: `is ${shown(value)}; expected a time such as "2026-11-21T05:30:00Z"` })
  return time
}

/** Notes a problem for every unknown field. */
export function noOthers(fields: JsonFields, { names, path, problems }: FieldPlace & { names: readonly string[] }): void {
  for (const name of Object.keys(fields).slice(0, 100)) {
    if (names.includes(name)) continue
    const at = path === '' ? name : `${path}.${name}`
    problems.push({ path: cut(at, 100), message: `is not known here; ${names.join(', ')} would be` })
  }
}

/** Throws parameter_invalid when there are problems, all of them in its details. */
export function refuseProblems(what: string, problems: readonly FieldProblem[]): void {
  if (problems.length > 0) refuseRequest(what, ...problems)
}

export function refuseRequest(what: string, ...problems: readonly FieldProblem[]): never {
  const [{ path, message } = { path: '', message: '' }] = problems
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  throw new CatalogueError('parameter_invalid', `${what}:${path === '' ? '' : ` ${path}`} ${message}${more}`, {
    details: { errors: problems.slice(0, 100) }
  })
}
