import type { FsckFinding, FsckNote, FsckSummary } from '../../../schemas.ts'

export type { FsckFinding, FsckNote }
export type FindingKind = FsckFinding['kind']
/** How many of each were checked. */
export type CheckedCounts = FsckSummary['checked']
export type FsckLine = FsckFinding | FsckNote | FsckSummary

type OptionalField = 'container' | 'architecture' | 'size' | 'since'

type NewFinding = Omit<FsckFinding, 'type' | OptionalField> & Partial<Pick<FsckFinding, OptionalField>>

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
