/** What can be wrong between records, what is known of their images, and tarballs. */
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
  /** When it came, ISO 8601. */
  since: string | null
  /** What was found, in words. */
  message: string
  /** done; possible, with `repair` of its kind; later, when it is old enough; none: there is nothing that a program may do. */
  repair: 'done' | 'possible' | 'later' | 'none'
  /** What a repair does, or what else there is to do, in words. */
  advice: string
}

/** Something to know that is not wrong, such as an upload that can go on. */
export interface FsckNote {
  type: 'note'
  name: string
  message: string
}

/** How much was looked at. */
export interface Checked {
  containers: number
  objects: number
  facts: number
  tasks: number
  uploads: number
}

export interface FsckSummary {
  type: 'summary'
  /** Nothing is wrong, or not any more. */
  clean: boolean
  /** How many findings of each kind there were. */
  found: Partial<Record<FindingKind, number>>
  repaired: number
  checked: Checked
}

export type FsckLine = FsckFinding | FsckNote | FsckSummary

type Optional = 'container' | 'architecture' | 'size' | 'since'

/** What a finding does not tell is null. */
export const fsckFinding = (told: Omit<FsckFinding, 'type' | Optional> & Partial<Pick<FsckFinding, Optional>>): FsckFinding => ({
  type: 'finding',
  container: null,
  architecture: null,
  size: null,
  since: null,
  ...told
})

/** A span of time as people say it. */
export function spoken(ms: number): string {
  const units: [string, number][] = [
    ['days', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000]
  ]
  for (const [unit, length] of units) if (ms >= 2 * length) return `${Math.floor(ms / length)} ${unit}`
  return `${Math.max(0, Math.floor(ms / 1000))} s`
}
