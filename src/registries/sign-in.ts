import { type Challenge, parseChallenge } from './challenge.ts'
import { type CredentialsOf, credentialsInWords, type RegistryCredentials } from './docker-credentials.ts'
import type { RegistryAnswer, RegistryExchange } from './exchange.ts'
import { createTokenRequests } from './tokens.ts'

export interface SignInParts {
  /** As references name the registry. */
  host: string
  exchange: RegistryExchange
  credentialsOf: CredentialsOf
  /** Whether images are written, too. */
  writes: boolean
  /** Other repositories that are read. */
  alsoReads: readonly string[]
}

export interface SignIn {
  /** Returns an Authorization header for a repository, as the last challenge wants it; undefined where none is wanted or can be had. */
  authorization(repository: string): Promise<string | undefined>
  /** Learns from an answer of status 401 how to sign in. Returns whether it says so. */
  learn(answer: RegistryAnswer): boolean
  /** Learns from such an answer. `refused` is the header that was sent. Returns whether another try makes sense. */
  challenged(answer: RegistryAnswer, tried: { repository: string; refused: string | undefined }): Promise<boolean>
  /** Returns what was tried, and what to do, for the message of a refusal; '' where it says so itself. */
  advice(status: number): Promise<string>
  /** Takes every secret that was sent out of a text. */
  withoutSecrets(text: string): string
}

export function createSignIn({ host, exchange, credentialsOf, writes, alsoReads }: SignInParts): SignIn {
  const secrets = new Set<string>()
  const headers = new Map<string, Promise<string | undefined>>()
  let challenge: Challenge | undefined
  let known: Promise<RegistryCredentials | undefined> | undefined

  async function credentials(): Promise<RegistryCredentials | undefined> {
    known ??= credentialsOf(host)
    const found = await known
    for (const secret of Object.values(found ?? {})) if (secret !== (found as { username?: string }).username) secrets.add(secret)
    return found
  }

  const withoutSecrets = (text: string): string =>
    [...secrets].reduce((masked, secret) => (secret === '' ? masked : masked.replaceAll(secret, '***')), text)

  const scopesOf = (repository: string) => [
    `repository:${repository}:${writes ? 'pull,push' : 'pull'}`,
    ...alsoReads.filter((other) => other !== repository).map((other) => `repository:${other}:pull`)
  ]
  const askToken = createTokenRequests({ host, exchange, basicHeader, withoutSecrets, scopesOf })

  async function headerFor(wanted: Challenge, repository: string): Promise<string | undefined> {
    const found = await credentials()
    if (found && 'registryToken' in found) return `Bearer ${found.registryToken}`
    if (wanted.scheme === 'bearer') {
      const token = await askToken({ wanted, repository, found })
      secrets.add(token)
      return `Bearer ${token}`
    }
    return found && 'password' in found ? basicHeader(found) : undefined
  }

  function basicHeader({ username, password }: { username: string; password: string }): string {
    const encoded = Buffer.from(`${username}:${password}`).toString('base64')
    secrets.add(encoded)
    return `Basic ${encoded}`
  }

  async function authorization(repository: string): Promise<string | undefined> {
    const wanted = challenge
    if (wanted === undefined) return undefined
    const cached = headers.get(repository)
    if (cached) return cached
    const made = headerFor(wanted, repository)
    headers.set(repository, made)
    return made
  }

  function learn({ headers: answered }: RegistryAnswer): boolean {
    const wanted = parseChallenge(answered['www-authenticate'])
    challenge = wanted ?? challenge
    return wanted !== undefined
  }

  return {
    authorization,
    learn,
    async challenged(answer, { repository, refused }) {
      if (!learn(answer)) return false
      const cached = headers.get(repository)
      // others may have a newer one by now
      if (refused !== undefined && cached && (await cached) === refused) headers.delete(repository)
      const next = await authorization(repository)
      return next !== undefined && next !== refused
    },
    async advice() {
      const found = await credentials()
      if (!found)
        return `${writes ? "docker's configuration has no credentials for it:" : 'if it is there,'} sign in with docker login ${host}`
      return `${credentialsInWords(found)} of docker's configuration may not ${writes ? 'write' : 'read'} it: sign in again with docker login ${host}`
    },
    withoutSecrets
  }
}
