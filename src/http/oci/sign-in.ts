import type { FastifyReply, FastifyRequest } from 'fastify'
import { CatalogueError } from '../../domain/errors.ts'
import type { Policy } from '../../domain/policy.ts'
import { type PublicAddress, requestUrl } from '../shared/public-url.ts'
import { sendJson } from './reading.ts'

/*
 * Registry clients sign in by exchanging a password for a bearer token. Ours is the password: a token of this service, which is checked
 * whenever it is used. Everybody else gets a token that means nobody, and may do what the policy permits anonymous.
 */

const anonymousToken = 'anonymous'

/** Whether clients are asked to sign in: only then do they send what they know. Basic authentication on writes alone breaks most of them. */
export const asksToSignIn = (policy: Policy): boolean => policy === 'read' || policy === 'none'

/** Refuses the first request of a client that has not signed in, as anonymous or as somebody. */
export function requireSignIn({ headers, identity }: FastifyRequest): void {
  if (headers.authorization !== undefined || identity.kind !== 'anonymous') return
  throw new CatalogueError('unauthenticated', 'sign in, as anonymous or with a token of this service as the password of any user')
}

/** Returns what a client that is refused has to do, as WWW-Authenticate. */
export function challengeFor(request: FastifyRequest, address: PublicAddress): string {
  const { origin, host } = new URL(requestUrl(request, address))
  const [, repository] = /^\/v2\/(.+?)\/(?:manifests|blobs|tags|referrers)\//.exec(request.url) ?? []
  const actions = request.method === 'GET' || request.method === 'HEAD' ? 'pull' : 'pull,push'
  const scope = repository === undefined ? '' : `,scope="repository:${repository}:${actions}"`
  return `Bearer realm="${origin}/v2/token",service="${host}"${scope}`
}

/** Hands a client the token that it is to send. */
export function sendToken(reply: FastifyReply, isToken: (text: string) => boolean): FastifyReply {
  const password = passwordOf(reply.request.headers.authorization)
  if (password !== undefined && !isToken(password)) {
    throw new CatalogueError('unauthenticated', 'the password is no token of this service; sign in with one, or not at all')
  }
  const token = password ?? anonymousToken
  return sendJson({ reply }, { token, access_token: token, expires_in: 3600, issued_at: new Date().toISOString() })
}

/** Undefined without basic authentication. */
function passwordOf(authorization: string | undefined): string | undefined {
  const [, value] = /^basic\s+(\S+)\s*$/i.exec(authorization ?? '') ?? []
  if (value === undefined) return undefined
  const text = Buffer.from(value, 'base64').toString()
  return text.slice(text.indexOf(':') + 1)
}
