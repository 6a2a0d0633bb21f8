import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { Ajv, type ErrorObject } from 'ajv'
import { asArchitectureName } from '../domain/json/reading.ts'
import { maskSecrets } from '../domain/secrets.ts'
import type { Settings } from '../schemas.ts'

export type SettingName = keyof Settings

interface SettingSchema {
  type: 'string' | 'integer' | 'boolean' | 'array'
  description: string
  /** What a valid value is, for messages. */
  expected: string
  format?: string
  default?: unknown
  secret?: boolean
}

/** Read at run time, because TypeScript does not copy JSON to its output. */
const schema = JSON.parse(readFileSync(new URL('../../../schemas/config.json', import.meta.url), 'utf8'))

export const settings: Readonly<Record<SettingName, SettingSchema>> = schema.properties
export const settingNames = Object.keys(settings) as SettingName[]

/** `enginePatienceMs` is LEPORELLO_ENGINE_PATIENCE_MS in the environment. */
export const variableOf = (name: SettingName): string => `LEPORELLO_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`

/** A value as it was given, and where, for messages. */
export type GivenSetting = { source: string; value: unknown }

const isUrl = (text: string): URL | undefined => {
  if (!/^https?:\/\/[^/]/i.test(text)) return undefined
  return URL.canParse(text) ? new URL(text) : undefined
}

/** An IPv6 address may be in brackets, as in a URL, or not. */
const isHost = (host: string): boolean => isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0 || /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?\.?$/i.test(host)

function isAddressRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)]!
  return rest.length === 0 && most > 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most))
}

function createValidator() {
  const ajv = new Ajv({ allErrors: true, useDefaults: true, strict: true })
  ajv.addVocabulary(['expected', 'secret'])
  ajv.addFormat('bytes', { type: 'number', validate: () => true })
  ajv.addFormat('host', isHost)
  ajv.addFormat('origin', (text) => isUrl(text)?.origin === text)
  ajv.addFormat('address-range', isAddressRange)
  ajv.addFormat('http-url', (text) => isUrl(text) !== undefined)
  ajv.addFormat('public-url', (text) => {
    const url = isUrl(text)
    return url !== undefined && url.username === '' && url.password === '' && !/[?#]/.test(text)
  })
  ajv.addFormat('path-prefix', /^$|^(\/[a-zA-Z0-9._~-]+)+$/)
  ajv.addFormat('index-name', /^(?![-_+.])[^\\/*?"<>|,#:\sA-Z]{1,255}$/)
  ajv.addFormat('architecture', (name) => asArchitectureName(name) !== null)
  return ajv.compile<Settings>(schema)
}

/** Returns the settings with their defaults, and a problem for each invalid one, which has its default then. */
export function readSettings(raw: ReadonlyMap<SettingName, GivenSetting>): { values: Settings; problems: Map<SettingName, string> } {
  const values = Object.fromEntries([...raw].map(([name, { value }]) => [name, fromText(settings[name], value)]))
  const validate = createValidator()
  if (validate(values)) return { values, problems: new Map() }
  const wrong = new Set((validate.errors ?? []).map(settingOf))
  const right = new Map([...raw].filter(([name]) => !wrong.has(name)))
  return { values: readSettings(right).values, problems: new Map([...wrong].map((name) => [name, problem(name, raw.get(name))])) }
}

const settingOf = (error: ErrorObject): SettingName => error.instancePath.split('/')[1] as SettingName

function problem(name: SettingName, raw: GivenSetting | undefined): string {
  const { secret, expected } = settings[name]
  if (secret) return `${raw?.source} is not ${expected} (its value is not shown: it may hold a secret)`
  return `${raw?.source} is ${shownSetting(raw?.value)}; expected ${expected}`
}

export const shownSetting = (value: unknown): string => maskSecrets(JSON.stringify(value) ?? 'absent').slice(0, 200)

const decimal = { '': 1, B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }
const suffixes: Readonly<Record<string, number>> = { ...decimal, KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30, TIB: 2 ** 40 }

/** Reads a text as its setting's type; what cannot be read stays a text, for the schema to refuse. */
function fromText({ type, format }: SettingSchema, value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (type === 'array')
    return value
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean)
  if (type === 'boolean') return { true: true, false: false }[value] ?? value
  if (type === 'integer') return format === 'bytes' ? bytesFrom(value) : /^\d{1,15}$/.test(value) ? Number(value) : value
  return value
}

function bytesFrom(text: string): number | string {
  const [, digits, suffix] = /^(\d{1,12})\s*([a-z]*)$/i.exec(text) ?? []
  const factor = suffixes[suffix?.toUpperCase() ?? '?']
  return factor === undefined ? text : Number(digits) * factor
}
