import type { Reason } from '../../schemas.ts'
import { type Architecture, amd64, uniqueInTableOrder } from '../architecture.ts'
import type { StoredImages } from '../container/container.ts'
import type { Facts, ImageKey } from '../image/facts.ts'
import { maskSecrets } from '../secrets.ts'
import type { BuildStatus } from './build-status.ts'
import { isFinal, type JobReport } from './job-report.ts'
import type { EffectiveExpectation, Publish } from './rules.ts'

export type State = 'complete' | 'partial' | 'degraded'

/** Why a container is not complete. */
export type ReasonCode = Reason['code']

/** These mean that something has not arrived yet; each of the others degrades a container. */
const merelyPartial: ReadonlySet<ReasonCode> = new Set(['missing', 'pending', 'unverified'])

/** Returns whether a reason makes a container degraded, rather than partial. */
export const degrades = ({ code }: { code: ReasonCode }): boolean => !merelyPartial.has(code)

export interface StateAnswer {
  state: State
  /** By architecture in the table's order: what builds and tests report, then what is known of the image. */
  reasons: Reason[]
  /** Expected architectures whose image has not arrived; a pending image has. */
  missing: Architecture[]
}

export interface StateInput {
  record: StoredImages
  /** Of the images that the record has now. */
  facts: ReadonlyMap<ImageKey, Facts>
  buildStatus: BuildStatus | undefined
  expected: Pick<EffectiveExpectation, 'architectures' | 'since'>
  publish: Publish
  buildTimeoutMs: number
  now: string
}

export interface CurrentImage {
  url: string
  facts: Facts | undefined
}

/**
 * Returns the images of a record by architecture. The image of a record that names no architecture is for what its bytes are proven to be;
 * until then for x86_64, as `url` is by definition and to unmodified workers.
 */
export function currentImages({ images, url }: StoredImages, facts: ReadonlyMap<ImageKey, Facts>): Map<Architecture, CurrentImage> {
  if (images.size === 0 && url !== undefined) {
    const single = facts.get('')
    return new Map([[single?.architecture ?? amd64, { url, facts: single }]])
  }
  const order = uniqueInTableOrder(images.keys())
  return new Map(order.map((architecture) => [architecture, { url: images.get(architecture)!, facts: facts.get(architecture) }]))
}

/** Returns their URLs, as far as the record alone tells. */
export const currentUrls = (record: StoredImages): Map<Architecture, string> =>
  new Map([...currentImages(record, new Map())].map(([architecture, { url }]) => [architecture, url]))

/** Returns the state of a container. Only expected architectures and those that have an image count. */
export function stateOf(input: StateInput): StateAnswer {
  const images = currentImages(input.record, input.facts)
  const wanted = new Set(input.expected.architectures)
  const architectures = uniqueInTableOrder([...wanted, ...images.keys()])
  const reasons = architectures.flatMap((architecture) =>
    reasonsOf({ ...input, architecture, image: images.get(architecture), wanted: wanted.has(architecture) })
  )
  if (images.size === 0 && wanted.size === 0) {
    reasons.push({ code: 'missing', architecture: null, message: 'it has no image, and none is expected', since: null })
  }
  const missing = architectures.filter((one) => reasons.some(({ code, architecture }) => code === 'missing' && architecture === one))
  const degraded = reasons.some(degrades)
  return { state: degraded ? 'degraded' : reasons.length > 0 ? 'partial' : 'complete', reasons, missing }
}

/** Returns whether everything has arrived, and nothing is proven to be wrong with it. What builds and tests report does not matter. */
export const isArrived = ({ reasons }: Pick<StateAnswer, 'reasons'>): boolean =>
  reasons.every(({ code }) => code.startsWith('build_') || code.startsWith('test_'))

interface CheckedArchitecture extends StateInput {
  architecture: Architecture
  image: CurrentImage | undefined
  wanted: boolean
}

function reasonsOf(one: CheckedArchitecture): Reason[] {
  const found = [jobReason(one, 'build'), jobReason(one, 'test'), verdictReason(one), goneReason(one), absenceReason(one), proofReason(one)]
  return found.flatMap((reason) => (reason ? [{ ...reason, architecture: one.architecture }] : []))
}

type FoundReason = Omit<Reason, 'architecture'> | undefined

