import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { createHistogram } from './histogram.ts'

export interface Metrics {
  request(labels: RequestLabels, seconds: number): void
  /** Returns what takes the seconds that an operation with this outcome took: `ok`, or the code of its refusal. */
  storeOperation(labels: { collection: string; operation: string; outcome: string }): (seconds: number) => void
  /** Counts a machine that asked for its image. */
  resolve(architecture: string, outcome: string): void
  /** Counts what is proven of the image that a machine asked for. */
  verdict(verdict: string): void
  /** Counts an image that was read to its end. */
  inspection(verdict: string, read: { seconds: number; bytes: number }): void
  /** Shows a number as it is when the metrics are read. One that ends in `_total` only grows. */
  watch(number: WatchedNumber): void
  /** Counts an attempt that the policy refused. */
  refused(labels: { action: string; code: string }): void
  /** Returns Prometheus' text format. */
  read(): Promise<{ contentType: string; body: string }>
}

export interface WatchedNumber {
  name: string
  help: string
  value(): number
}

export interface RequestLabels {
  face: string
  route: string
  method: string
  status: number
}

/** Creates metrics on a registry of their own, so that two servers in one process do not share counts. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const buckets = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30]
  const requestSeconds = createHistogram({
    name: 'leporello_http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    buckets,
    registry
  })
  const storeSeconds = createHistogram({
    name: 'leporello_store_operation_duration_seconds',
    help: 'Time that an operation on the store took; outcome is ok or the code of its refusal.',
    buckets,
    registry
  })
  const { resolves, verdicts, refusals } = countersOn(registry)
  return {
    request: byRequest(requestSeconds),
    storeOperation: storeSeconds,
    resolve: (architecture, outcome) => resolves.inc({ architecture, outcome }),
    verdict: (verdict) => verdicts.inc({ verdict }),
    refused: ({ action, code }) => refusals.inc({ action, code }),
    inspection: inspectionsOn(registry),
    watch: (number) => watch(registry, number),
    read: async () => ({ contentType: registry.contentType, body: await registry.metrics() })
  }
}

const countersOn = (registry: Registry) => ({
  resolves: new Counter({
    name: 'leporello_resolves_total',
    help: "Machines that asked for their architecture's image; outcome is where it was found, or the code of the refusal.",
    labelNames: ['architecture', 'outcome'],
    registers: [registry]
  }),
  verdicts: new Counter({
    name: 'leporello_resolved_verdicts_total',
    help: 'What was proven of the images that machines asked for, also of those that were refused.',
    labelNames: ['verdict'],
    registers: [registry]
  }),
  refusals: new Counter({
    name: 'leporello_refused_total',
    help: 'Attempts that the policy refused; code is unauthenticated, also for an invalid token, or forbidden.',
    labelNames: ['action', 'code'],
    registers: [registry]
  })
})

function inspectionsOn(registry: Registry): Metrics['inspection'] {
  const registers = [registry]
  const inspections = new Counter({
    name: 'leporello_inspections_total',
    help: 'Image tarballs that were read to their end, by what they were found to be.',
    labelNames: ['verdict'],
    registers
  })
  const inspectionSeconds = new Histogram({
    name: 'leporello_inspection_duration_seconds',
    help: 'Time that reading an image tarball took; of one that is being uploaded, as long as it takes to come.',
    buckets: [0.1, 0.5, 2, 10, 60, 300, 1800],
    registers
  })
  const inspectionBytes = new Histogram({
    name: 'leporello_inspection_bytes',
    help: 'Size of the image tarballs that were read.',
    buckets: [1e6, 1e7, 1e8, 1e9, 1e10],
    registers
  })
  return (verdict, { seconds, bytes }) => {
    inspections.inc({ verdict })
    inspectionSeconds.observe(seconds)
    inspectionBytes.observe(bytes)
  }
}

function watch(registry: Registry, { value, ...named }: WatchedNumber): void {
  const registers = [registry]
  if (named.name.endsWith('_total')) {
    new Counter({
      ...named,
      registers,
      collect() {
        this.reset()
        this.inc(value())
      }
    })
  } else {
    new Gauge({
      ...named,
      registers,
      collect() {
        this.set(value())
      }
    })
  }
}

/** Finds the series of a request by its route, then its method and status, of which each route sees few. */
function byRequest(series: (labels: RequestLabels & Record<string, string | number>) => (value: number) => void): Metrics['request'] {
  const routes = new Map<string, Map<string, ((seconds: number) => void)[]>>()
  return (labels, seconds) => {
    const { route, method, status } = labels
    const methods = routes.get(route) ?? new Map<string, ((seconds: number) => void)[]>()
    routes.set(route, methods)
    const statuses = methods.get(method) ?? []
    methods.set(method, statuses)
    statuses[status] ??= series({ ...labels })
    statuses[status](seconds)
  }
}
