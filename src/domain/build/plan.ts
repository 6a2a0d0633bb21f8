import type { Reason, Warning } from '../../schemas.ts'
import { type Architecture, uniqueInTableOrder } from '../architecture.ts'
import {
  asFields,
  cut,
  type FieldProblem,
  noOthers,
  readArchitecture,
  readText,
  refuseProblems,
  refuseRequest,
  shown
} from '../json/reading.ts'
import { maxArchitectures, type PendingImage } from './build-status.ts'
import { type BuildSource, maxInputs, ordered, readBuildSource, sameSource, sourceToJson } from './sources.ts'
import { currentImages, type ReasonCode, type StateInput, stateOf } from './state.ts'

/** What to do for one architecture, and why. Only its own source and its own image decide. */
export interface Step {
  architecture: Architecture
  action: 'build' | 'reuse'
  code: ReasonCode | 'source_unknown' | 'source_changed' | 'image_replaced' | 'image_awaited' | 'unchanged'
  reason: string
  /** Of the image that is reused. */
  url: string | null
  source: { [input: string]: string }
}

export interface Plan {
  container: string
  steps: Step[]
  warnings: Warning[]
}

/** Warns of each architecture to build that the base image is not there for. */
export function baseWarnings(
  steps: readonly Step[],
  { container, architectures }: { container: string; architectures: readonly string[] }
): Warning[] {
  const has = architectures.length > 0 ? `it has: ${architectures.join(', ')}` : 'it has none'
  return steps
    .filter(({ action, architecture }) => action === 'build' && !architectures.includes(architecture))
    .map(({ architecture }) => ({
      code: 'base_missing',
      architecture,
      message: `the base image ${container} has no image for ${architecture} (${has}); build that one first`
    }))
}

export interface PlanInput extends Omit<StateInput, 'expected' | 'publish'> {
  sources: ReadonlyMap<Architecture, BuildSource>
}

/** Returns one step for each architecture, in the table's order. */
export function planOf(input: PlanInput): Step[] {
  const architectures = uniqueInTableOrder(input.sources.keys())
  const { reasons } = stateOf({ ...input, expected: { architectures, since: null }, publish: 'each' })
  const images = currentImages(input.record, input.facts)
  return architectures.map((architecture) => {
    const source = input.sources.get(architecture)!
    const latest = input.buildStatus?.pending.get(architecture)
    const pending = latest !== undefined && latest.expires > input.now ? latest : undefined
    const url = (pending ?? images.get(architecture))?.url
    const built = input.buildStatus?.builds.get(architecture)?.source
    const own = reasons.filter((one) => one.architecture === architecture && !isOfAnother(source, one, built))
    // what is wrong with an image does not matter when a pending one will replace it
    const reason = own.find(({ code }) => pending === undefined || ofJobs.has(code))
    const answer = reason ? build(reason.code, reason.message) : bySource(source, { architecture, url, pending, ...input })
    return { architecture, ...answer, url: answer.action === 'reuse' ? url! : null, source: sourceToJson(source) }
  })
}

/** Returns whether a reason is about a build from another source: that tells nothing about an image from this one. */
const isOfAnother = (source: BuildSource, { code }: Reason, built: BuildSource | null | undefined): boolean =>
  (code === 'build_failed' || code === 'build_stale') && built != null && !sameSource(built, source)

const ofJobs: ReadonlySet<ReasonCode> = new Set(['build_failed', 'build_stale', 'test_failed', 'test_stale'])

type StepDecision = Pick<Step, 'action' | 'code' | 'reason'>
const build = (code: Step['code'], reason: string): StepDecision => ({ action: 'build', code, reason })

interface PlannedImage extends PlanInput {
  architecture: Architecture
  url: string | undefined
  pending: PendingImage | undefined
}

