import { readFileSync } from 'node:fs'
import { nearest } from '../domain/nearest.ts'
import { whyUnreadable } from './files.ts'
import { type GivenSetting, type SettingName, settingNames, shownSetting, variableOf } from './settings.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Variables that Kubernetes sets in every pod when there is a Service named "leporello", such as LEPORELLO_PORT=tcp://10.0.0.1:8888. */
const serviceLink = (name: string, value: string): boolean =>
  /^LEPORELLO_SERVICE_(HOST|PORT(_.*)?)$|^LEPORELLO_PORT_\d+_/.test(name) ||
  (name === 'LEPORELLO_PORT' && /^(tcp|udp|sctp):\/\//.test(value))

const byVariable = new Map(settingNames.map((name) => [variableOf(name), name]))

/** ENGINE_URL, LEPORELLO_ENGINE_URL, engine_url and engineUrl are the same key. */
const keyForm = (key: string): string =>
  key
    .replace(/^LEPORELLO_/i, '')
    .replaceAll('_', '')
    .toLowerCase()
const byKey = new Map(settingNames.map((name) => [keyForm(name), name]))

/** Returns the settings of the environment and of the file, where the environment wins, and a problem for each unknown name. */
export function collect(environment: Environment): { raw: Map<SettingName, GivenSetting>; problems: string[] } {
  const problems: string[] = []
  const raw = new Map<SettingName, GivenSetting>()
  for (const [variable, value] of Object.entries(environment)) {
    // an empty variable counts as unset: compose files write `FOO=` for that
    if (!variable.startsWith('LEPORELLO_') || variable === 'LEPORELLO_CONFIG' || !value || serviceLink(variable, value)) continue
    const name = byVariable.get(variable)
    if (name) raw.set(name, { source: variable, value })
    else problems.push(`${variable} is not a variable of Leporello${didYouMean(variable, [...byVariable.keys(), 'LEPORELLO_CONFIG'])}`)
  }
  const path = environment['LEPORELLO_CONFIG']
  if (path) addFile(path, { raw, problems })
  return { raw, problems }
}

function addFile(path: string, { raw, problems }: { raw: Map<SettingName, GivenSetting>; problems: string[] }): void {
  const keys = new Map<SettingName, string>()
  for (const [key, value] of Object.entries(readJsonObject(path, problems))) {
    const source = `${JSON.stringify(key)} in ${path}`
    const name = byKey.get(keyForm(key))
    const earlier = name && keys.get(name)
    if (!name) problems.push(`${source} is not a setting of Leporello${didYouMean(key, settingNames)}`)
    else if (earlier) problems.push(`${source} is the same setting as ${JSON.stringify(earlier)}; keep one of them`)
    else {
      keys.set(name, key)
      if (!raw.has(name)) raw.set(name, { source, value })
    }
  }
}

function readJsonObject(path: string, problems: string[]): object {
  const refuse = (found: string) => {
    problems.push(`LEPORELLO_CONFIG names ${path}, ${found}; expected a file with one JSON object such as {"port": 8888}`)
    return {}
  }
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content
    return refuse(`which holds ${shownSetting(content).slice(0, 40)}`)
  } catch (error) {
    // the parser's message would quote the file, which may hold a password
    return refuse(error instanceof SyntaxError ? 'which is not JSON' : `which ${whyUnreadable(error)}`)
  }
}

function didYouMean(name: string, candidates: readonly string[]): string {
  const prefix = name.startsWith('LEPORELLO_') ? 'LEPORELLO_' : ''
  const bare = candidates.map((one) => one.slice(prefix.length))
  const candidate = nearest(name.slice(prefix.length), bare)
  return candidate ? `; did you mean ${prefix}${candidate}?` : ''
}
