import { join, resolve } from 'node:path'
import { type Architecture, inTableOrder, parseArchitecture } from '../domain/architecture.ts'
import type { Rule } from '../domain/build/rules.ts'
import type { Policy } from '../domain/policy.ts'
import type { Settings } from '../schemas.ts'
import { certificatesFrom, type Engine, engineFrom } from './engine.ts'
import { type Objects, objectsFrom } from './objects.ts'
import { rulesFrom } from './rules.ts'
import { type Raw, readSettings, type SettingName, variableOf } from './settings.ts'
import { collect, type Environment } from './sources.ts'

export type { Engine } from './engine.ts'
export type { Objects } from './objects.ts'

/** Everything that can be set, checked and frozen. Made by loadConfig only. */
export interface Config {
  host: string
  port: number
  /** Without a trailing slash. Absent: what we listen on, or the request's host. */
  publicUrl: string | undefined
  prefix: string
  /** An absolute path. */
  data: string
  logLevel: Settings['logLevel']
  policy: Policy
  /** In bytes. */
  bodyLimit: number
  /** In bytes, for the embedded store; absent: what the disk holds. */
  dataLimit: number | undefined
  commit: string | undefined
  /** How long an operation on any store may take. */
  patienceMs: number
  /** Absent: the embedded store. */
  engine: Engine | undefined
  indices: { containers: string; jobSpecs: string; hysdsIos: string }
  guarded: readonly Architecture[]
  expected: readonly Architecture[]
  rules: readonly Rule[]
  /** What container/add does to a record that is there, unless the request says. */
  add: Settings['add']
  legacyMozartUrl: string | undefined
  objects: Objects
  verify: { images: Settings['verify']; hosts: readonly string[]; buckets: readonly string[]; roots: readonly string[] }
  /** How often the rows that lists are filtered by are compared with the records. */
  sweepMs: number
  /** Whether a tarball that is not proven to be what it is said to be is refused. */
  strict: boolean
  /** For how long an upload in pieces may stand still. */
  uploadExpiryMs: number
  /** For how long a removed container is listed as one that can be brought back. */
  deletedKeepMs: number
  /** How many entries of a container's history are kept, and for how long. */
  historyEntries: number
  historyKeepMs: number
  fillSpecs: boolean
  /** How long a tarball of ours stays after the last container ceased to name it. */
  deleteGraceMs: number
  /** `chosen`: somebody named the server. */
  client: { url: string; chosen: boolean; token: string | undefined; ca: string | undefined }
}

export type Loaded = { config: Config } | { problems: string[] }

/** Problems of rules that join several settings are added to the list; a value then stands in for the wrong one. */
export interface RuleContext {
  settings: Settings
  problems: string[]
  /** Whether somebody set it, rather than its default. */
  isSet(name: SettingName): boolean
  /** How a message names a setting: the variable, or the key in the file when it came from there. */
  named(name: SettingName): string
}

/** The one Config, or every problem at once, in words, by the name of the variable or of the key in the file. */
export function loadConfig(environment: Environment): Loaded {
  const { raw, problems: unknown } = collect(environment)
  const { values, problems: invalid } = readSettings(raw)
  const joined: string[] = []
  const named = (name: SettingName) => sourceOf(name, raw)
  const config = configFrom({ settings: values, problems: joined, isSet: (name) => raw.has(name), named })
  // a rule that a wrong setting breaks is told once, as that setting's problem
  const mentions = (problem: string) => [...invalid.keys()].some((name) => problem.includes(named(name)))
  const problems = [...unknown, ...invalid.values(), ...joined.filter((problem) => !mentions(problem))]
  return problems.length > 0 ? { problems } : { config: deepFreeze(config) }
}

/** The same, of this process. */
export const processConfig = (): Loaded => loadConfig(process.env)

/** The same with some variables in place of its own: another store than the configured one. */
export const placeConfig = (instead: Environment): Loaded => loadConfig({ ...process.env, ...instead })

const sourceOf = (name: SettingName, raw: ReadonlyMap<SettingName, Raw>): string => raw.get(name)?.source ?? variableOf(name)

function configFrom(context: RuleContext): Config {
  const { settings } = context
  const data = resolve(settings.data)
  return {
    host: settings.host.replace(/^\[(.*)\]$/, '$1'),
    port: settings.port,
    publicUrl: settings.publicUrl?.replace(/\/+$/, ''),
    prefix: settings.prefix,
    data,
    logLevel: settings.logLevel,
    policy: settings.policy,
    bodyLimit: settings.bodyLimit,
    dataLimit: settings.dataLimit,
    commit: settings.commit,
    patienceMs: settings.enginePatienceMs,
    engine: engineFrom(context),
    indices: indicesFrom(context),
    guarded: architecturesFrom(settings.guard),
    expected: architecturesFrom(settings.expected),
    rules: rulesFrom(context),
    add: settings.add,
    legacyMozartUrl: settings.legacyMozartUrl?.replace(/\/+$/, ''),
    objects: objectsFrom(context, join(data, 'objects')),
    verify: { images: settings.verify, hosts: settings.verifyHosts, buckets: settings.verifyBuckets, roots: settings.verifyRoots },
    sweepMs: settings.sweep,
    strict: settings.strict,
    uploadExpiryMs: settings.uploadExpiry,
    deletedKeepMs: settings.deletedKeep,
    historyEntries: settings.historyEntries,
    historyKeepMs: Math.max(settings.historyKeep, settings.deletedKeep),
    fillSpecs: settings.fillSpecs,
    deleteGraceMs: settings.deleteGrace,
    client: {
      url: settings.url.replace(/\/+$/, ''),
      chosen: context.isSet('url'),
      token: settings.token,
      ca: certificatesFrom('ca', context)
    }
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

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}
