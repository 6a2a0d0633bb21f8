import { randomUUID } from 'node:crypto'
import { type IncomingMessage, METHODS } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { BlobStore } from '../blobs/blob-store.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { CatalogueError } from '../domain/errors.ts'
import { type Policy, permits } from '../domain/policy.ts'
import type { RequestReport } from '../domain/request-report.ts'
import { apiFace } from './api/index.ts'
import { answerClientError } from './client-error.ts'
import { addCorsHeaders } from './cors.ts'
import { davFace } from './dav/index.ts'
import { createPassThrough } from './legacy-mozart.ts'
import { mozartFace } from './mozart/index.ts'
import { observe } from './observed.ts'
import { type OperatorOptions, operatorFace } from './operator/index.ts'
import './shared/action.ts'
import { discardRest, hasBody } from './shared/body.ts'
import { explain } from './shared/errors.ts'
import { type PublicAddress, saidPrefix, startsWithSegment } from './shared/public-url.ts'
import { sendOn } from './shared/upload-body.ts'
import { parseUrlEncoded } from './shared/url-encoded.ts'
import { answerUnmatched, type Methods, rememberMethods } from './unmatched.ts'

export interface ServerOptions {
  catalogue: Catalogue
  /** Where tarballs are; without it there is no dav face. */
  blobs?: BlobStore | undefined
  policy: Policy
  /** As configured: what we listen on. */
  host: string
  port: number
  publicUrl?: string | undefined
  /** A path under which a proxy shows us without saying so in X-Script-Name, such as `/mozart`; else ''. */
  prefix: string
  /** Where paths that are not ours are passed to. */
  legacyMozartUrl?: string | undefined
  /** How long it may be silent before it answers; default 2 minutes. */
  legacyTimeoutMs?: number
  /** Called once a request: for the log and metrics. There is no other logger. */
  report?: ((report: RequestReport) => void) | undefined
  /** Joins the server before its routes do; what reads them for openapi.yaml must. */
  before?: ((app: FastifyInstance) => Promise<void>) | undefined
  /** What the operator face shows; without it there is none. */
  operator?: Omit<OperatorOptions, 'catalogue' | 'address'> | undefined
  /** The largest body that is taken into memory, in bytes. */
  bodyLimit?: number
  /** How long such a body may take. */
  bodyTimeoutMs?: number
  /** How long an upload may stand still; default a minute. */
  stallMs?: number
}

const defaultBodyTimeoutMs = 30_000

/** The server with all its faces, ready to listen or to be injected into. */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { catalogue, prefix, legacyMozartUrl, bodyLimit = 32 * 1024 * 1024, bodyTimeoutMs = defaultBodyTimeoutMs } = options
  const methods: Methods = new Map()
  const app = createBareServer(options, (request, reply) => unmatched(request, reply))
  const passThrough = legacyMozartUrl ? createPassThrough({ url: legacyMozartUrl, prefix, timeoutMs: options.legacyTimeoutMs }) : undefined
  const unmatched = answerUnmatched(app, methods, { passThrough })
  const address: PublicAddress = { ...options, port: () => (app.server.address() as AddressInfo | null)?.port ?? options.port }

  await options.before?.(app)
  keepBodiesAsStreams(app)
  app.addHook('onRequest', guard({ ...options, bodyTimeoutMs }))
  requireActions(app, methods)
  app.setErrorHandler((error, request, reply) => {
    const { status, message, headers } = explain(error)
    if (status >= 500) request.failure = error
    return reply.code(status).headers(headers).send({ message })
  })
  // without this Node would call for every body before anybody looked whether there is room for it
  app.server.on('checkContinue', (message, response) => app.server.emit('request', message, response))
  // and answer 417, with nothing in it, to any other expectation
  app.server.on('checkExpectation', (message, response) => app.server.emit('request', message, response))
  await app.register(mozartFace, { catalogue, address, bodyLimit, bodyTimeoutMs })
  const { images, uploads } = catalogue
  if (images && uploads)
    await app.register(apiFace, { catalogue, images, uploads, address, bodyTimeoutMs, stallMs: options.stallMs ?? 60_000 })
  if (options.operator) await app.register(operatorFace, { ...options.operator, catalogue, address })
  if (options.blobs) {
    const { arrived: onStored, departed: onRemoved } = catalogue.fileEvents ?? {}
    await app.register(davFace, { blobs: options.blobs, address, stallMs: options.stallMs ?? 60_000, onStored, onRemoved })
  }
  await app.ready()
  return app
}

