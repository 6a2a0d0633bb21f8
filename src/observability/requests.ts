import { limits } from '../domain/limits.ts'
import type { RequestReport } from '../domain/request-report.ts'
import { maskSecrets } from '../domain/secrets.ts'
import { causes, type Log, type WriteInfo } from './log.ts'
import type { Metrics } from './metrics.ts'

/** Writes one log line and one measurement for each request. */
export function requestObserver({ log, info, metrics }: { log: Log; info: WriteInfo; metrics: Metrics }): (report: RequestReport) => void {
  return (report) => {
    const { face, route, method, status, failure } = report
    metrics.request({ face, route, method, status }, report.ms / 1000)
    if (failure !== undefined) log.error({ ...line(report), causes: causes(failure) })
    else if (status >= 500) log.error(line(report))
    else info(members(report))
  }
}

/** The members of a line as JSON text: one is written a request, and JSON.stringify of an object would cost thrice as much. */
function members(report: RequestReport): string {
  const { id, method, status, ms, bytes, about, aborted } = report
  let text = `"request":${quoted(id)},"method":${quoted(method)},"path":${quoted(maskSecrets(report.path))},"status":${status},"ms":${rounded(ms)}`
  if (bytes !== undefined) text += `,"bytes":${bytes}`
  if (about) text += `,"id":${quoted(idOf(about))}`
  return aborted ? `${text},"aborted":true` : text
}

/** Nothing in it that JSON writes in another way. */
const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

const quoted = (text: string): string => (plain.test(text) ? `"${text}"` : JSON.stringify(text))

const rounded = (ms: number): number => Math.round(ms * 100) / 100

/** What was asked for may be as large as a body; no id is. */
const idOf = (about: string): string => maskSecrets(about).slice(0, limits.id)

function line({ id, method, path, status, ms, bytes, about, aborted }: RequestReport) {
  return {
    request: id,
    method,
    path: maskSecrets(path),
    status,
    ms: rounded(ms),
    bytes,
    id: about && idOf(about),
    aborted: aborted || undefined
  }
}
