import type { Metrics } from './metrics.ts'

type Inspected = { report: { verdict: string; tarball: { size: number } } }

/** Wraps an inspection to count what it found. One that failed with its source is not counted. */
export function measuredInspect<Given extends unknown[], Result extends Inspected>(
  inspect: (...given: Given) => Promise<Result>,
  metrics: Metrics
): (...given: Given) => Promise<Result> {
  return async (...given) => {
    const began = performance.now()
    const result = await inspect(...given)
    const { verdict, tarball } = result.report
    metrics.inspection(verdict, { seconds: (performance.now() - began) / 1000, bytes: tarball.size })
    return result
  }
}
