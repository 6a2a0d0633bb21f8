import type { Metrics } from './metrics.ts'

type Inspected = { report: { verdict: string; tarball: { size: number } } }

/** The same inspection, counted by what it found. One that broke off with its source found nothing. */
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
