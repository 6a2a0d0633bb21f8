import { maxManifest } from '../domain/oci/manifest.ts'
import type { RegistryAddress } from './address.ts'
import type { CredentialsOf } from './docker-credentials.ts'
import { createExchange, type ExchangeOptions } from './exchange.ts'
import { registryError } from './registry-error.ts'
import { createRegistryRequests } from './registry-requests.ts'
import { createSignIn } from './sign-in.ts'

export type Connection = ReturnType<typeof connectRegistry>

export interface ConnectionOptions extends ExchangeOptions {
  address: RegistryAddress
  credentialsOf: CredentialsOf
  /** Whether images are written, too. */
  writes?: boolean
  /** Other repositories that are read. */
  alsoReads?: readonly string[]
}

/** A registry that is away is reported within this time. */
const firstSilenceMs = 5_000

/** Asks a registry with the credentials of docker's configuration. */
export function connectRegistry({ address, writes = false, alsoReads = [], ...options }: ConnectionOptions) {
  const { base, host } = address
  const exchange = createExchange(options)
  const signIn = createSignIn({ host, exchange, credentialsOf: options.credentialsOf, writes, alsoReads })
  const requests = createRegistryRequests({ base, host, exchange, signIn })
  return {
    base,
    host,
    requests,
    /** Throws when no registry answers. */
    async check(): Promise<void> {
      const bounds = { silenceMs: firstSilenceMs, most: maxManifest }
      const answer = await exchange.send(new URL('/v2/', base), { method: 'GET', headers: { accept: '*/*' }, ...bounds })
      if (answer.status === 401) signIn.learn(answer)
      if (answer.status === 404) throw registryError('failed', { message: `${host} is no registry: it has no /v2/`, status: 404 })
      if (![200, 401, 403].includes(answer.status)) await requests.refusal(answer, '/v2/')
    },
    /** Lets no further request begin. */
    stop: exchange.stop
  }
}

interface OwnServer extends Omit<ExchangeOptions, 'plainHttp'> {
  /** Its origin, with user and password where a proxy wants them. */
  base: URL
  token: string | undefined
}

/** Asks the `/v2/` of a Leporello server, with its token. */
export function connectToOwn({ base, token, ...options }: OwnServer): Omit<Connection, 'check'> {
  const { host } = base
  const exchange = createExchange({ ...options, plainHttp: true })
  const signIn = {
    authorization: async () => (token === undefined ? undefined : `Bearer ${token}`),
    challenged: async () => false,
    // our server's own words tell what a token lacks
    advice: async (status: number) => (status === 401 && token === undefined ? 'set LEPORELLO_TOKEN' : ''),
    withoutSecrets: (text: string) => (token ? text.replaceAll(token, '***') : text)
  }
  return { base, host, requests: createRegistryRequests({ base, host, exchange, signIn }), stop: exchange.stop }
}
