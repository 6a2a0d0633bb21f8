import { maxManifest } from '../domain/oci/manifest.ts'
import type { RegistryAnswer, RegistryExchange, RegistryRequest } from './exchange.ts'
import { registryError, registryWords } from './registry-error.ts'
import type { SignIn } from './sign-in.ts'

interface RegistryCall extends Partial<Omit<RegistryRequest, 'headers'>> {
  /** Or the URL that a Location header named. */
  path: string
  accept?: string
  headers?: Record<string, string>
}

export type RegistryRequests = ReturnType<typeof createRegistryRequests>

export interface RequestParts {
  base: URL
  host: string
  exchange: RegistryExchange
  signIn: SignIn
}

const silenceMs = 30_000

/** Asks a registry, and signs in where it wants that. */
export function createRegistryRequests({ base, host, exchange, signIn }: RequestParts) {
  /** Returns whatever the answer is. */
  async function send(repository: string, { path, accept = '*/*', headers, ...request }: RegistryCall): Promise<RegistryAnswer> {
    const url = new URL(path, base)
    // a token is for the server that it was given for
    const isOurs = url.origin === base.origin
    const attempt = (authorization: string | undefined) =>
      exchange.send(url, {
        ...{ method: 'GET', silenceMs, most: maxManifest, ...request },
        headers: { accept, ...(isOurs && authorization !== undefined && { authorization }), ...headers }
      })
    const authorization = await signIn.authorization(repository)
    const answer = await attempt(authorization)
    if (answer.status !== 401 || !isOurs) return answer
    const another = await signIn.challenged(answer, { repository, refused: authorization })
    return another ? attempt(await signIn.authorization(repository)) : answer
  }

  /** Throws for an answer that is not the one that was asked for. */
  async function refusal({ status, body, headers }: RegistryAnswer, what: string): Promise<never> {
    const words = registryWords(body.toString('utf8'), signIn.withoutSecrets)
    const message = `${host} answered ${status} for ${what}${words && `: ${words}`}`
    if (status === 401 || status === 403) {
      const advice = await signIn.advice(status)
      throw registryError('refused', { message: advice === '' ? message : `${message}; ${advice}`, status })
    }
    const remedy = status === 429 ? '; wait, or ask for less at once with --at-once' : status >= 500 ? '; try again later' : ''
    const retryAfterMs = retryAfterIn(headers['retry-after'])
    throw registryError('failed', { message: message + remedy, status, ...(retryAfterMs !== undefined && { retryAfterMs }) })
  }

  /** Returns the answer to a request; undefined where what is asked for is not there. Throws for any other answer. */
  async function read(repository: string, call: RegistryCall): Promise<RegistryAnswer | undefined> {
    const answer = await send(repository, call)
    if (answer.status === 404) return undefined
    return answer.status === 200 ? answer : refusal(answer, call.path)
  }

  return { read, send, refusal }
}

/** Reads Retry-After: seconds, or a date. */
export function retryAfterIn(header: string | string[] | undefined, now: () => number = Date.now): number | undefined {
  const text = [header ?? []].flat()[0]?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const at = text === '' ? Number.NaN : Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now())
}

/** Returns the path of the next page. Its host counts for nothing: behind a proxy it may be another one. */
export function nextPage({ headers }: RegistryAnswer, current: URL): string | undefined {
  const link = [headers['link'] ?? []].flat().join(', ')
  const [, target] = /<([^>]*)>\s*;[^,<]*\brel\s*=\s*"?next\b/i.exec(link) ?? []
  if (target === undefined || !URL.canParse(target, current)) return undefined
  const { pathname, search } = new URL(target, current)
  return pathname.startsWith('/v2/') ? pathname + search : undefined
}
