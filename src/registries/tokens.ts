import { asFields } from '../domain/json/reading.ts'
import type { Challenge } from './challenge.ts'
import { credentialsInWords, type RegistryCredentials } from './docker-credentials.ts'
import type { RegistryAnswer, RegistryExchange } from './exchange.ts'
import { jsonIn, registryError, registryWords } from './registry-error.ts'

export interface TokenParts {
  host: string
  exchange: RegistryExchange
  basicHeader(credentials: { username: string; password: string }): string
  withoutSecrets(text: string): string
  /** What a token for a repository has to permit. */
  scopesOf(repository: string): readonly string[]
}

export interface TokenRequest {
  wanted: Extract<Challenge, { scheme: 'bearer' }>
  repository: string
  found: Exclude<RegistryCredentials, { registryToken: string }> | undefined
}

const silenceMs = 30_000
const maxToken = 1024 * 1024

/** Returns a function that gets a token for one repository. It throws what the token service says. */
export function createTokenRequests({
  host,
  exchange,
  basicHeader,
  withoutSecrets,
  scopesOf
}: TokenParts): (wanted: TokenRequest) => Promise<string> {
  async function askToken({ wanted: { realm, service }, repository, found }: TokenRequest): Promise<string> {
    if (!URL.canParse(realm)) throw registryError('failed', { message: `${host} names a token service that is not a URL` })
    const url = new URL(realm)
    const scopes = scopesOf(repository)
    const named = { ...(service !== undefined && { service }) }
    const common = { silenceMs, most: maxToken }
    const answer =
      found && 'identityToken' in found
        ? await exchange.send(url, {
            ...common,
            method: 'POST',
            headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
            body: String(
              new URLSearchParams({
                grant_type: 'refresh_token',
                client_id: 'leporello',
                refresh_token: found.identityToken,
                ...named,
                scope: scopes.join(' ')
              })
            )
          })
        : await exchange.send(withQuery(url, [...Object.entries(named), ...scopes.map((scope): [string, string] => ['scope', scope])]), {
            ...common,
            method: 'GET',
            headers: { accept: 'application/json', ...(found && { authorization: basicHeader(found) }) }
          })
    return readToken(answer, { server: url.host, found })
  }

  function readToken({ status, body }: RegistryAnswer, { server, found }: { server: string; found: TokenRequest['found'] }): string {
    const text = body.toString('utf8')
    const service = `the token service ${server} of ${host}`
    if (status !== 200) {
      const words = registryWords(text, withoutSecrets)
      const remedy = found
        ? `it was asked as ${credentialsInWords(found)}: sign in again with docker login ${host}`
        : `sign in with docker login ${host}`
      const isRefusal = status === 400 || status === 401 || status === 403
      const message = `${service} answered ${status}${words && `: ${words}`}; ${isRefusal ? remedy : 'try again later'}`
      throw registryError(isRefusal ? 'refused' : 'failed', { message, status })
    }
    const fields = asFields(jsonIn(text))
    const given = fields?.['token'] ?? fields?.['access_token']
    // a header takes no other characters
    if (typeof given !== 'string' || !/^[\x21-\x7e]+$/.test(given)) {
      throw registryError('failed', { message: `${service} answered without a token` })
    }
    return given
  }

  return askToken
}

function withQuery(url: URL, parameters: readonly [name: string, value: string][]): URL {
  const whole = new URL(url)
  for (const [name] of parameters) whole.searchParams.delete(name)
  for (const [name, value] of parameters) whole.searchParams.append(name, value)
  return whole
}
