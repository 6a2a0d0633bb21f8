import { type Architecture, inTableOrder } from './architecture.ts'
import { CatalogueError } from './errors.ts'
import { completed, isFinal, isOvertaken, isRepeated, isSameRun, type JobReport, type JobWord } from './job-report.ts'
import type { Source } from './sources.ts'

/*
 * What we keep beside a container while its architectures come together: which it shall have, how their builds and tests stand, when
 * each image came, and which wait to be published. One document a container, in an index of our own. Every change is a function from
 * one value to the next; it answers the very same value when there is nothing to write.
 */

/** The architectures that a container shall have, by whoever said so. An empty list says: none, whatever a rule says. */
export interface Expected {
  architectures: readonly Architecture[]
  since: string
  by: string
}

/** When an image came into the record, or left it: url is null then. */
export interface Arrival {
  url: string | null
  since: string
}

/** An image that has arrived and is not published yet. */
export interface Pending {
  url: string
  digest: string | null
  version: string | null
  /** The address of ours that it came by: guard URLs begin with it. */
  via?: string | undefined
  since: string
  /** When it is given up. */
  expires: string
}

/** What the image of an architecture was built from. */
export interface RecordedSource {
  source: Source
  /** Of the image; null while it has not arrived. */
  url: string | null
  since: string
}

export interface Assembly {
  container: string
  expected: Expected | null
  builds: ReadonlyMap<Architecture, JobReport>
  tests: ReadonlyMap<Architecture, JobReport>
  arrivals: ReadonlyMap<Architecture, Arrival>
  pending: ReadonlyMap<Architecture, Pending>
  sources: ReadonlyMap<Architecture, RecordedSource>
  created: string
  updated: string
}

export const maxArchitectures = 64

