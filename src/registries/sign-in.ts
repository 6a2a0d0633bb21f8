import { createAccount } from './account.ts'
import type { ConnectionOptions } from './connection.ts'
import { credentialsInWords } from './docker-credentials.ts'
import type { RegistryAnswer, RegistryExchange } from './exchange.ts'
import { askToken, type Challenge, parseChallenge } from './tokens.ts'

interface SignInParts extends Required<Pick<ConnectionOptions, 'credentialsOf' | 'writes' | 'alsoReads'>> {
  /** As references name the registry. */
  host: string
  exchange: RegistryExchange
}

/** The credentials sent to a registry, in the form that its challenge asks for. */
export interface SignIn {
  /** Returns an Authorization header for a repository, as the last challenge wants it; undefined where none is wanted or can be had. */
  authorization(repository: string): Promise<string | undefined>
  /** Handles a 401. `refused` is the Authorization header that was rejected. Returns whether to retry. */
  challenged(answer: RegistryAnswer, tried: { repository: string; refused: string | undefined }): Promise<boolean>
  /** Returns what was tried, and what to do, for the message of a refusal; '' where it says so itself. */
  advice(status: number): Promise<string>
  /** Removes every secret that was sent from a text. */
  withoutSecrets(text: string): string
}

type LearningSignIn = SignIn & { learn(answer: RegistryAnswer): boolean }

export function createSignIn({ host, exchange, credentialsOf, writes, alsoReads }: SignInParts): LearningSignIn {
  const account = createAccount(host, credentialsOf)
  const headers = new Map<string, Promise<string | undefined>>()
  let known: Challenge | undefined

  const scopesOf = (repository: string) => [
    `repository:${repository}:${writes ? 'pull,push' : 'pull'}`,
    ...alsoReads.filter((other) => other !== repository).map((other) => `repository:${other}:pull`)
  ]

  async function headerFor(challenge: Challenge, repository: string): Promise<string | undefined> {
    const found = await account.credentials()
    if (found && 'registryToken' in found) return account.bearer(found.registryToken)
    if (challenge.scheme === 'basic') return found && 'password' in found ? account.basic(found) : undefined
    return account.bearer(await askToken({ host, exchange, account, challenge, scopes: scopesOf(repository) }))
  }

  async function authorization(repository: string): Promise<string | undefined> {
    if (known === undefined) return undefined
    const header = headers.get(repository) ?? headerFor(known, repository)
    headers.set(repository, header)
    return header
  }

  /** Reads from a 401 how to sign in. Returns whether the answer says how. */
  function learn({ headers: answered }: RegistryAnswer): boolean {
    const challenge = parseChallenge(answered['www-authenticate'])
    known = challenge ?? known
    return challenge !== undefined
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
      const found = await account.credentials()
      const login = `with docker login ${host}`
      if (found)
        return `${credentialsInWords(found)} of docker's configuration may not ${writes ? 'write' : 'read'} it: sign in again ${login}`
      return `${writes ? "docker's configuration has no credentials for it:" : 'if it is there,'} sign in ${login}`
    },
    withoutSecrets: account.withoutSecrets
  }
}
