import type { Schemas } from '../../schemas.ts'
import { type Architecture, uniqueInTableOrder } from '../architecture.ts'
import { globMatches } from '../glob.ts'
import { repositoryOf } from '../image/storage.ts'
import { asFields, type FieldPlace, type FieldProblem, noOthers, readArchitecture, shown } from '../json/reading.ts'
import { type BuildStatus, maxArchitectures } from './build-status.ts'

/** When images are published: each as it arrives, all expected ones at once, or those once each is proven. */
export const publishPolicies = ['each', 'all', 'verified'] as const
export type Publish = (typeof publishPolicies)[number]

/** What an image must be so that a channel may move to it. */
export const requirements = ['complete', 'proven', 'tested'] as const
export type Requirement = (typeof requirements)[number]

/** An image registered as `operator-arm64:1` is also the arm64 image of `operator:1`. */
export interface Suffix {
  suffix: string
  architecture: Architecture
}

/** What applies to containers whose id matches a pattern. Of several rules that match, the first one that sets a property applies. */
export interface Rule {
  match: string
  expected?: readonly Architecture[]
  publish?: Publish
  bundle?: readonly Suffix[]
  buildTimeoutMs?: number
  pendingMs?: number
  /** Once a version is complete, its content cannot change. */
  immutable?: boolean
  /** What an image must be so that a promotion may give it a matching id. */
  require?: readonly Requirement[]
}

/** What applies where no rule sets it. Nothing is immutable then. */
export interface Defaults {
  expected: readonly Architecture[]
  publish: Publish
  buildTimeoutMs: number
  pendingMs: number
}

export const defaults: Defaults = { expected: [], publish: 'each', buildTimeoutMs: 6 * 3_600_000, pendingMs: 7 * 24 * 3_600_000 }

/** The architectures that a container should have, and what sets them. */
export interface EffectiveExpectation extends Pick<Schemas['expected-view.json'], 'from' | 'pattern' | 'since' | 'by'> {
  architectures: readonly Architecture[]
}

function first<K extends keyof Rule>(rules: readonly Rule[], { id, property }: { id: string; property: K }) {
  return rules.find((rule) => rule[property] !== undefined && globMatches(rule.match, id))
}

interface ExpectationSources {
  buildStatus: Pick<BuildStatus, 'expected'> | undefined
  rules: readonly Rule[]
  defaults: Pick<Defaults, 'expected'>
}

export function expectedOf(id: string, { buildStatus, rules, defaults }: ExpectationSources): EffectiveExpectation {
  if (buildStatus?.expected) return { ...buildStatus.expected, from: 'container', pattern: null }
  const rule = first(rules, { id, property: 'expected' })
  if (rule) return { architectures: uniqueInTableOrder(rule.expected!), from: 'rule', pattern: rule.match, since: null, by: null }
  const from = defaults.expected.length > 0 ? 'default' : 'none'
  return { architectures: uniqueInTableOrder(defaults.expected), from, pattern: null, since: null, by: null }
}

export const isImmutable = (id: string, rules: readonly Rule[]): boolean => first(rules, { id, property: 'immutable' })?.immutable === true

/** Returns what the rules require of an image that a promotion gives this id. */
export const requiredOf = (id: string, rules: readonly Rule[]): readonly Requirement[] =>
  first(rules, { id, property: 'require' })?.require ?? []

export type Policies = Omit<Defaults, 'expected'>

export interface PolicySources {
  /** What was said for this one container goes before rules. */
  buildStatus?: Pick<BuildStatus, 'publish'> | undefined
  rules: readonly Rule[]
  defaults: Policies
}

export function policiesOf(id: string, { buildStatus, rules, defaults }: PolicySources): Policies {
  const said = <K extends keyof Policies>(property: K): Policies[K] =>
    (first(rules, { id, property })?.[property] as Policies[K] | undefined) ?? defaults[property]
  return { publish: buildStatus?.publish ?? said('publish'), buildTimeoutMs: said('buildTimeoutMs'), pendingMs: said('pendingMs') }
}

/** Returns the container that an image also belongs to, by the suffix of its name. The pattern may match either of the names. */
export function bundleOf(id: string, rules: readonly Rule[]): { container: string; architecture: Architecture } | undefined {
  const name = repositoryOf(id)
  for (const { match, bundle } of rules) {
    if (bundle === undefined) continue
    const [longest] = bundle
      .filter(({ suffix }) => name.endsWith(suffix) && name.length > suffix.length)
      .sort((a, b) => b.suffix.length - a.suffix.length)
    const container = longest && name.slice(0, -longest.suffix.length) + id.slice(name.length)
    const holds = globMatches(match, id) || (container !== undefined && globMatches(match, container))
    if (holds) return longest && { container: container!, architecture: longest.architecture }
  }
  return undefined
}

