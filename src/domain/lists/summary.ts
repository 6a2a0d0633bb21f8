import type { Architecture } from '../architecture.ts'
import type { State } from '../build/state.ts'
import { globMatches } from '../glob.ts'
import type { Verdict } from '../image/facts.ts'
import { repositoryOf } from '../image/storage.ts'
import type { Condition, FieldCondition, Sort } from '../json/query.ts'

/* What lists are filtered by: one stored summary a container. It tells where to look; what a list shows is always read anew. */

export interface SummaryContent {
  id: string
  version: string | null
  state: State
  /** Those that have an image. */
  architectures: readonly Architecture[]
  missing: readonly Architecture[]
  verdicts: readonly Verdict[]
}

/** The state of the record that was accounted for last: every journal entry up to it is there. */
export interface Accounted {
  revision: string
  fingerprint: string
  document: string
}

/** A state of the record that no entry leads to, and since when that is known. Its entry may be on its way. */
export interface Suspect {
  revision: string | null
  since: string
}

export interface StoredSummary extends SummaryContent {
  /** When the record was created, and when its meaning or build status changed last; null where that is not known. */
  created: string | null
  updated: string | null
  /** Of the record that it was made from; '' where there is none yet, but builds, tests or pending images. */
  revision: string
  fingerprint: string
  /** Null where there was no record. */
  accounted: Accounted | null
  suspect: Suspect | null
  /** When time alone may change it, ISO 8601. */
  due: string | null
}

export const states: readonly State[] = ['complete', 'partial', 'degraded']
export const verdicts: readonly Verdict[] = ['match', 'mislabelled', 'mixed', 'no-binaries', 'unreadable', 'unverified']

/** Writes a list as text that patterns can match: `,amd64,arm64,`; an empty one is `,`. */
const joined = (names: readonly string[]): string => `,${names.map((name) => `${name},`).join('')}`
const parted = <Name extends string>(text: string): Name[] => text.split(',').filter(Boolean) as Name[]

const searched = ({ id, version }: Pick<SummaryContent, 'id' | 'version'>): string => `${id} ${version ?? ''}`.toLowerCase()

/** Returns the stored form. */
export function toSummaryDocument({ architectures, missing, verdicts, ...row }: StoredSummary): string {
  const text = searched(row)
  const lists = { architectures: joined(architectures), missing: joined(missing), verdicts: joined(verdicts) }
  return JSON.stringify({ ...row, name: repositoryOf(row.id), text, ...lists })
}

/** Returns undefined for a summary that cannot be understood. */
export function fromSummaryDocument(document: string): StoredSummary | undefined {
  const { name: _, text: __, ...row } = JSON.parse(document)
  if ([row.id, row.state, row.architectures, row.missing, row.verdicts, row.revision].some((field) => typeof field !== 'string'))
    return undefined
  return { ...row, architectures: parted(row.architectures), missing: parted(row.missing), verdicts: parted(row.verdicts) } as StoredSummary
}

export interface Filters {
  /** A pattern for the id, or for the id without its tag. */
  name?: string | undefined
  /** A pattern. */
  version?: string | undefined
  architecture?: Architecture | undefined
  missing?: Architecture | undefined
  state?: State | undefined
  verdict?: Verdict | undefined
  /** Words that the id or the version contains, in any case. */
  q?: string | undefined
}

export const sortFields = ['id', 'version', 'created', 'updated'] as const
export type SortField = (typeof sortFields)[number]

/** Returns whether the records alone cannot answer a list. */
export const needsSummaries = ({ name: _, version: __, ...others }: Filters, { field }: Sort): boolean =>
  Object.values(others).some((wanted) => wanted !== undefined) || field === 'created' || field === 'updated'

export function meets(summary: SummaryContent, { name, version, architecture, missing, state, verdict, q }: Filters): boolean {
  return (
    (name === undefined || globMatches(name, summary.id) || globMatches(name, repositoryOf(summary.id))) &&
    (version === undefined || (summary.version !== null && globMatches(version, summary.version))) &&
    (architecture === undefined || summary.architectures.includes(architecture)) &&
    (missing === undefined || summary.missing.includes(missing)) &&
    (state === undefined || summary.state === state) &&
    (verdict === undefined || summary.verdicts.includes(verdict)) &&
    (q === undefined || wordsOf(q).every((word) => searched(summary).includes(word)))
  )
}

const wordsOf = (q: string): string[] => q.toLowerCase().split(/\s+/).filter(Boolean)

const matching = (field: string, pattern: string): FieldCondition =>
  /[*?]/.test(pattern) ? { field, glob: pattern } : { field, equals: pattern }

/** A pattern that ends with a star matches an id whenever it matches its name. */
const named = (name: string, other: FieldCondition): Condition =>
  name.endsWith('*') ? matching('id', name) : { any: [matching('id', name), other] }

export function summaryConditions({ name, version, architecture, missing, state, verdict, q }: Filters): Condition[] {
  const conditions: Condition[] = []
  if (name !== undefined) conditions.push(named(name, matching('name', name)))
  if (version !== undefined) conditions.push(matching('version', version))
  if (architecture !== undefined) conditions.push({ field: 'architectures', glob: `*,${architecture},*` })
  if (missing !== undefined) conditions.push({ field: 'missing', glob: `*,${missing},*` })
  if (state !== undefined) conditions.push({ field: 'state', equals: state })
  if (verdict !== undefined) conditions.push({ field: 'verdicts', glob: `*,${verdict},*` })
  // wildcards in a word match any character, and `meets` checks again
  for (const word of q === undefined ? [] : wordsOf(q)) conditions.push({ field: 'text', glob: `*${word.replace(/[*?]/g, '?')}*` })
  return conditions
}

/** A container without a record has no image, and hardly any other has none. */
export const withoutImages: FieldCondition = { field: 'architectures', equals: joined([]) }

/** Returns the conditions on records, which have no field for the name: more may be found than `meets`. */
export function recordConditions({ name, version }: Pick<Filters, 'name' | 'version'>): Condition[] {
  const conditions: Condition[] = []
  if (name !== undefined) conditions.push(named(name, matching('id', `${name}:*`)))
  if (version !== undefined) conditions.push(matching('version', version))
  return conditions
}
