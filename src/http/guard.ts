import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Authenticate, Authenticated } from '../access/authentication.ts'
import { CatalogueError } from '../domain/errors.ts'
import { type Action, isWrite, type Policy, type Refusal, refusalOf, signatureOf } from '../domain/policy.ts'
import { maskSecrets } from '../domain/secrets.ts'
import type { BrowserRefusal } from './browsers.ts'
import type { PassThrough } from './legacy-mozart.ts'
import { explain } from './shared/errors.ts'
import { clientAddress } from './shared/trusted-proxies.ts'

/** An attempt that was refused, for the log and metrics. */
export interface RefusedAttempt {
  /** The id of the request. */
  request: string
  address: string | undefined
  identity: string
  action: Action
  code: Refusal['code']
  reason: string
}

export interface GuardOptions {
  policy: Policy
  /** Absent: everybody is anonymous. */
  authenticate?: Authenticate | undefined
  /** Which other containers change with one, because a rule bundles it into them. */
  bundledInto?: ((id: string) => string | undefined) | undefined
  audit?: ((attempt: RefusedAttempt) => void) | undefined
}

type GuardParts = GuardOptions & { browserRefusal: BrowserRefusal }
type Done = (error?: Error) => void

/** Finds out who sends a request, and asks the policy whether they may do this. */
export type Admit = (request: FastifyRequest, action: Action, done: Done) => void

/** The one door: whatever a request does, in whatever face, is asked for here. */
export function createGuard(app: FastifyInstance, { policy, browserRefusal, authenticate, bundledInto, audit }: GuardParts): Admit {
  app.decorateRequest('identity', null as never)
  app.decorateRequest('permit', function (this: FastifyRequest, names: readonly string[], action?: Action) {
    const error = refused(this, action ?? this.routeOptions.config.action!, names)
    if (error) throw error
  })

  return (request, action, done) => {
    const page = browserRefusal({ method: request.method, headers: request.headers, write: isWrite(action) })
    if (page) return done(refusal(request, action, { code: 'forbidden', reason: page }))
    const found = authenticate?.(request.raw, () => clientAddress(request))
    if (found instanceof Promise) found.then((found) => decide(request, action, { found, done }), done)
    else decide(request, action, { found, done })
  }

  function decide(request: FastifyRequest, action: Action, { found, done }: { found: Authenticated | undefined; done: Done }): void {
    const rejected = found?.rejected
    if (found) {
      request.identity = found.identity
      request.rejected = rejected?.reason
    }
    // health probes and the like are answered to everybody
    if (!rejected || action === 'public') {
      done(refused(request, action, request.identity.match && namesIn(request, action)))
      return
    }
    const error = refusal(request, action, { code: 'unauthenticated', reason: `${rejected.reason}; use another one, or none` })
    if (rejected.waitMs > 0) setTimeout(done, rejected.waitMs, error)
    else done(error)
  }

  function refused(request: FastifyRequest, action: Action, names: readonly string[] | undefined): Error | undefined {
    const { identity } = request
    const found = refusalOf(policy, { identity, action, names: identity.match && names && withBundles(names, action) })
    return found && refusal(request, action, found)
  }

  function refusal(request: FastifyRequest, action: Action, { code, reason }: Refusal): CatalogueError {
    const words = maskSecrets(reason)
    const identity = signatureOf(request.identity) ?? 'anonymous'
    audit?.({ request: request.id, address: clientAddress(request), identity, action, code, reason: words })
    return new CatalogueError(code, words)
  }

  function withBundles(names: readonly string[], action: Action): readonly string[] {
    if (action !== 'container:write' || !bundledInto) return names
    return names.flatMap((name) => [name, bundledInto(name) ?? []].flat())
  }
}

/** What a request changes, as far as its path tells. */
function namesIn(request: FastifyRequest, action: Action): string[] | undefined {
  if (!isWrite(action)) return undefined
  const { id, '*': path } = request.params as { id?: string; '*'?: string }
  if (action.startsWith('object:')) return [`/storage/${path ?? ''}${request.method === 'MKCOL' && path && !path.endsWith('/') ? '/' : ''}`]
  return id === undefined ? undefined : [id]
}

/** Lets through to the old Mozart what the policy permits. It is refused in Mozart's envelope. */
export function guardedPassThrough(admit: Admit, passThrough: PassThrough): PassThrough {
  return (request, reply, target) => {
    admit(request, reading.has(request.method) ? 'legacy:read' : 'legacy:write', (error) => {
      if (!error) return void passThrough(request, reply, target)
      const { status, message, headers } = explain(error)
      reply.code(status).headers(headers).send({ success: false, message, result: null })
    })
    return reply
  }
}

const reading: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])
