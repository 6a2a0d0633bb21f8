import { randomUUID } from 'node:crypto'
import { type IncomingMessage, METHODS } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { BlobStore } from '../blobs/blob-store.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { CatalogueError } from '../domain/errors.ts'
import { anonymous } from '../domain/policy.ts'
import type { RequestReport } from '../domain/request-report.ts'
import { apiFace } from './api/index.ts'
import { answerClientError } from './client-error.ts'
import { addCorsHeaders } from './cors.ts'
import { davFace } from './dav/index.ts'
import { createGuard, type Guard, type GuardOptions, guardedPassThrough } from './guard.ts'
import { createPassThrough } from './legacy-mozart.ts'
import { isUploadPath, overrideMethod } from './method-override.ts'
import { mozartFace } from './mozart/index.ts'
import { observe } from './observed.ts'
import { type OperatorOptions, operatorFace } from './operator/index.ts'
import './shared/action.ts'
import { discardRest, hasBody } from './shared/body.ts'
import { type BodyBudget, createBodyBudget } from './shared/body-budget.ts'
import { explain } from './shared/errors.ts'
import { type PublicAddress, saidPrefix, startsWithSegment } from './shared/public-url.ts'
import { createTrustedProxies, dropForgedHeaders } from './shared/trusted-proxies.ts'
import { sendOn } from './shared/upload-body.ts'
import { parseUrlEncoded } from './shared/url-encoded.ts'
import { answerUnmatched, type Methods, rememberMethods } from './unmatched.ts'

export interface ServerOptions extends GuardOptions {
  catalogue: Catalogue
  /** The tarballs; without them there is no dav face. */
  blobs?: BlobStore | undefined
  /** The address to listen on, as configured. */
  host: string
  port: number
  publicUrl?: string | undefined
  /** A path such as `/mozart` under which a proxy publishes this server without sending X-Script-Name; else ''. */
  prefix: string
  /** The addresses and ranges of the proxies in front, whose X-Forwarded-*, X-Script-Name and X-Scheme count. */
  trustedProxies: readonly string[]
  /** The old Mozart, which gets the requests for paths that are not ours. */
  legacyMozartUrl?: string | undefined
  /** How long it may take to begin its answer; default 2 minutes. */
  legacyTimeoutMs?: number
  /** Called once per request, for the log and metrics. There is no other logger. */
  report?: ((report: RequestReport) => void) | undefined
  /** Called before the routes are added, for example to read them for openapi.yaml. */
  before?: ((app: FastifyInstance) => Promise<void>) | undefined
  /** Without it there is no operator face. */
  operator?: Omit<OperatorOptions, 'catalogue' | 'address'> | undefined
  /** The largest body that is read into memory, in bytes. */
  bodyLimit?: number
  /** How long such a body may take, in milliseconds. */
  bodyTimeoutMs?: number
  /** Of all bodies that are in memory. */
  bodies?: BodyBudget
  /** How long an upload may pause, in milliseconds; default a minute. */
  stallMs?: number
}

const defaultBodyTimeoutMs = 30_000

/** Creates the server with all its faces, ready to listen or for inject(). */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { catalogue, prefix, legacyMozartUrl, bodyLimit = 32 * 1024 * 1024, bodyTimeoutMs = defaultBodyTimeoutMs } = options
  const { bodies = createBodyBudget() } = options
  const methods: Methods = new Map()
  const app = createBareServer(options, (request, reply) => unmatched(request, reply))
  const guard = createGuard(app, options)
  const passThrough = legacyMozartUrl
    ? guardedPassThrough(guard, createPassThrough({ url: legacyMozartUrl, prefix, timeoutMs: options.legacyTimeoutMs }))
    : undefined
  const unmatched = answerUnmatched(app, methods, { passThrough })
  const address: PublicAddress = { ...options, port: () => (app.server.address() as AddressInfo | null)?.port ?? options.port }

  await options.before?.(app)
  keepBodiesAsStreams(app)
  app.addHook('onRequest', entrance({ ...options, guard, bodyTimeoutMs }))
  giveBodiesBack(app, bodies)
  requireActions(app, methods)
  app.setErrorHandler((error, request, reply) => {
    const { status, message, headers } = explain(error)
    if (status >= 500) request.failure = error
    return reply.code(status).headers(headers).send({ message })
  })
  // or Node would send `100 Continue` before a route has checked that there is room for the body
  app.server.on('checkContinue', (message, response) => app.server.emit('request', message, response))
  // or Node would answer any other expectation with an empty 417
  app.server.on('checkExpectation', (message, response) => app.server.emit('request', message, response))
  await app.register(mozartFace, { catalogue, address, bodyLimit, bodyTimeoutMs, bodies })
  const { images, uploads } = catalogue
  if (images && uploads)
    await app.register(apiFace, { catalogue, images, uploads, address, bodyTimeoutMs, bodies, stallMs: options.stallMs ?? 60_000 })
  if (options.operator) await app.register(operatorFace, { ...options.operator, catalogue, address })
  if (options.blobs) {
    const { arrived: onStored, departed: onRemoved } = catalogue.fileEvents ?? {}
    await app.register(davFace, { blobs: options.blobs, address, stallMs: options.stallMs ?? 60_000, onStored, onRemoved })
  }
  await app.ready()
  return app
}

