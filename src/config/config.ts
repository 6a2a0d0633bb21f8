import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Architecture, inTableOrder, parseArchitecture } from '../domain/architecture.ts'
import { parseRules, type Rule } from '../domain/build/rules.ts'
import type { Policy, Scope } from '../domain/policy.ts'
import type { Settings } from '../schemas.ts'
import { connectionsFrom } from './connections.ts'
import { certificatesFrom, type EngineSettings, engineFrom } from './engine.ts'
import { whyUnreadable } from './files.ts'
import { type Objects, objectsFrom } from './objects.ts'
import { type GivenSetting, readSettings, type SettingName, variableOf } from './settings.ts'
import { collect, type Environment } from './sources.ts'

export type { EngineSettings } from './engine.ts'
export type { Objects } from './objects.ts'

/** How clients authenticate. */
interface AccessSettings {
  /** The absolute path of the token file, which need not exist. */
  tokens: string
  /** Users that a trusted proxy names in a header, in lower case. */
  users: { header: string; scopes: readonly Scope[] } | undefined
  /** Whether the policy follows from the address, rather than from its setting. */
  isDefault: boolean
}

/** Settings that are taken as they are: schemas/config.json describes them. */
type PlainSettings = Pick<
  Settings,
  'port' | 'prefix' | 'trustedProxies' | 'cors' | 'logLevel' | 'bodyLimit' | 'add' | 'strict' | 'historyEntries' | 'fillSpecs'
>

/** All settings, validated and frozen. Made by loadConfig only. */
export interface Config extends Readonly<PlainSettings> {
  /** A name, or an address without brackets. */
  host: string
  /** Without a trailing slash. Undefined: the address that we listen on. */
  publicUrl: string | undefined
  /** Absolute paths of PEM files, read when the server starts. Undefined: http. */
  tls: { cert: string; key: string } | undefined
  /** An absolute path. */
  data: string
  policy: Policy
  access: AccessSettings
  /** How many bytes all bodies that are in memory may take together. */
  bodyBudget: number
  /** The most connections that may be open at once. */
  connections: number
  /** Of the embedded store, in bytes. Undefined: as much as the disk holds. */
  dataLimit: number | undefined
  commit: string | undefined
  /** How long an operation on any store may take, with retries. */
  patienceMs: number
  /** Undefined for the embedded store. */
  engine: EngineSettings | undefined
  indices: { containers: string; jobSpecs: string; hysdsIos: string }
  guarded: readonly Architecture[]
  expected: readonly Architecture[]
  rules: readonly Rule[]
  legacyMozartUrl: string | undefined
  objects: Objects
  verify: { images: Settings['verify']; hosts: readonly string[]; buckets: readonly string[]; roots: readonly string[] }
  /** How often the summaries that lists are filtered by are compared with the records. */
  sweepMs: number
  /** What the tag of a pushed image is to registry clients. */
  oci: { asPushed: boolean }
  /** How long a resumable upload may make no progress. */
  uploadExpiryMs: number
  /** How long a removed container is listed as restorable. */
  deletedKeepMs: number
  historyKeepMs: number
  /** How long one of our tarballs stays after no container names it any more. */
  deleteGraceMs: number
  /** For commands. `chosen`: the server was set, rather than its default. */
  client: { url: string; chosen: boolean; token: string | undefined; ca: string | undefined }
}

export type Loaded = { config: Config } | { problems: string[] }

/** What a rule over several settings needs. It adds problems to the list, and returns some value all the same. */
export interface RuleContext {
  settings: Settings
  problems: string[]
  /** Whether it was set, rather than its default. */
  isSet(name: SettingName): boolean
  /** A setting's name for messages: the variable, or the key in the file if it comes from there. */
  named(name: SettingName): string
}

/** Returns the Config, or every problem at once, in words that name the variable or the key in the file. */
export function loadConfig(environment: Environment): Loaded {
  const { raw, problems: unknown } = collect(environment)
  const { values, problems: invalid } = readSettings(raw)
  const joined: string[] = []
  const named = (name: SettingName) => sourceOf(name, raw)
  const config = configFrom({ settings: values, problems: joined, isSet: (name) => raw.has(name), named })
  // a setting that is wrong by itself is reported once, not again as part of a rule
  const mentions = (problem: string) => [...invalid.keys()].some((name) => problem.includes(named(name)))
  const problems = [...unknown, ...invalid.values(), ...joined.filter((problem) => !mentions(problem))]
  return problems.length > 0 ? { problems } : { config: deepFreeze(config) }
}

/** Loads the configuration of this process. */
export const processConfig = (): Loaded => loadConfig(process.env)

/** Loads it with some variables replaced, for another store than the configured one. */
export const placeConfig = (instead: Environment): Loaded => loadConfig({ ...process.env, ...instead })

const sourceOf = (name: SettingName, raw: ReadonlyMap<SettingName, GivenSetting>): string => raw.get(name)?.source ?? variableOf(name)

