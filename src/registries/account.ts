import type { CredentialsOf, RegistryCredentials } from './docker-credentials.ts'

/** Who we are at a registry, by docker's configuration. */
export type RegistryAccount = ReturnType<typeof createAccount>

/** Reads the credentials once, when they are needed, and knows every secret that was sent. */
export function createAccount(host: string, credentialsOf: CredentialsOf) {
  const secrets = new Set<string>()
  let known: Promise<RegistryCredentials | undefined> | undefined
  return {
    async credentials(): Promise<RegistryCredentials | undefined> {
      known ??= credentialsOf(host)
      const found = await known
      for (const secret of Object.values(found ?? {})) if (secret !== (found as { username?: string }).username) secrets.add(secret)
      return found
    },
    /** Returns the Authorization header of a user. */
    basic({ username, password }: { username: string; password: string }): string {
      const encoded = Buffer.from(`${username}:${password}`).toString('base64')
      secrets.add(encoded)
      return `Basic ${encoded}`
    },
    /** Returns the Authorization header of a token. */
    bearer(token: string): string {
      secrets.add(token)
      return `Bearer ${token}`
    },
    /** Removes every secret that was sent from a text. */
    withoutSecrets: (text: string): string =>
      [...secrets].reduce((masked, secret) => (secret === '' ? masked : masked.replaceAll(secret, '***')), text)
  }
}
