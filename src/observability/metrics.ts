import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { createHistogram } from './histogram.ts'

export type Metrics = ReturnType<typeof createMetrics>

type WatchedNumber = { name: string; help: string; value(): number }

type RequestLabels = { face: string; route: string; method: string; status: number }

/** Creates metrics on a registry of their own, so that two servers in one process do not share counts. */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const seconds = (name: string, help: string) =>
    createHistogram({ name, help, buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30], registry })
  const counter = (name: string, help: string, labelNames: string[]) => new Counter({ name, help, labelNames, registers })
  const requests = seconds('leporello_http_request_duration_seconds', 'Time from the arrival of a request to the end of its answer.')
  const operations = seconds(
    'leporello_store_operation_duration_seconds',
    'Time that an operation on the store took; outcome is ok or the code of its refusal.'
  )
  const resolves = counter(
    'leporello_resolves_total',
    "Machines that asked for their architecture's image; outcome is where it was found, or the code of the refusal.",
    ['architecture', 'outcome']
  )
  const verdicts = counter(
    'leporello_resolved_verdicts_total',
    'What was proven of the images that machines asked for, also of those that were refused.',
    ['verdict']
  )
  const refusals = counter(
    'leporello_refused_total',
    'Attempts that the policy refused; code is unauthenticated, also for an invalid token, or forbidden.',
    ['action', 'code']
  )
  return {
    request: byRequest(requests),
    /** Returns the series that observes the seconds of an operation by its outcome: `ok`, or the code of its refusal. */
    storeOperation: (labels: { collection: string; operation: string; outcome: string }) => operations(labels),
    /** Counts a machine that asked for its image. */
    resolve: (architecture: string, outcome: string) => resolves.inc({ architecture, outcome }),
    /** Counts what is proven of the image that a machine asked for. */
    verdict: (verdict: string) => verdicts.inc({ verdict }),
    /** Counts an attempt that the policy refused. */
    refused: ({ action, code }: { action: string; code: string }) => refusals.inc({ action, code }),
    /** Counts an image that was read to its end. */
    inspection: inspectionsOn(registers),
    /** Shows a number as it is when the metrics are read. One that ends in `_total` only grows. */
    watch: (number: WatchedNumber) => watch(registers, number),
    /** Returns Prometheus' text format. */
    read: async () => ({ contentType: registry.contentType, body: await registry.metrics() })
  }
}

function inspectionsOn(registers: Registry[]) {
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
  return (verdict: string, { seconds, bytes }: { seconds: number; bytes: number }): void => {
    inspections.inc({ verdict })
    inspectionSeconds.observe(seconds)
    inspectionBytes.observe(bytes)
  }
}

function watch(registers: Registry[], { value, ...named }: WatchedNumber): void {
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
function byRequest(series: (labels: RequestLabels & Record<string, string | number>) => (value: number) => void) {
  const routes = new Map<string, Map<string, ((seconds: number) => void)[]>>()
  return (labels: RequestLabels, seconds: number): void => {
    const { route, method, status } = labels
    const methods = routes.get(route) ?? new Map<string, ((seconds: number) => void)[]>()
    routes.set(route, methods)
    const statuses = methods.get(method) ?? []
    methods.set(method, statuses)
    statuses[status] ??= series({ ...labels })
    statuses[status](seconds)
  }
}
