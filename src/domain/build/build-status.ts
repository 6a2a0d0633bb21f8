import { type Architecture, uniqueInTableOrder } from '../architecture.ts'
import { CatalogueError } from '../errors.ts'
import { completed, isFinal, isOvertaken, isRepeated, isSameRun, type JobReport, type JobWord } from './job-report.ts'
import type { Publish } from './rules.ts'
import type { BuildSource } from './sources.ts'

/*
 * What we keep of a container while its architectures are built, one document each. Every change is a function from one value to the next;
 * it returns the same object when there is nothing to write.
 */

/** The architectures that a container should have, as a client set them. An empty list means none, whatever a rule says. */
export interface ExpectedArchitectures {
  architectures: readonly Architecture[]
  since: string
  by: string
}

/** When an image was added to the record, or removed from it: then the url is null. */
export interface ImageUpdate {
  url: string | null
  since: string
}

/** An image that has arrived and is not published yet. */
export interface PendingImage {
  url: string
  digest: string | null
  version: string | null
  /** The address of ours that the request used: guard URLs begin with it. */
  via?: string | undefined
  since: string
  /** When it is given up. */
  expires: string
}

/** What the image of an architecture was built from. */
export interface RecordedSource {
  source: BuildSource
  /** Of the image; null until it has arrived. */
  url: string | null
  since: string
}

export interface BuildStatus {
  container: string
  expected: ExpectedArchitectures | null
  /** When its images are published; absent: as rules say. */
  publish?: Publish
  builds: ReadonlyMap<Architecture, JobReport>
  tests: ReadonlyMap<Architecture, JobReport>
  arrivals: ReadonlyMap<Architecture, ImageUpdate>
  pending: ReadonlyMap<Architecture, PendingImage>
  sources: ReadonlyMap<Architecture, RecordedSource>
  created: string
  updated: string
}

export const maxArchitectures = 64

export const emptyBuildStatus = (container: string, now: string): BuildStatus => ({
  container,
  expected: null,
  builds: new Map(),
  tests: new Map(),
  arrivals: new Map(),
  pending: new Map(),
  sources: new Map(),
  created: now,
  updated: now
})

const clockSkewMs = 60_000

/** Returns the time of a change: later than the one before, though clocks differ a little, so that the newest report wins. */
function moment({ updated }: BuildStatus, now: string): string {
  const [before, at] = [Date.parse(updated), Date.parse(now)]
  return at > before || before - at > clockSkewMs ? now : new Date(before + 1).toISOString()
}

/** Sets the expected architectures; null leaves them to rules and the server's default. Throws parameter_invalid beyond 64. */
export function withExpected(
  buildStatus: BuildStatus,
  { architectures, by, now }: { architectures: readonly Architecture[] | null; by: string; now: string }
): BuildStatus {
  if (architectures === null)
    return buildStatus.expected === null ? buildStatus : { ...buildStatus, expected: null, updated: moment(buildStatus, now) }
  const wanted = uniqueInTableOrder(architectures)
  if (wanted.length > maxArchitectures) tooMany('expected')
  if (buildStatus.expected !== null && wanted.join() === buildStatus.expected.architectures.join()) return buildStatus
  const at = moment(buildStatus, now)
  return { ...buildStatus, expected: { architectures: wanted, since: at, by: by.slice(0, 256) }, updated: at }
}

/** When to publish the images of this container; null leaves it to the rules. */
export function withPublish(buildStatus: BuildStatus, { publish, now }: { publish: Publish | null; now: string }): BuildStatus {
  const { publish: before = null, ...others } = buildStatus
  return publish === before ? buildStatus : { ...others, ...(publish && { publish }), updated: moment(buildStatus, now) }
}

interface NewReport {
  architecture: Architecture
  word: JobWord
  /** The URL of the image that the record has for this architecture now. */
  image?: string | undefined
  now: string
}

/** Keeps the newest report of a build, of the newest run. One that succeeded tells what its image was made from. */
export function withBuild(buildStatus: BuildStatus, given: NewReport): BuildStatus {
  const next = withWord(buildStatus, 'builds', given)
  if (next === buildStatus || given.word.status !== 'succeeded') return next
  const { architecture } = given
  const { source } = next.builds.get(architecture)!
  if (source === null) return without(next, 'sources', [architecture])
  return set(next, 'sources', [architecture, { source, url: ownImage(buildStatus, given), since: next.updated }])
}

/** Returns the image that arrived since the run began, or since the last report of another run; null until one has. */
function ownImage({ builds, arrivals, pending }: BuildStatus, { architecture, word, image }: NewReport): string | null {
  const [before, arrived, waiting] = [builds.get(architecture), arrivals.get(architecture), pending.get(architecture)]
  const begun = before === undefined ? word.started : isSameRun(word, before) ? before.begun : before.reported
  if (waiting && (begun === null || waiting.since > begun)) return waiting.url
  if (image === undefined) return null
  return begun === null || arrived?.url !== image || arrived.since > begun ? image : null
}

/** Keeps the newest report of a test, in the same way. */
export const withTest = (buildStatus: BuildStatus, given: NewReport): BuildStatus => withWord(buildStatus, 'tests', given)