/** Fastify with limits on time and size. There is no request timeout, as an upload may take hours. */
function createBareServer(
  { prefix, trustedProxies, report, bodyTimeoutMs = defaultBodyTimeoutMs }: ServerOptions,
  unmatched: (request: FastifyRequest, reply: FastifyReply) => FastifyReply
): FastifyInstance {
  const isTrusted = createTrustedProxies(trustedProxies)
  return fastify({
    logger: false,
    genReqId: requestId,
    trustProxy: isTrusted,
    rewriteUrl(message) {
      dropForgedHeaders(message, isTrusted)
      const path = withoutPrefix(message, prefix)
      if (isUploadPath(path)) overrideMethod(message)
      return path
    },
    clientErrorHandler: answerClientError,
    // a path that cannot be decoded belongs to no route
    frameworkErrors: (_error, request, reply) => {
      prepare(request as FastifyRequest, { reply: reply as FastifyReply, report, bodyTimeoutMs })
      unmatched(request as FastifyRequest, reply as FastifyReply)
    },
    exposeHeadRoutes: false,
    // requests that arrive on open connections while it stops are answered, and with `Connection: close`
    return503OnClosing: false,
    connectionTimeout: 300_000,
    keepAliveTimeout: 72_000,
    // entrance refuses requests without a host; Node would send an empty answer
    http: { requireHostHeader: false, maxHeaderSize: 32 * 1024, headersTimeout: 20_000, connectionsCheckingInterval: 5_000 },
    routerOptions: {
      // an id of 512 bytes, percent-encoded
      maxParamLength: 1536,
      querystringParser: parseUrlEncoded as (text: string) => Record<string, unknown>
    }
  }) as unknown as FastifyInstance
}

/** Leaves bodies of any type in the socket: routes read them within their own bounds, and the pass-through must not lose a byte. */
function keepBodiesAsStreams(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  // Fastify would refuse a QUERY without a content type before it looks for a route; no path here has this method
  if (METHODS.includes('QUERY')) app.addHttpMethod('QUERY', { hasBody: false, overrideExisting: true })
}

/** What a body took of the budget is given back when the handler of its request has ended, and not before, even if the client is gone. */
function giveBodiesBack(app: FastifyInstance, bodies: BodyBudget): void {
  app.addHook('onRoute', (route) => {
    const { handler } = route
    route.handler = function (request, reply) {
      const answer: unknown = handler.call(this, request, reply)
      if (!hasBody(request.raw) || !(answer instanceof Promise)) return answer
      return answer.finally(() => bodies.giveBack(request.raw))
    }
  })
}

interface EntranceParts extends Pick<ServerOptions, 'report'> {
  guard: Guard
  /** How long the rest of a body that was answered unread may take, in milliseconds. */
  bodyTimeoutMs: number
}

/** Every request passes here before its route; every route has an action. */
function entrance({ guard, report, bodyTimeoutMs }: EntranceParts) {
  return (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    prepare(request, { reply, report, bodyTimeoutMs })
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1')
      return done(new CatalogueError('parameter_invalid', 'the header Host is missing; every HTTP/1.1 request must have one'))
    const { action } = request.routeOptions.config
    if (action === undefined) return done()
    guard.admit(request, action, done)
  }
}

function prepare(request: FastifyRequest, { reply, report, bodyTimeoutMs }: Omit<EntranceParts, 'guard'> & { reply: FastifyReply }): void {
  request.identity = anonymous
  if (report) observe(request, { reply, report })
  reply.header('x-request-id', request.id)
  addCorsHeaders(request, reply)
  if (hasBody(request.raw)) reply.raw.once('finish', () => discardRest(request.raw, bodyTimeoutMs))
  dropMalformedType(request.raw)
  if (!request.routeOptions.config?.beginsUpload) sendOn(request.raw, reply.raw)
}

/** Removes a malformed content type: Fastify would refuse the request, while Mozart ignores it. */
function dropMalformedType({ headers, method }: IncomingMessage): void {
  const type = headers['content-type']
  if (type !== undefined && method !== 'GET' && !/^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(;|$)/.test(type))
    delete headers['content-type']
}

/** Checked once everything is registered, because routes of plugins get their action from the face. */
function requireActions(app: FastifyInstance, methods: Methods): void {
  const without: { url: string; config?: { action?: unknown } }[] = []
  app.addHook('onRoute', (route) => {
    rememberMethods(methods, route)
    without.push(route)
  })
  app.addHook('onReady', (done) => {
    const open = without.filter(({ config }) => config?.action === undefined).map(({ url }) => url)
    done(open.length === 0 ? undefined : new Error(`these routes have no action, so no policy covers them: ${open.join(', ')}`))
  })
}

const acceptableId = /^[A-Za-z0-9._-]{1,128}$/

function requestId({ headers }: { headers: IncomingMessage['headers'] }): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && acceptableId.test(given) ? given : randomUUID()
}

/** Strips what proxies add in front of a path: doubled slashes (`//api/…`, from joined URLs), the prefix that they announce, the configured one. */
function withoutPrefix({ url = '/', headers }: { url?: string | undefined; headers: IncomingMessage['headers'] }, prefix: string): string {
  if (
    url[0] === '/' &&
    url[1] !== '/' &&
    prefix === '' &&
    headers['x-script-name'] === undefined &&
    headers['x-forwarded-prefix'] === undefined
  )
    return url
  let path = url
  if (path[0] !== '/') path = path.replace(/^https?:\/\/[^/?]*/i, '')
  if (path.startsWith('//')) path = path.replace(/^\/+/, '/')
  for (const before of new Set([saidPrefix(headers) ?? '', prefix])) {
    if (startsWithSegment(path, before)) path = path.slice(before.length)
  }
  if (path.startsWith('//')) path = path.replace(/^\/+/, '/')
  return path[0] === '/' ? path : `/${path}`
}