export const emptyAssembly = (container: string, now: string): Assembly => ({
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

/**
 * When a change happens. Replicas' clocks differ a little, but writes to one document have an order: the later one gets the later time,
 * so that "the newest word wins" holds across replicas.
 */
function moment({ updated }: Assembly, now: string): string {
  const [before, at] = [Date.parse(updated), Date.parse(now)]
  return at > before || before - at > clockSkewMs ? now : new Date(before + 1).toISOString()
}

/** Whom to expect; null leaves it to rules and the server's default. Throws parameter_invalid beyond 64. */
export function withExpected(
  assembly: Assembly,
  { architectures, by, now }: { architectures: readonly Architecture[] | null; by: string; now: string }
): Assembly {
  if (architectures === null) return assembly.expected === null ? assembly : { ...assembly, expected: null, updated: moment(assembly, now) }
  const wanted = inOneOrder(architectures)
  if (wanted.length > maxArchitectures) tooMany('expected')
  if (assembly.expected !== null && wanted.join() === assembly.expected.architectures.join()) return assembly
  const at = moment(assembly, now)
  return { ...assembly, expected: { architectures: wanted, since: at, by: by.slice(0, 256) }, updated: at }
}

interface Reported {
  architecture: Architecture
  word: JobWord
  /** The URL of the image that the record has for this architecture now. */
  image?: string | undefined
  now: string
}

/**
 * A build's word about an architecture: the newest one is kept. A word about a run that was overtaken changes nothing. A build that
 * succeeded tells what its image was made from.
 */
export function withBuild(assembly: Assembly, given: Reported): Assembly {
  const next = withWord(assembly, 'builds', given)
  if (next === assembly || given.word.status !== 'succeeded') return next
  const { architecture } = given
  const { source } = next.builds.get(architecture)!
  if (source === null) return without(next, 'sources', [architecture])
  return set(next, 'sources', { architecture, value: { source, url: ownImage(assembly, given), since: next.updated } })
}

/** The image that came since the run began, or since the last word about another run; null while it is still to come. */
function ownImage({ builds, arrivals, pending }: Assembly, { architecture, word, image }: Reported): string | null {
  const [before, arrived, waiting] = [builds.get(architecture), arrivals.get(architecture), pending.get(architecture)]
  const begun = before === undefined ? word.started : isSameRun(word, before) ? before.begun : before.reported
  if (waiting && (begun === null || waiting.since > begun)) return waiting.url
  if (image === undefined) return null
  return begun === null || arrived?.url !== image || arrived.since > begun ? image : null
}

/** A test's word about an architecture, in the same way. */
export const withTest = (assembly: Assembly, given: Reported): Assembly => withWord(assembly, 'tests', given)

function withWord(assembly: Assembly, kind: 'builds' | 'tests', { architecture, word, now, ...given }: Reported): Assembly {
  const image = given.image ?? null
  const before = assembly[kind].get(architecture)
  if (isOvertaken(word, before)) return assembly
  const arrived = assembly.arrivals.get(architecture)
  const newImage = before !== undefined && (image !== before.image || (arrived !== undefined && arrived.since > before.reported))
  if (isRepeated(word, before) && !newImage) return assembly
  const reported = moment(assembly, now)
  const begun = isSameRun(word, before) ? before!.begun : reported
  const value = { ...completed(word, before), reported, begun, image }
  return set({ ...assembly, updated: reported }, kind, { architecture, value })
}

/**
 * An image came into the record, or left it (url null). It belongs to the build that is running, or that has just succeeded without one;
 * one that comes from elsewhere was made of nothing that we know.
 */
export function withArrival(
  assembly: Assembly,
  { architecture, url, now }: { architecture: Architecture; url: string | null; now: string }
): Assembly {
  const before = assembly.arrivals.get(architecture)
  if (before?.url === url && !isNewsSince(assembly, { architecture, since: before.since })) return assembly
  const at = moment(assembly, now)
  const next = set({ ...assembly, updated: at }, 'arrivals', { architecture, value: { url, since: at } })
  return url === null ? without(next, 'sources', [architecture]) : withSourceOf(next, { architecture, url })
}

/** Whether a build or test was heard of since: then an image that comes again is more than the same request again. */
export const isNewsSince = ({ builds, tests }: Assembly, { architecture, since }: { architecture: Architecture; since: string }): boolean =>
  [builds.get(architecture), tests.get(architecture)].some((word) => word !== undefined && word.reported > since)

function withSourceOf(assembly: Assembly, { architecture, url }: { architecture: Architecture; url: string }): Assembly {
  const [build, recorded] = [assembly.builds.get(architecture), assembly.sources.get(architecture)]
  const source = build !== undefined && !isFinal(build) ? build.source : recorded?.url === null ? recorded.source : null
  if (source !== null) return set(assembly, 'sources', { architecture, value: { source, url, since: assembly.updated } })
  return recorded === undefined || recorded.url === url ? assembly : without(assembly, 'sources', [architecture])
}

/** An image that waits for the others. Of a build's source it is as one that was published. */
export function withPending(
  assembly: Assembly,
  {
    architecture,
    now,
    pendingMs,
    ...image
  }: Pick<Pending, 'url' | 'digest' | 'version' | 'via'> & {
    architecture: Architecture
    now: string
    pendingMs: number
  }
): Assembly {
  const at = moment(assembly, now)
  const expires = new Date(Date.parse(at) + pendingMs).toISOString()
  const next = set({ ...assembly, updated: at }, 'pending', { architecture, value: { ...image, since: at, expires } })
  return withSourceOf(next, { architecture, url: image.url })
}

/** When images were published, or given up. */
export const withoutPending = (
  assembly: Assembly,
  { architectures, now }: { architectures: Iterable<Architecture>; now: string }
): Assembly => touched(assembly, without(assembly, 'pending', architectures), now)

/** Those whose time to wait is over. */
export const expiredPending = ({ pending }: Assembly, now: string): Architecture[] =>
  inTableOrder([...pending].filter(([, { expires }]) => expires <= now).map(([architecture]) => architecture))

/** Everything about an architecture forgotten, for one that a container shall no longer have. */
export function withoutArchitecture(assembly: Assembly, { architecture, now }: { architecture: Architecture; now: string }): Assembly {
  const kinds = ['builds', 'tests', 'arrivals', 'pending', 'sources'] as const
  return touched(
    assembly,
    kinds.reduce<Assembly>((next, kind) => without(next, kind, [architecture]), assembly),
    now
  )
}

const touched = (before: Assembly, next: Assembly, now: string): Assembly =>
  next === before ? before : { ...next, updated: moment(before, now) }

type Kind = 'builds' | 'tests' | 'arrivals' | 'pending' | 'sources'
type ValueOf<K extends Kind> = Assembly[K] extends ReadonlyMap<Architecture, infer V> ? V : never

function set<K extends Kind>(
  assembly: Assembly,
  kind: K,
  { architecture, value }: { architecture: Architecture; value: ValueOf<K> }
): Assembly {
  const next = new Map<Architecture, unknown>([...assembly[kind], [architecture, value]])
  if (next.size > maxArchitectures) tooMany(kind)
  return { ...assembly, [kind]: next }
}

function without(assembly: Assembly, kind: Kind, architectures: Iterable<Architecture>): Assembly {
  const next = new Map<Architecture, unknown>(assembly[kind])
  for (const architecture of architectures) next.delete(architecture)
  return next.size === assembly[kind].size ? assembly : { ...assembly, [kind]: next }
}

function tooMany(what: string): never {
  throw new CatalogueError('parameter_invalid', `${what} would have more than ${maxArchitectures} architectures`)
}

/** Each once: the table's order, then by name, so that the order in which they were said never shows. */
export const inOneOrder = (architectures: Iterable<Architecture>): Architecture[] => inTableOrder([...new Set(architectures)].sort())