type Answer = (request: FastifyRequest, reply: FastifyReply) => FastifyReply

/** Bounds on time and size, ids, and where a path begins. No request timeout: an upload may take hours while bytes flow. */
function createBareServer({ prefix, report, bodyTimeoutMs = defaultBodyTimeoutMs }: ServerOptions, unmatched: Answer): FastifyInstance {
  return fastify({
    logger: false,
    genReqId: requestId,
    rewriteUrl: (message) => pathOfOurs(message, prefix),
    clientErrorHandler: answerClientError,
    // a path that cannot be decoded is nobody's
    frameworkErrors: (_error, request, reply) => {
      prepare(request as FastifyRequest, { reply: reply as FastifyReply, report, bodyTimeoutMs })
      unmatched(request as FastifyRequest, reply as FastifyReply)
    },
    exposeHeadRoutes: false,
    connectionTimeout: 300_000,
    keepAliveTimeout: 72_000,
    // without this Node would refuse who names no host by itself, with an empty answer; guard does
    http: { requireHostHeader: false, maxHeaderSize: 32 * 1024, headersTimeout: 20_000, connectionsCheckingInterval: 5_000 },
    routerOptions: {
      // an id of 512 bytes, percent-encoded
      maxParamLength: 1536,
      querystringParser: parseUrlEncoded as (text: string) => Record<string, unknown>
    }
  }) as unknown as FastifyInstance
}

/** Bodies of any type are left in the socket: what reads one knows its bounds, and a pass-through must not lose a byte. */
function keepBodiesAsStreams(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  // Fastify refuses a QUERY without a content type before it looks for a route; here it is a method that no path has
  if (METHODS.includes('QUERY')) app.addHttpMethod('QUERY', { hasBody: false, overrideExisting: true })
}

interface GuardParts extends Pick<ServerOptions, 'policy' | 'report'> {
  /** How long the rest of a body that was answered unread may take. */
  bodyTimeoutMs: number
}

/** The one door: every request passes here before its route, and no route is without an action. */
function guard({ policy, report, bodyTimeoutMs }: GuardParts) {
  return (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    prepare(request, { reply, report, bodyTimeoutMs })
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1')
      return done(new CatalogueError('parameter_invalid', 'the header Host is missing; an HTTP/1.1 request names the host that it asks'))
    const { action } = request.routeOptions.config
    if (action === undefined || permits(policy, action)) return done()
    done(new CatalogueError('forbidden', `the policy "${policy}" of this service does not permit ${action}`))
  }
}

function prepare(request: FastifyRequest, { reply, report, bodyTimeoutMs }: Omit<GuardParts, 'policy'> & { reply: FastifyReply }): void {
  if (report) observe(request, { reply, report })
  reply.header('x-request-id', request.id)
  addCorsHeaders(request, reply)
  if (hasBody(request.raw)) reply.raw.once('finish', () => discardRest(request.raw, bodyTimeoutMs))
  ignoreNonsenseType(request.raw)
  if (!request.routeOptions.config?.beginsUpload) sendOn(request.raw, reply.raw)
}

/** Mozart takes a content type that is none for no form, Fastify refuses it. */
function ignoreNonsenseType({ headers, method }: IncomingMessage): void {
  const type = headers['content-type']
  if (type !== undefined && method !== 'GET' && !/^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(;|$)/.test(type))
    delete headers['content-type']
}

/** Looked at when all is registered, because plugins of others give their routes no action: their face adds it. */
function requireActions(app: FastifyInstance, methods: Methods): void {
  const without: { url: string; config?: { action?: unknown } }[] = []
  app.addHook('onRoute', (route) => {
    rememberMethods(methods, route)
    without.push(route)
  })
  app.addHook('onReady', (done) => {
    const open = without.filter(({ config }) => config?.action === undefined).map(({ url }) => url)
    done(open.length === 0 ? undefined : new Error(`these routes name no action, so no policy covers them: ${open.join(', ')}`))
  })
}

const acceptableId = /^[A-Za-z0-9._-]{1,128}$/

function requestId({ headers }: { headers: IncomingMessage['headers'] }): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && acceptableId.test(given) ? given : randomUUID()
}

/** The path without what proxies put before it: doubled slashes (`//api/…`, from joined URLs), the prefix that they name, ours. */
function pathOfOurs({ url = '/', headers }: { url?: string | undefined; headers: IncomingMessage['headers'] }, prefix: string): string {
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
