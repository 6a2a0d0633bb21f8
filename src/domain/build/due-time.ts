import type { BuildStatus } from './build-status.ts'
import { isFinal } from './job-report.ts'

/** Later than any moment: engines sort by text. */
const never = '9999'
const forgottenMs = 90 * 24 * 3_600_000
const shortestMs = 30_000
const longestMs = 3_600_000

/**
 * Returns when something about a build status changes by time alone, or is to be checked again: a job has been silent for too long, a
 * pending image expires, a server that was to publish may have died. What was due before now counts as checked.
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

/** Returns whether nothing was heard for so long that the container is taken never to come. */
export const isForgotten = ({ updated }: Pick<BuildStatus, 'updated'>, now: string): boolean =>
  Date.parse(now) - Date.parse(updated) >= forgottenMs

/** Returns whether it is empty, so that it need not be stored. */
export const isBlank = ({ expected, publish, builds, tests, arrivals, pending, sources }: BuildStatus): boolean =>
  expected === null && publish === undefined && builds.size + tests.size + arrivals.size + pending.size + sources.size === 0