/** A job that failed, or was silent for too long, unless an image arrived since: the newest event of an architecture counts. */
function jobReason(one: CheckedArchitecture, kind: 'build' | 'test'): FoundReason {
  const { buildStatus, architecture, now, buildTimeoutMs } = one
  const report = (kind === 'build' ? buildStatus?.builds : buildStatus?.tests)?.get(architecture)
  if (report === undefined || report.status === 'succeeded' || imageCameAfter(report, one)) return undefined
  const what = kind === 'build' ? `the build for ${architecture}` : `the test on ${architecture}`
  const log = report.log === null ? '' : ` (${maskSecrets(report.log)})`
  if (report.status === 'failed') {
    const message = `${what} failed${report.reason === null ? '' : `: ${maskSecrets(report.reason)}`}${log}`
    return { code: `${kind}_failed`, message, since: report.reported }
  }
  if (Date.parse(now) - Date.parse(report.reported) < buildTimeoutMs) return undefined
  const message = `${what} was reported as ${report.status}, but nothing was heard of it since ${report.reported}${log}`
  return { code: `${kind}_stale`, message, since: new Date(Date.parse(report.reported) + buildTimeoutMs).toISOString() }
}

interface AwaitedImage extends Pick<StateInput, 'buildStatus' | 'now'> {
  architecture: Architecture
  image: Pick<CurrentImage, 'url'> | undefined
}

/** Returns whether another image is awaited: its build is under way or failed, and no image arrived since. */
export function isAwaited(one: AwaitedImage): boolean {
  const build = one.buildStatus?.builds.get(one.architecture)
  return build !== undefined && build.status !== 'succeeded' && !imageCameAfter(build, one)
}

/** Compares times where the arrival is noted; an image that another program registered is known by its URL only. */
function imageCameAfter(report: JobReport, { buildStatus, architecture, image, now }: AwaitedImage): boolean {
  const pending = buildStatus?.pending.get(architecture)
  if (pending !== undefined && pending.since > report.reported && pending.expires > now) return true
  if (image === undefined) return false
  const arrived = buildStatus?.arrivals.get(architecture)
  return image.url !== report.image || (arrived?.url === image.url && arrived.since > report.reported)
}

function verdictReason({ architecture, image }: CheckedArchitecture): FoundReason {
  const facts = image?.facts
  if (facts?.verdict !== 'mislabelled' && facts?.verdict !== 'mixed' && facts?.verdict !== 'unreadable') return undefined
  return { code: facts.verdict, message: `the image for ${architecture} is ${facts.verdict}: ${facts.summary}`, since: facts.checked }
}

function goneReason({ architecture, image }: CheckedArchitecture): FoundReason {
  if (image?.facts?.status !== 'gone') return undefined
  return { code: 'gone', message: `the image for ${architecture} is gone from ${maskSecrets(image.url)}`, since: image.facts.checked }
}

function absenceReason({ architecture, image, wanted, buildStatus, expected, now }: CheckedArchitecture): FoundReason {
  if (image !== undefined || !wanted) return undefined
  const pending = buildStatus?.pending.get(architecture)
  if (pending !== undefined && pending.expires > now) {
    const message = `the image for ${architecture} has arrived, and waits until ${pending.expires} to be published with the others`
    return { code: 'pending', message, since: pending.since }
  }
  const gone = pending === undefined ? '' : `; the one that waited for the others was given up at ${pending.expires}`
  const left = buildStatus?.arrivals.get(architecture)
  const since = [expected.since ?? buildStatus?.created ?? null, left?.url === null ? left.since : null]
    .filter((time) => time !== null)
    .sort()
  const message = `there is no image for ${architecture}${gone || whyMissing(buildStatus?.builds.get(architecture))}`
  return { code: 'missing', message, since: since.at(-1) ?? null }
}

function whyMissing(build: JobReport | undefined): string {
  if (build === undefined) return ', and no build was reported'
  if (build.status === 'succeeded') return `, though its build succeeded at ${build.reported}: it was not registered`
  return isFinal(build) ? '' : ` yet: its build is ${build.status} since ${build.begun}`
}

function proofReason({ architecture, image, wanted, publish, buildStatus }: CheckedArchitecture): FoundReason {
  if (publish !== 'verified' || !wanted || image === undefined) return undefined
  const verdict = image.facts?.verdict ?? 'unverified'
  if (verdict !== 'unverified' && verdict !== 'no-binaries') return undefined
  const arrived = buildStatus?.arrivals.get(architecture)
  const since = verdict === 'no-binaries' ? image.facts!.checked : arrived?.url === image.url ? arrived.since : null
  const why = verdict === 'unverified' ? 'it has not been read' : image.facts!.summary
  return { code: 'unverified', message: `the image for ${architecture} is not proven: ${why}`, since }
}
