import type { IncomingMessage } from 'node:http'
import { anonymous, type Identity, type Scope } from '../domain/policy.ts'
import { hashOfToken, looksLikeToken } from './token.ts'
import type { Tokens } from './token-file.ts'

/** Who a request is from. */
export interface Authenticated {
  identity: Identity
  /** The token that was presented, and why it is not valid: such a request is refused, also where anonymous would be allowed. */
  rejected?: { reason: string; waitMs: number }
}

/** At once, unless the token file has to be looked at. The address is the client's, in front of all proxies. */
export type Authenticate = (message: Credentials, address: () => string | undefined) => Authenticated | Promise<Authenticated>

type Credentials = Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'socket'>

export interface AuthenticationOptions {
  tokens: Tokens
  now(): number
  /** Users that a proxy has authenticated. Absent: no header says who somebody is. */
  users?: TrustedUsers | undefined
  failures?: ReturnType<typeof createFailures>
}

interface TrustedUsers {
  /** In lower case. */
  header: string
  scopes: readonly Scope[]
  /** Whether the header counts from this address, which is that of the connection. */
  isTrusted(address: string | undefined): boolean
}

const nobody: Authenticated = { identity: anonymous }

/** How many headers with valid tokens are remembered: decoding and hashing one costs more than all the rest. */
const mostVerified = 1000

export function createAuthenticate({ tokens, now, users, failures = createFailures({ now }) }: AuthenticationOptions): Authenticate {
  const verified = new Map<string, Authenticated>()
  let verifiedOf = ''

  return (message, address) => {
    const { authorization } = message.headers
    const token = authorization === undefined ? undefined : known(authorization)
    if (token) return token
    const secret = authorization === undefined ? undefined : tokenIn(authorization)
    if (secret !== undefined) return verify(secret, { authorization: authorization!, address })
    const user = users?.isTrusted(message.socket.remoteAddress) ? userIn(message, users) : undefined
    return user ? { identity: user } : nobody
  }

  function known(authorization: string): Authenticated | undefined {
    if (tokens.isStale()) return undefined
    if (verifiedOf !== tokens.version()) verified.clear()
    verifiedOf = tokens.version()
    const found = verified.get(authorization)
    return found && !isExpired(found.identity) ? found : undefined
  }

  async function verify(secret: string, { authorization, address }: { authorization: string; address: () => string | undefined }) {
    const hash = hashOfToken(secret)
    // one that is unknown may have been made a moment ago
    if (tokens.isStale() || tokens.find(hash) === undefined) await tokens.refresh()
    if (!tokens.isThere()) return nobody
    // found by its hash: how long that takes tells nothing about the tokens that there are
    const identity = tokens.find(hash)
    if (identity && !isExpired(identity)) return remember(authorization, { identity })
    const reason = identity
      ? `the token "${identity.name}" expired at ${identity.expires!.toISOString()}`
      : 'the token is unknown, or was revoked'
    return { identity: anonymous, rejected: { reason, waitMs: failures.note(address() ?? '') } }
  }

  function remember(authorization: string, found: Authenticated): Authenticated {
    known(authorization)
    if (verified.size >= mostVerified) verified.clear()
    verified.set(authorization, found)
    return found
  }

  function isExpired({ expires }: Identity): boolean {
    return expires !== undefined && expires.getTime() <= now()
  }
}

/** The token in a header: as the password of basic authentication with any user name, or as a bearer token. */
function tokenIn(authorization: string): string | undefined {
  const [, scheme = '', value = ''] = /^(basic|bearer)\s+(\S+)\s*$/i.exec(authorization) ?? []
  const login = scheme.toLowerCase() === 'basic' ? Buffer.from(value, 'base64').toString() : `:${value}`
  const secret = login.slice(login.indexOf(':') + 1)
  return looksLikeToken(secret) ? secret : undefined
}

/** The user that a proxy names. A header that came twice is one that it did not replace. */
function userIn({ headers, rawHeaders }: Credentials, { header, scopes }: TrustedUsers): Identity | undefined {
  const name = headers[header]
  if (typeof name !== 'string' || rawHeaders.filter((each, i) => i % 2 === 0 && each.toLowerCase() === header).length > 1) return undefined
  return /^[^\s\p{Cc}][^\p{Cc}]{0,199}$/u.test(name) ? { kind: 'user', name, scopes } : undefined
}

interface FailuresOptions {
  now(): number
  /** How many in a window are answered at once. */
  free?: number
  windowMs?: number
  waitMs?: number
  /** How many addresses are remembered; beyond that the oldest is forgotten. */
  most?: number
}

/** Failed attempts by address, so that guessing becomes slow. */
export function createFailures({ now, free = 10, windowMs = 60_000, waitMs = 1000, most = 10_000 }: FailuresOptions) {
  const windows = new Map<string, { since: number; count: number }>()
  return {
    /** Notes one more, and returns how long its answer should wait, in milliseconds. */
    note(address: string): number {
      const known = windows.get(address)
      const window = known && now() - known.since < windowMs ? known : { since: now(), count: 0 }
      window.count++
      windows.delete(address)
      windows.set(address, window)
      if (windows.size > most) windows.delete(windows.keys().next().value!)
      return window.count > free ? waitMs : 0
    }
  }
}