function configFrom(context: RuleContext): Config {
  const { settings } = context
  const { port, prefix, trustedProxies, cors, logLevel, bodyLimit, add, strict, historyEntries, fillSpecs } = settings
  const data = resolve(settings.data)
  return {
    ...{ port, prefix, trustedProxies, cors, logLevel, bodyLimit, add, strict, historyEntries, fillSpecs, data },
    host: settings.host.replace(/^\[(.*)\]$/, '$1'),
    publicUrl: settings.publicUrl?.replace(/\/+$/, ''),
    tls: tlsFrom(context),
    ...accessFrom(context, data),
    bodyBudget: bodyBudgetFrom(context),
    connections: connectionsFrom(context),
    dataLimit: settings.dataLimit,
    commit: settings.commit,
    patienceMs: settings.enginePatienceMs,
    engine: engineFrom(context),
    indices: indicesFrom(context),
    guarded: architecturesFrom(settings.guard),
    expected: architecturesFrom(settings.expected),
    rules: rulesFrom(context),
    legacyMozartUrl: settings.legacyMozartUrl?.replace(/\/+$/, ''),
    objects: objectsFrom(context, join(data, 'objects')),
    verify: { images: settings.verify, hosts: settings.verifyHosts, buckets: settings.verifyBuckets, roots: settings.verifyRoots },
    sweepMs: settings.sweep,
    uploadExpiryMs: settings.uploadExpiry,
    deletedKeepMs: settings.deletedKeep,
    historyKeepMs: Math.max(settings.historyKeep, settings.deletedKeep),
    deleteGraceMs: settings.deleteGrace,
    oci: { asPushed: settings.ociTags === 'as-pushed' },
    client: {
      url: settings.url.replace(/\/+$/, ''),
      chosen: context.isSet('url'),
      token: settings.token,
      ca: certificatesFrom('ca', context)
    }
  }
}

function tlsFrom({ settings, problems, named }: RuleContext): Config['tls'] {
  const { tlsCert, tlsKey } = settings
  if (tlsCert && tlsKey) return { cert: resolve(tlsCert), key: resolve(tlsKey) }
  if (tlsCert) problems.push(`${named('tlsCert')} is set, but ${named('tlsKey')} is not; expected both, or neither`)
  if (tlsKey) problems.push(`${named('tlsKey')} is set, but ${named('tlsCert')} is not; expected both, or neither`)
  return undefined
}

/** Mozart's openness stays on this machine: what other machines can reach needs a token to be changed. */
function accessFrom({ settings }: RuleContext, data: string): { policy: Policy; access: AccessSettings } {
  const { policy, tokens, userHeader, userScopes, host } = settings
  return {
    policy: policy ?? (isLoopback(host) ? 'open' : 'read'),
    access: {
      tokens: tokens === undefined ? join(data, 'tokens') : resolve(tokens),
      users: userHeader === undefined ? undefined : { header: userHeader.toLowerCase(), scopes: userScopes },
      isDefault: policy === undefined
    }
  }
}

const isLoopback = (host: string): boolean =>
  /^(?:localhost\.?|127(?:\.\d{1,3}){3}|\[?(?:::1|(?:0{1,4}:){7}0{0,3}1|::ffff:127(?:\.\d{1,3}){3})\]?)$/i.test(host)

/** Returns the rules for containers by the pattern of their ids, from the setting or from the file that it names. */
function rulesFrom({ settings: { rules: given }, problems, named }: RuleContext): readonly Rule[] {
  if (given === undefined) return []
  const source = named('rules')
  const value = typeof given === 'string' ? readRules(given, source, problems) : given
  if (value === undefined) return []
  const { rules, problems: found } = parseRules(value)
  problems.push(...found.map(({ path, message }) => `${source}: ${path} ${message}`))
  return rules
}

function readRules(text: string, source: string, problems: string[]): unknown {
  const inline = /^\s*[[{]/.test(text)
  const place = inline ? source : `${source} names ${text}, which`
  try {
    return JSON.parse(inline ? text : readFileSync(resolve(text), 'utf8'))
  } catch (error) {
    const why = error instanceof SyntaxError ? `is not JSON (${error.message})` : whyUnreadable(error)
    problems.push(`${place} ${why}; expected a list of rules such as [{"match": "*", "expected": ["amd64", "arm64"]}], or a file with one`)
    return undefined
  }
}

const architecturesFrom = (names: readonly string[]): Architecture[] => inTableOrder(new Set(names.map(parseArchitecture)))

function indicesFrom({ settings, problems, named }: RuleContext): Config['indices'] {
  const names = ['indexContainers', 'indexJobSpecs', 'indexHysdsIos'] as const
  for (const [i, name] of names.entries()) {
    const twin = names.slice(0, i).find((earlier) => settings[earlier] === settings[name])
    if (twin) problems.push(`${named(name)} is "${settings[name]}", as is ${named(twin)}; expected three different indices`)
  }
  return { containers: settings.indexContainers, jobSpecs: settings.indexJobSpecs, hysdsIos: settings.indexHysdsIos }
}

/** A body counts twice, and the last eighth of the budget is for small ones: less would admit no body of the largest size. */
const budgetedBodies = 3

function bodyBudgetFrom({ settings, problems, named }: RuleContext): number {
  const { bodyLimit, bodyBudget = Math.max(256 * 2 ** 20, budgetedBodies * bodyLimit) } = settings
  if (bodyBudget < budgetedBodies * bodyLimit) {
    const least = `at least ${budgetedBodies} times ${named('bodyLimit')} (${bodyLimit} bytes)`
    problems.push(`${named('bodyBudget')} is ${bodyBudget} bytes; expected ${least}, or a body of that size would never be accepted`)
  }
  return bodyBudget
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}
