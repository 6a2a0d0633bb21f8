import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { createLog, type Log } from '../../src/observability/log.ts'
import { createMetrics, type Metrics } from '../../src/observability/metrics.ts'
import { requestObserver } from '../../src/observability/requests.ts'

export interface LogLines {
  log: Log
  metrics: Metrics
  /** For createServer, as the app wires it. */
  report: ReturnType<typeof requestObserver>
  /** All lines, once there are so many: a request is logged when its answer has left, which may be after it was read. */
  atLeast(count: number): Promise<Record<string, any>[]>
}

/** The real log and metrics, written to memory. */
export function logLines(): LogLines {
  const lines: Record<string, unknown>[] = []
  const stream = new PassThrough()
  const to = Object.assign(stream, { flushSync: () => {} })
  stream.on('data', (chunk) => {
    for (const line of String(chunk).trim().split('\n')) lines.push(JSON.parse(line))
    stream.emit('lines')
  })
  const { log, info } = createLog({ level: 'trace', to })
  const metrics = createMetrics()
  return {
    log,
    metrics,
    report: requestObserver({ log, info, metrics }),
    async atLeast(count) {
      while (lines.length < count) await once(stream, 'lines')
      return lines
    }
  }
}
