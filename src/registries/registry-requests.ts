import { maxManifest } from '../domain/oci/manifest.ts'
import type { RegistryAnswer, RegistryExchange } from './exchange.ts'
import { registryError, registryWords } from './registry-error.ts'
import type { SignIn } from './sign-in.ts'

export interface RegistryCall {
  path: string
  method?: 'GET' | 'HEAD'
  accept?: string
  most?: number
}

export interface RegistryRequests {
  /** Returns the answer to a request; undefined where what is asked for is not there. Throws for any other answer. */
  read(repository: string, call: RegistryCall): Promise<RegistryAnswer | undefined>
  /** Throws for an answer that is not the one that was asked for. */
  refusal(answer: RegistryAnswer, what: string): Promise<never>
}

export interface RequestParts {
  base: URL
  host: string
  exchange: RegistryExchange
  signIn: SignIn
}

const silenceMs = 30_000

/** Asks a registry, and signs in where it wants that. */
export function createRegistryRequests({ base, host, exchange, signIn }: RequestParts): RegistryRequests {
  async function send(repository: string, { path, method = 'GET', accept = '*/*', ...bounds }: RegistryCall): Promise<RegistryAnswer> {
    const url = new URL(path, base)
    const attempt = (authorization: string | undefined) =>
      exchange.send(url, {
        ...{ silenceMs, most: maxManifest, ...bounds },
        method,
        headers: { accept, ...(authorization !== undefined && { authorization }) }
      })
    const authorization = await signIn.authorization(repository)
    const answer = await attempt(authorization)
    if (answer.status !== 401) return answer
    const another = await signIn.challenged(answer, { repository, refused: authorization })
    return another ? attempt(await signIn.authorization(repository)) : answer
  }

  async function refusal({ status, body }: RegistryAnswer, what: string): Promise<never> {
    const words = registryWords(body.toString('utf8'), signIn.withoutSecrets)
    const message = `${host} answered ${status} for ${what}${words && `: ${words}`}`
    if (status === 401 || status === 403) {
      const todo = (await signIn.hasCredentials())
        ? `the credentials in docker's configuration may not read it: sign in again with docker login ${host}`
        : `if it is there, sign in with docker login ${host}`
      throw registryError('refused', { message: `${message}; ${todo}`, status })
    }
    const todo = status === 429 ? '; wait, or ask for less at once with --at-once' : status >= 500 ? '; try again later' : ''
    throw registryError('failed', { message: message + todo, status })
  }

  async function read(repository: string, call: RegistryCall): Promise<RegistryAnswer | undefined> {
    const answer = await send(repository, call)
    if (answer.status === 404) return undefined
    return answer.status === 200 ? answer : refusal(answer, call.path)
  }

  return { read, refusal }
}
