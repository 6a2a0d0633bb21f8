/** What can be wrong between records, facts about their images, and tarballs. */
export const findingKinds = [
  'missing',
  'changed',
  'orphaned',
  'unnamed',
  'half-uploaded',
  'facts-about-nothing',
  'tasks-about-nothing'
] as const

export type FindingKind = (typeof findingKinds)[number]

export interface FsckFinding {
  type: 'finding'
  kind: FindingKind
  /** What it is about: a key, the name of a leftover, the id of an upload or of a document. */
  name: string
  container: string | null
  architecture: string | null
  size: number | null
  /** When it was stored, ISO 8601. */
  since: string | null
  /** What is wrong, in words. */
  message: string
  /** done; possible, with `repair` of its kind; later, when it is old enough; none: there is nothing that a program can do. */
  repair: 'done' | 'possible' | 'later' | 'none'
  /** What a repair does, or what else to do, in words. */
  advice: string
}

/** Something to know that is not a fault, such as an upload that can still be resumed. */
export interface FsckNote {
  type: 'note'
  name: string
  message: string
}

/** How many of each were checked. */
export interface CheckedCounts {
  containers: number
  objects: number
  facts: number
  tasks: number
  uploads: number
}

export interface FsckSummary {
  type: 'summary'
  /** Whether nothing is wrong any more. */
  clean: boolean
  /** How many findings of each kind there were. */
  found: Partial<Record<FindingKind, number>>
  repaired: number
  checked: CheckedCounts
}

export type FsckLine = FsckFinding | FsckNote | FsckSummary

type OptionalField = 'container' | 'architecture' | 'size' | 'since'

export type NewFinding = Omit<FsckFinding, 'type' | OptionalField> & Partial<Pick<FsckFinding, OptionalField>>

/** Fills what a finding does not tell with null. */
export const fsckFinding = (finding: NewFinding): FsckFinding => ({
  type: 'finding',
  container: null,
  architecture: null,
  size: null,
  since: null,
  ...finding
})

/** Writes a duration as people say it, such as `2 h`. */
export function spoken(ms: number): string {
  const units: [string, number][] = [
    ['days', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000]
  ]
  for (const [unit, length] of units) if (ms >= 2 * length) return `${Math.floor(ms / length)} ${unit}`
  return `${Math.max(0, Math.floor(ms / 1000))} s`
}
