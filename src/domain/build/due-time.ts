import type { BuildStatus } from './build-status.ts'
import { isFinal } from './job-report.ts'

/** Later than any moment: engines sort by text. */
const never = '9999'
const forgottenMs = 90 * 24 * 3_600_000
const shortestMs = 30_000
const longestMs = 3_600_000

/**
 * When something about an assembly changes by time alone, or is to be looked at again: a job falls silent for too long, an image has
 * waited long enough, a server that was to publish may have died. What was due before now is taken as seen.
 */
export function dueAt(buildStatus: BuildStatus, { buildTimeoutMs, now }: { buildTimeoutMs: number; now: string }): string {
  const at = Date.parse(now)
  const times = [Date.parse(buildStatus.updated) + forgottenMs]
  for (const report of [...buildStatus.builds.values(), ...buildStatus.tests.values()]) {
    if (!isFinal(report)) times.push(Date.parse(report.reported) + buildTimeoutMs)
  }
  for (const { since, expires } of buildStatus.pending.values()) {
    const waited = at - Date.parse(since)
    times.push(Date.parse(expires), at + Math.min(Math.max(waited / 2, shortestMs), longestMs))
  }
  const next = Math.min(...times.filter((time) => time > at))
  return Number.isFinite(next) ? new Date(next).toISOString() : never
}

/** Whether it is about a container that never came: nothing was heard of it for so long. */
export const isForgotten = ({ updated }: Pick<BuildStatus, 'updated'>, now: string): boolean =>
  Date.parse(now) - Date.parse(updated) >= forgottenMs

/** Whether nothing is said in it, so that it need not be kept. */
export const isBlank = ({ expected, publish, builds, tests, arrivals, pending, sources }: BuildStatus): boolean =>
  expected === null && publish === undefined && builds.size + tests.size + arrivals.size + pending.size + sources.size === 0
