import { percentDecoded } from '../domain/percent.ts'
import type { RuleContext } from './config.ts'
import { certificatesIn } from './files.ts'

/** How to reach Elasticsearch or OpenSearch. */
export interface EngineSettings {
  /** Without credentials. */
  urls: readonly string[]
  username?: string
  password?: string
  apiKey?: string
  /** The path of a PEM file with the certificates to trust. */
  ca?: string
  insecure: boolean
  patienceMs: number
}

/** Undefined for the embedded store. */
export function engineFrom(context: RuleContext): EngineSettings | undefined {
  const { settings, problems, named } = context
  const { engineUrl, engineApiKey: apiKey } = settings
  if (settings.store === 'embedded') {
    const expected = 'expected it to be "elasticsearch" (or "embedded", to leave the engine alone)'
    if (engineUrl && !context.isSet('store')) problems.push(`${named('engineUrl')} is set, but ${named('store')} is not; ${expected}`)
    return undefined
  }
  if (!engineUrl) {
    const expected = `expected the URL of Elasticsearch or OpenSearch, because ${named('store')} is "elasticsearch"`
    problems.push(`${named('engineUrl')} is not set; ${expected}`)
    return undefined
  }
  const { urls, username, password } = credentialsFrom(engineUrl, context)
  if (apiKey && username) problems.push(`${named('engineApiKey')} is set, and a user name as well; expected one of them`)
  const ca = certificatesFrom('engineCa', context)
  return {
    urls,
    insecure: settings.engineInsecure,
    patienceMs: settings.enginePatienceMs,
    ...(username && password && { username, password }),
    ...(apiKey && { apiKey }),
    ...(ca && { ca })
  }
}

function credentialsFrom(engineUrl: readonly string[], { settings, problems, named }: RuleContext) {
  const parsed = engineUrl.map((text) => new URL(text))
  const inUrls = new Set(parsed.filter((url) => url.username || url.password).map((url) => `${url.username}:${url.password}`))
  if (inUrls.size > 1) problems.push(`${named('engineUrl')} holds different credentials for different nodes; expected the same for all`)
  const [own] = [...inUrls]
  if (own && settings.engineUsername) {
    problems.push(`${named('engineUrl')} holds credentials, and ${named('engineUsername')} is set as well; expected one of them`)
  }
  const [user, secret] = own?.split(':').map(percentDecoded) ?? []
  const username = settings.engineUsername ?? user
  const password = settings.enginePassword ?? secret
  if (username && !password) problems.push(`${named('enginePassword')} is not set; expected a password, because there is a user name`)
  if (password && !username) problems.push(`${named('engineUsername')} is not set; expected a user name, because there is a password`)
  return { urls: parsed.map(withoutCredentials), username, password }
}

function withoutCredentials(url: URL): string {
  const bare = new URL(url)
  bare.username = ''
  bare.password = ''
  return bare.href.replace(/\/+$/, '')
}

/** Returns the path of the PEM file that a setting names. */
export function certificatesFrom(name: 'engineCa' | 'ca', { settings, problems, named }: RuleContext): string | undefined {
  const given = settings[name]
  if (!given) return undefined
  const found = certificatesIn(given)
  if ('path' in found) return found.path
  problems.push(`${named(name)} names ${given}, which ${found.problem}`)
  return undefined
}