const maxRules = 1000
const maxMs = 366 * 24 * 3_600_000
const names = ['match', 'expected', 'publish', 'bundle', 'buildTimeoutMs', 'pendingMs', 'immutable', 'require']

/** Parses rules, such as those of a configuration. Returns everything that is wrong with them, too. */
export function parseRules(value: unknown, root = 'rules'): { rules: Rule[]; problems: FieldProblem[] } {
  const problems: FieldProblem[] = []
  if (!Array.isArray(value)) {
    problems.push({ path: root, message: `is ${shown(value)}; expected a list such as [{"match": "*", "expected": ["amd64", "arm64"]}]` })
    return { rules: [], problems }
  }
  if (value.length > maxRules) problems.push({ path: root, message: `has ${value.length} rules; at most ${maxRules} are read` })
  const rules = value.slice(0, maxRules).flatMap((item, i) => readRule(item, { path: `${root}[${i}]`, problems }) ?? [])
  return { rules, problems }
}

function readRule(value: unknown, { path, problems }: FieldPlace): Rule | undefined {
  const fields = asFields(value)
  if (fields === undefined) {
    problems.push({ path, message: `is ${shown(value)}; expected a rule such as {"match": "*", "publish": "all"}` })
    return undefined
  }
  noOthers(fields, { names, path, problems })
  const { match, expected, publish, bundle, immutable, require } = fields
  const at = (field: string): FieldPlace => ({ path: `${path}.${field}`, problems })
  if (typeof match !== 'string' || match === '' || match.length > 512) {
    problems.push({ path: `${path}.match`, message: `is ${shown(match)}; expected a pattern of "*" and "?" for ids, such as "operator:*"` })
  }
  const rule: Rule = { match: String(match) }
  if (expected !== undefined) rule.expected = readArchitectures(expected, at('expected'))
  if (publish !== undefined) {
    rule.publish = publish as Publish
    if (!publishPolicies.includes(rule.publish)) {
      problems.push({ path: `${path}.publish`, message: `is ${shown(publish)}; expected one of ${publishPolicies.join(', ')}` })
    }
  }
  if (bundle !== undefined) rule.bundle = readSuffixes(bundle, at('bundle'))
  if (require !== undefined) rule.require = readRequirements(require, at('require'))
  if (immutable !== undefined) {
    rule.immutable = immutable === true
    if (typeof immutable !== 'boolean')
      problems.push({ path: `${path}.immutable`, message: `is ${shown(immutable)}; expected true or false` })
  }
  for (const name of ['buildTimeoutMs', 'pendingMs'] as const) {
    if (fields[name] !== undefined) rule[name] = readMs(fields[name], at(name))
  }
  return rule
}

/** Reads a list of architectures strictly, and returns each once. */
export function readArchitectures(value: unknown, { path, problems }: FieldPlace): Architecture[] {
  if (!Array.isArray(value) || value.length > maxArchitectures) {
    const message = `is ${shown(value)}; expected a list of at most ${maxArchitectures} architectures, such as ["amd64", "arm64"]`
    problems.push({ path, message })
    return []
  }
  return uniqueInTableOrder(value.flatMap((name, i) => readArchitecture(name, { path: `${path}[${i}]`, problems }) ?? []))
}

function readRequirements(value: unknown, { path, problems }: FieldPlace): Requirement[] {
  if (Array.isArray(value) && value.every((one) => requirements.includes(one))) return [...new Set<Requirement>(value)]
  problems.push({ path, message: `is ${shown(value)}; expected a list of ${requirements.join(', ')}, such as ["complete", "proven"]` })
  return []
}

function readSuffixes(value: unknown, { path, problems }: FieldPlace): Suffix[] {
  if (!Array.isArray(value) || value.length > maxArchitectures) {
    problems.push({ path, message: `is ${shown(value)}; expected a list such as [{"suffix": "-arm64", "architecture": "arm64"}]` })
    return []
  }
  return value.flatMap((item, i) => {
    const at = `${path}[${i}]`
    const fields = asFields(item) ?? {}
    noOthers(fields, { names: ['suffix', 'architecture'], path: at, problems })
    const { suffix } = fields
    const architecture = readArchitecture(fields['architecture'], { path: `${at}.architecture`, problems })
    const wellFormed = typeof suffix === 'string' && /^[^:\s]{1,128}$/.test(suffix)
    if (!wellFormed) problems.push({ path: `${at}.suffix`, message: `is ${shown(suffix)}; expected the end of a name, such as "-arm64"` })
    return wellFormed && architecture !== undefined ? [{ suffix, architecture }] : []
  })
}

function readMs(value: unknown, { path, problems }: FieldPlace): number {
  if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= maxMs) return value as number
  problems.push({ path, message: `is ${shown(value)}; expected milliseconds, 1 to ${maxMs} (a year)` })
  return maxMs
}
