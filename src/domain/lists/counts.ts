import type { Architecture } from '../architecture.ts'
import type { State } from '../build/state.ts'

/** Containers by what their summaries say. Filled one by one, because a catalogue may be too large to hold. */
export interface SummaryCounts {
  total: number
  states: Record<State, number>
  /** Those with an image that nobody has read. */
  unproven: number
  /** By architecture: those that are expected to have it and do not. */
  missing: Map<Architecture, number>
  architectures: Set<Architecture>
}

export function noCounts(): SummaryCounts {
  return { total: 0, states: { complete: 0, partial: 0, degraded: 0 }, unproven: 0, missing: new Map(), architectures: new Set() }
}

/** More different architectures than these are not told apart: their names are whatever clients send. */
const most = 64

/** Adds a summary, given the stored values of its state, verdicts, missing and existing architectures. A damaged one is not counted. */
export function countSummary(counts: SummaryCounts, stored: readonly string[]): void {
  const [state = '', verdicts = '', missing = '', architectures = ''] = stored
  if (!Object.hasOwn(counts.states, state)) return
  counts.total++
  counts.states[state as State]++
  if (verdicts.includes(',unverified,')) counts.unproven++
  for (const name of namesIn(missing)) {
    const known = counts.missing.get(name)
    if (known !== undefined || counts.missing.size < most) counts.missing.set(name, (known ?? 0) + 1)
  }
  for (const name of namesIn(architectures)) if (counts.architectures.size < most) counts.architectures.add(name)
}

const namesIn = (stored: string): Architecture[] => stored.split(',').filter(Boolean) as Architecture[]
