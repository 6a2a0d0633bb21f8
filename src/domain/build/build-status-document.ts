import { type Architecture, uniqueInTableOrder } from '../architecture.ts'
import type { Hash } from '../image/facts.ts'
import { asArchitectureName, asFields, asList, asTime, boundedText, type JsonFields, parsedJson } from '../json/reading.ts'
import {
  type BuildStatus,
  type ExpectedArchitectures,
  type ImageUpdate,
  maxArchitectures,
  type PendingImage,
  type RecordedSource
} from './build-status.ts'
import { asJobReport, jobReportView } from './job-report.ts'
import { publishPolicies } from './rules.ts'
import { asSource, sourceToJson } from './sources.ts'

/* The stored form. Architectures are listed: in field names engines would read dots as paths, and add a mapping for each. */

const maxUrl = 8192

export const buildStatusId = (container: string, hash: Hash): string => hash(`assembly\n${container}`)

/** `id` is the container's, so that lists have its order; `wakes` is when it is due to be checked again. */
export function toBuildStatusDocument(buildStatus: BuildStatus, wakes?: string): string {
  const { container, expected, publish, builds, tests, arrivals, pending, sources, created, updated } = buildStatus
  return JSON.stringify({
    id: container,
    container,
    expected,
    publish,
    builds: listed(builds, (report, architecture) => jobReportView(architecture, report)),
    tests: listed(tests, (report, architecture) => jobReportView(architecture, report)),
    arrivals: listed(arrivals, (arrival) => arrival),
    pending: listed(pending, (image) => image),
    sources: listed(sources, ({ source, url, since }) => ({ url, since, inputs: sourceToJson(source) })),
    created,
    updated,
    wakes
  })
}

/** Returns undefined for a document of another kind. A field that cannot be understood counts as absent. */
export function fromBuildStatusDocument(document: string): BuildStatus | undefined {
  const fields = asFields(parsedJson(document))
  const container = boundedText(fields?.['container'], 512)
  if (fields === undefined || container === null) return undefined
  const publish = publishPolicies.find((policy) => policy === fields['publish'])
  const updated = asTime(fields['updated']) ?? new Date(0).toISOString()
  return {
    container,
    expected: asExpected(asFields(fields['expected'])),
    ...(publish && { publish }),
    builds: mapped(fields['builds'], asJobReport),
    tests: mapped(fields['tests'], asJobReport),
    arrivals: mapped(fields['arrivals'], asArrival),
    pending: mapped(fields['pending'], asPending),
    sources: mapped(fields['sources'], asRecordedSource),
    created: asTime(fields['created']) ?? updated,
    updated
  }
}

const listed = <T>(map: ReadonlyMap<Architecture, T>, toJson: (value: T, architecture: Architecture) => object) =>
  uniqueInTableOrder(map.keys()).map((architecture) => ({ architecture, ...toJson(map.get(architecture)!, architecture) }))

function mapped<T>(list: unknown, read: (fields: JsonFields) => T | undefined): Map<Architecture, T> {
  const found = new Map<Architecture, T>()
  for (const item of asList(list)) {
    const fields = asFields(item)
    const architecture = asArchitectureName(fields?.['architecture'])
    const value = fields && architecture !== null ? read(fields) : undefined
    if (value !== undefined && found.size < maxArchitectures) found.set(architecture!, value)
  }
  return found
}

function asExpected(fields: JsonFields | undefined): ExpectedArchitectures | null {
  const since = asTime(fields?.['since'])
  if (fields === undefined || since === null || !Array.isArray(fields['architectures'])) return null
  const architectures = asList(fields['architectures']).flatMap((name) => asArchitectureName(name) ?? [])
  return {
    architectures: uniqueInTableOrder(architectures).slice(0, maxArchitectures),
    since,
    by: boundedText(fields['by'], 256) ?? 'container'
  }
}

function asArrival(fields: JsonFields): ImageUpdate | undefined {
  const since = asTime(fields['since'])
  return since === null ? undefined : { url: boundedText(fields['url'], maxUrl), since }
}

function asPending(fields: JsonFields): PendingImage | undefined {
  const [url, since, expires] = [boundedText(fields['url'], maxUrl), asTime(fields['since']), asTime(fields['expires'])]
  if (url === null || since === null || expires === null) return undefined
  const via = boundedText(fields['via'], maxUrl)
  const image = { url, digest: boundedText(fields['digest'], 1024), version: boundedText(fields['version'], 1024), since, expires }
  return via === null ? image : { ...image, via }
}

function asRecordedSource(fields: JsonFields): RecordedSource | undefined {
  const [source, since] = [asSource(fields['inputs']), asTime(fields['since'])]
  return source === null || since === null ? undefined : { source, url: boundedText(fields['url'], maxUrl), since }
}