function bySource(source: BuildSource, { architecture, url, pending, buildStatus }: PlannedImage): StepDecision {
  const recorded = buildStatus?.sources.get(architecture)
  const image = `the image for ${architecture}`
  if (recorded === undefined) return build('source_unknown', `it is not known what ${image} was built from`)
  const changes = changesOf(recorded.source, source)
  if (changes.length > 0) return build('source_changed', `${image} was built from something else: ${changes.join(', ')}`)
  if (recorded.url === null)
    return build('image_awaited', `a build from this source succeeded at ${recorded.since}, but its image has not come`)
  if (recorded.url !== url) return build('image_replaced', `${image} is not the one that was built from this source at ${recorded.since}`)
  const reason = `${image} was built from this source${pending ? ', and waits to be published with the others' : ''}`
  return { action: 'reuse', code: 'unchanged', reason }
}

/** Returns in words which inputs differ. An input that only one side names counts as different. */
function changesOf(before: BuildSource, after: BuildSource): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  return names.flatMap((name) => {
    const [old, now] = [before.get(name), after.get(name)]
    if (old === now) return []
    if (old === undefined) return [`${name} is new (${short(now!)})`]
    return now === undefined ? [`${name} is no longer named (${short(old)})`] : [`${name} was ${short(old)}, is ${short(now)}`]
  })
}

const short = (value: string) =>
  cut(value.replace(/^(sha256:[0-9a-f]{12})[0-9a-f]{52}$/, '$1…').replace(/^([0-9a-f]{12})[0-9a-f]{28}$/, '$1…'), 80)

/**
 * Parses a request such as `{"container": "hello:1", "sources": {"*": {"commit": …}, "arm64": {"containerfile": …}}}`: the inputs under `*` are for every
 * architecture that is named or expected; an architecture's own inputs replace them. `expected` depends on the container's id. Throws parameter_invalid.
 */
export function parsePlanRequest(value: unknown): {
  container: string
  sourcesFor: (expected: readonly Architecture[]) => Map<Architecture, BuildSource>
} {
  const problems: FieldProblem[] = []
  const fields =
    asFields(value) ?? refuseRequest('plan', { path: '', message: `is ${shown(value)}; expected an object with container and sources` })
  noOthers(fields, { names: ['container', 'sources'], path: '', problems })
  const container = readText(fields['container'], { path: 'container', max: 512, problems })
  if (container === null && problems.length === 0) problems.push({ path: 'container', message: 'must be supplied' })
  const given = asFields(fields['sources']) ?? {}
  if (given !== fields['sources']) {
    problems.push({ path: 'sources', message: `is ${shown(fields['sources'])}; expected an object such as {"*": {"commit": "9c0e…"}}` })
  }
  const own = ownSources(given, problems)
  const common = readBuildSource(given['*'], { path: 'sources.*', problems })
  refuseProblems('plan', problems)
  return {
    container: container!,
    sourcesFor(expected) {
      const architectures = uniqueInTableOrder([...own.keys(), ...(common === null ? [] : expected)])
      if (architectures.length === 0) {
        const none = common === null ? '' : `, and ${container} expects none`
        refuseRequest('plan', { path: 'sources', message: `names no architecture${none}` })
      }
      return new Map(architectures.map((architecture) => [architecture, laidOver(common, own.get(architecture))]))
    }
  }
}

function ownSources(given: { readonly [name: string]: unknown }, problems: FieldProblem[]): Map<Architecture, BuildSource> {
  const own = new Map<Architecture, BuildSource>()
  const names = Object.keys(given).filter((name) => name !== '*')
  if (names.length > 2 * maxArchitectures) problems.push({ path: 'sources', message: `names ${names.length} architectures` })
  for (const name of names.slice(0, 2 * maxArchitectures)) {
    const path = `sources.${cut(name, 100)}`
    const architecture = readArchitecture(name, { path, problems })
    const source = readBuildSource(given[name], { path, problems }) ?? new Map<string, string>()
    if (architecture === undefined) continue
    const other = own.get(architecture)
    if (other && !sameSource(other, source))
      problems.push({ path, message: `is another source for ${architecture} than its other name has` })
    own.set(architecture, source)
  }
  if (own.size > maxArchitectures)
    problems.push({ path: 'sources', message: `names ${own.size} architectures; at most ${maxArchitectures} are planned` })
  return own
}

const laidOver = (common: BuildSource | null, own: BuildSource | undefined): BuildSource =>
  new Map([...ordered(new Map([...(common ?? []), ...(own ?? [])]))].slice(0, maxInputs))