function withWord(buildStatus: BuildStatus, kind: 'builds' | 'tests', { architecture, word, now, ...given }: NewReport): BuildStatus {
  const image = given.image ?? null
  const before = buildStatus[kind].get(architecture)
  if (isOvertaken(word, before)) return buildStatus
  const arrived = buildStatus.arrivals.get(architecture)
  const newImage = before !== undefined && (image !== before.image || (arrived !== undefined && arrived.since > before.reported))
  if (isRepeated(word, before) && !newImage) return buildStatus
  const reported = moment(buildStatus, now)
  const begun = isSameRun(word, before) ? before!.begun : reported
  return set({ ...buildStatus, updated: reported }, kind, [architecture, { ...completed(word, before), reported, begun, image }])
}

/** What a change did to one image of a record. */
export interface RecordedImage {
  /** Null when the image left the record. */
  url: string | null
  /** Whether its content is new. The same image may be registered again: that mends no build that failed. */
  isNew: boolean
}

/**
 * Notes that an image was added to the record, or removed from it (url null). It belongs to the build that is running, or that has just
 * succeeded without one; of any other image the source is unknown. The same image again does not mend a build or test that failed.
 */
export function withImageUpdate(
  buildStatus: BuildStatus,
  update: RecordedImage & { architecture: Architecture; now: string }
): BuildStatus {
  const { architecture, url, isNew, now } = update
  const before = buildStatus.arrivals.get(architecture)
  if (!isNew && hasFailed(buildStatus, architecture)) return buildStatus
  if (before?.url === url && !isReportedSince(buildStatus, { architecture, since: before.since })) return buildStatus
  const at = moment(buildStatus, now)
  const next = set({ ...buildStatus, updated: at }, 'arrivals', [architecture, { url, since: at }])
  return url === null ? without(next, 'sources', [architecture]) : withSourceOf(next, architecture, url)
}

/** Whether the last word about an architecture's build or test is that it failed. */
export const hasFailed = ({ builds, tests }: BuildStatus, architecture: Architecture): boolean =>
  [builds.get(architecture), tests.get(architecture)].some((word) => word?.status === 'failed')

/** Returns whether a build or test was reported since: then an image that arrives again is more than a repeated request. */
export const isReportedSince = (
  { builds, tests }: BuildStatus,
  { architecture, since }: { architecture: Architecture; since: string }
): boolean => [builds.get(architecture), tests.get(architecture)].some((word) => word !== undefined && word.reported > since)

function withSourceOf(buildStatus: BuildStatus, architecture: Architecture, url: string): BuildStatus {
  const [build, recorded] = [buildStatus.builds.get(architecture), buildStatus.sources.get(architecture)]
  const source = build !== undefined && !isFinal(build) ? build.source : recorded?.url === null ? recorded.source : null
  if (source !== null) return set(buildStatus, 'sources', [architecture, { source, url, since: buildStatus.updated }])
  return recorded === undefined || recorded.url === url ? buildStatus : without(buildStatus, 'sources', [architecture])
}

/** Makes an image pending. It gets the source of its build as a published image does. */
export function withPending(
  buildStatus: BuildStatus,
  given: Pick<PendingImage, 'url' | 'digest' | 'version' | 'via'> & { architecture: Architecture; now: string; pendingMs: number }
): BuildStatus {
  const { architecture, now, pendingMs, ...image } = given
  const at = moment(buildStatus, now)
  const expires = new Date(Date.parse(at) + pendingMs).toISOString()
  const next = set({ ...buildStatus, updated: at }, 'pending', [architecture, { ...image, since: at, expires }])
  return withSourceOf(next, architecture, image.url)
}

/** Removes pending images, as they were published or have expired. */
export function withoutPending(buildStatus: BuildStatus, gone: { architectures: Iterable<Architecture>; now: string }): BuildStatus {
  const next = without(buildStatus, 'pending', gone.architectures)
  return next === buildStatus ? buildStatus : { ...next, updated: moment(buildStatus, gone.now) }
}

export const expiredPending = ({ pending }: BuildStatus, now: string): Architecture[] =>
  uniqueInTableOrder([...pending].filter(([, { expires }]) => expires <= now).map(([architecture]) => architecture))

type Part = 'builds' | 'tests' | 'arrivals' | 'pending' | 'sources'
type ValueOf<K extends Part> = BuildStatus[K] extends ReadonlyMap<Architecture, infer V> ? V : never

function set<K extends Part>(buildStatus: BuildStatus, kind: K, entry: [Architecture, ValueOf<K>]): BuildStatus {
  const next = new Map<Architecture, unknown>([...buildStatus[kind], entry])
  if (next.size > maxArchitectures) tooMany(kind)
  return { ...buildStatus, [kind]: next }
}

function without(buildStatus: BuildStatus, kind: Part, architectures: Iterable<Architecture>): BuildStatus {
  const next = new Map<Architecture, unknown>(buildStatus[kind])
  for (const architecture of architectures) next.delete(architecture)
  return next.size === buildStatus[kind].size ? buildStatus : { ...buildStatus, [kind]: next }
}

function tooMany(what: string): never {
  throw new CatalogueError('parameter_invalid', `${what} would have more than ${maxArchitectures} architectures`)
}
