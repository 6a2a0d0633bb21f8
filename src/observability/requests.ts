import { limits } from '../domain/limits.ts'
import type { RequestReport } from '../domain/request-report.ts'
import { causes, type Log, masked, type WriteInfo } from './log.ts'
import type { Metrics } from './metrics.ts'

/** Writes one log line and one measurement for each request. */
export function requestObserver({ log, info, metrics }: { log: Log; info: WriteInfo; metrics: Metrics }): (report: RequestReport) => void {
  return (report) => {
    const { face, route, method, status, failure } = report
    metrics.request({ face, route, method, status }, report.ms / 1000)
    if (failure !== undefined) log.error({ ...line(report), causes: causes(failure) })
    else if (status >= 500) log.error(line(report))
    else info(line(report))
  }
}

function line({ id, method, path, status, ms, bytes, about, aborted }: RequestReport) {
  return {
    request: id,
    method,
    path: masked(path),
    status,
    ms: Math.round(ms * 100) / 100,
    bytes,
    // what was asked for may be as large as a body; no id is
    id: about && masked(about).slice(0, limits.id),
    aborted: aborted || undefined
  }
}
