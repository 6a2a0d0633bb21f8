import { asFields, parsedJson } from '../domain/json/reading.ts'
import type { RegistryAccount } from './account.ts'
import { credentialsInWords } from './docker-credentials.ts'
import type { RegistryAnswer, RegistryExchange } from './exchange.ts'
import { registryError, registryWords } from './registry-error.ts'

/** How a registry wants to be signed in to. */
export type Challenge = { scheme: 'basic' } | { scheme: 'bearer'; realm: string; service: string | undefined }

/** Reads WWW-Authenticate. Returns the Bearer challenge where there is one, else Basic; undefined for what registries do not use. */
export function parseChallenge(header: string | string[] | undefined): Challenge | undefined {
  const text = [header ?? []].flat().join(', ').slice(0, 8192)
  const bearer = /(?:^|,)\s*Bearer\s+(.*)$/is.exec(text)?.[1]
  const realm = bearer === undefined ? undefined : parameter(bearer, 'realm')
  if (bearer !== undefined && realm !== undefined) return { scheme: 'bearer', realm, service: parameter(bearer, 'service') }
  return /(?:^|,)\s*Basic(?:\s|,|$)/i.test(text) ? { scheme: 'basic' } : undefined
}

function parameter(text: string, name: string): string | undefined {
  const [, quoted, plain] = new RegExp(`(?:^|[\\s,])${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s",]+))`, 'i').exec(text) ?? []
  return quoted?.replace(/\\(.)/g, '$1') ?? plain
}

interface TokenRequest {
  host: string
  exchange: RegistryExchange
  account: RegistryAccount
  challenge: Extract<Challenge, { scheme: 'bearer' }>
  /** What the token has to permit. */
  scopes: readonly string[]
}

const bounds = { silenceMs: 30_000, most: 1024 * 1024 }
const accept = 'application/json'

/** Requests a token from the service that a challenge names. Throws its refusal. */
export async function askToken({ host, exchange, account, challenge, scopes }: TokenRequest): Promise<string> {
  const { realm, service } = challenge
  if (!URL.canParse(realm)) throw registryError('failed', { message: `${host} names a token service that is not a URL` })
  const url = new URL(realm)
  const named = { ...(service !== undefined && { service }) }
  const found = await account.credentials()
  if (found && 'identityToken' in found) {
    const refresh = { grant_type: 'refresh_token', client_id: 'leporello', refresh_token: found.identityToken }
    const body = String(new URLSearchParams({ ...refresh, ...named, scope: scopes.join(' ') }))
    const headers = { accept, 'content-type': 'application/x-www-form-urlencoded' }
    return tokenIn(await exchange.send(url, { method: 'POST', headers, body, ...bounds }))
  }
  const query = [...Object.entries(named), ...scopes.map((scope): [string, string] => ['scope', scope])]
  const headers = { accept, ...(found && 'password' in found && { authorization: account.basic(found) }) }
  return tokenIn(await exchange.send(withQuery(url, query), { method: 'GET', headers, ...bounds }))

  function tokenIn({ status, body }: RegistryAnswer): string {
    const text = body.toString('utf8')
    const from = `the token service ${url.host} of ${host}`
    if (status !== 200) {
      const words = registryWords(text, account.withoutSecrets)
      const asked = found ? `it was asked as ${credentialsInWords(found)}: sign in again` : 'sign in'
      const isRefusal = status === 400 || status === 401 || status === 403
      const remedy = isRefusal ? `${asked} with docker login ${host}` : 'try again later'
      const message = `${from} answered ${status}${words && `: ${words}`}; ${remedy}`
      throw registryError(isRefusal ? 'refused' : 'failed', { message, status })
    }
    const fields = asFields(parsedJson(text))
    const given = fields?.['token'] ?? fields?.['access_token']
    // a header takes no other characters
    if (typeof given === 'string' && /^[\x21-\x7e]+$/.test(given)) return given
    throw registryError('failed', { message: `${from} answered without a token` })
  }
}

function withQuery(url: URL, parameters: readonly [name: string, value: string][]): URL {
  const whole = new URL(url)
  for (const [name] of parameters) whole.searchParams.delete(name)
  for (const [name, value] of parameters) whole.searchParams.append(name, value)
  return whole
}
