import { METHODS } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { looksLikeToken } from '../access/token.ts'
import type { BlobStore } from '../blobs/blob-store.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { CatalogueError } from '../domain/errors.ts'
import type { RequestReport } from '../domain/request-report.ts'
import { apiFace } from './api/index.ts'
import { createBrowserRefusal } from './browsers.ts'
import { answerClientError } from './client-error.ts'
import type { Connections } from './connections.ts'
import { davFace } from './dav/index.ts'
import { entrance, isUploadPath, overrideMethod, prepareRequest, requestId, withoutPrefix } from './entrance.ts'
import { framingFault } from './framing.ts'
import { createGuard, type GuardOptions, guardedPassThrough } from './guard.ts'
import type { KeyPair } from './key-pair.ts'
import { createPassThrough } from './legacy-mozart.ts'
import { mozartFace } from './mozart/index.ts'
import { ociFace } from './oci/index.ts'
import { type OperatorOptions, operatorFace } from './operator/index.ts'
import type { BodyReading } from './shared/body.ts'
import { type BodyBudget, createBodyBudget, giveBodiesBack } from './shared/body-budget.ts'
import { explain, refuseWith } from './shared/errors.ts'
import './shared/fastify.ts'
import { createLargeTexts, type LargeTexts } from './shared/large-texts.ts'
import type { PublicAddress } from './shared/public-url.ts'
import { createTrustedProxies, dropForgedHeaders } from './shared/trusted-proxies.ts'
import { parseUrlEncoded } from './shared/url-encoded.ts'
import { uiFace } from './ui/index.ts'
import { answerUnmatched, isApi, type Methods, rememberMethods, sendProblem } from './unmatched.ts'

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
  /** Speak https with this certificate. */
  tls?: KeyPair | undefined
  /** The addresses and ranges of the proxies in front, whose X-Forwarded-*, X-Script-Name and X-Scheme count. */
  trustedProxies: readonly string[]
  /** The origins whose pages may do what our own may; none by default. */
  cors?: readonly string[] | undefined
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
  /** Default: its own, which ends with the server. */
  largeTexts?: LargeTexts
  /** Default: as many as there are. */
  connections?: Connections
  /** How long an upload may pause, in milliseconds; default a minute. */
  stallMs?: number
}

const defaultBodyTimeoutMs = 30_000

/** Creates the server with all its faces, ready to listen or for inject(). */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { prefix, legacyMozartUrl, bodyLimit = 32 * 1024 * 1024, bodyTimeoutMs = defaultBodyTimeoutMs } = options
  const { bodies = createBodyBudget(), largeTexts = createLargeTexts(), cors = [] } = options
  const methods: Methods = new Map()
  const app = createBareServer(options, (request, reply) => unmatched(request, reply))
  const admit = createGuard(app, { ...options, browserRefusal: createBrowserRefusal({ ...options, cors }) })
  const passThrough = legacyMozartUrl
    ? guardedPassThrough(admit, createPassThrough({ url: legacyMozartUrl, prefix, timeoutMs: options.legacyTimeoutMs }))
    : undefined
  const unmatched = answerUnmatched(app, { methods, passThrough, prefix })
  const { host, publicUrl } = options
  let listening: number | undefined
  const port = () => {
    listening ??= (app.server.address() as AddressInfo | null)?.port
    return listening ?? options.port
  }
  const address: PublicAddress = { publicUrl, prefix, listening: () => ({ host, port: port(), prefix, secure: options.tls !== undefined }) }

  await options.before?.(app)
  keepBodiesAsStreams(app)
  app.addHook('onRequest', entrance({ ...options, cors, admit, bodyTimeoutMs }))
  options.connections?.bind(app.server)
  giveBodiesBack(app, bodies)
  app.addHook('onClose', () => largeTexts.close())
  requireActions(app, methods)
  app.setErrorHandler((error, request, reply) => {
    const { message } = refuseWith(reply, error)
    const path = request.url.split('?', 1)[0]!
    // of a path in the API that is no route, and refused before anybody looks
    if (isApi(path)) return sendProblem(reply, { code: (error as CatalogueError).code, detail: message, path })
    return reply.send({ message })
  })
  // or Node would send `100 Continue` before a route has checked that there is room, and answer any other expectation with an empty 417
  for (const event of ['checkContinue', 'checkExpectation']) {
    app.server.on(event, (message, response) => app.server.emit('request', message, response))
  }
  await addFaces(app, { ...options, address, reading: { timeoutMs: bodyTimeoutMs, budget: bodies }, bodyLimit, largeTexts })
  await app.ready()
  return app
}

interface FaceParts extends ServerOptions {
  address: PublicAddress
  reading: BodyReading
  bodyLimit: number
  largeTexts: LargeTexts
}

async function addFaces(app: FastifyInstance, { operator, blobs, stallMs = 60_000, ...options }: FaceParts): Promise<void> {
  const { catalogue, policy, address, reading, bodyLimit, largeTexts } = options
  const { images, uploads, oci, fileEvents, immutableVersions } = catalogue
  const shared = { address, reading, catalogue, policy }
  await app.register(mozartFace, { ...shared, bodyLimit, largeTexts })
  if (images && uploads) await app.register(apiFace, { ...shared, images, uploads, largeTexts, stallMs })
  if (oci) await app.register(ociFace, { ...shared, oci, isToken: looksLikeToken, stallMs })
  await app.register(uiFace, shared)
  if (operator) await app.register(operatorFace, { ...operator, catalogue, address })
  if (!blobs) return
  await app.register(davFace, {
    blobs: oci?.storage ?? blobs,
    checkChange: immutableVersions.checkTarball,
    address,
    stallMs,
    onStored: fileEvents?.arrived,
    onRemoved: fileEvents?.departed
  })
}

/** Fastify with limits on time and size. There is no request timeout, as an upload may take hours. */
function createBareServer(
  { prefix, tls, trustedProxies, cors = [], report, bodyTimeoutMs = defaultBodyTimeoutMs }: ServerOptions,
  unmatched: (request: FastifyRequest, reply: FastifyReply) => FastifyReply
): FastifyInstance {
  const isTrusted = createTrustedProxies(trustedProxies)
  // entrance refuses requests without a host; Node would send an empty answer
  const bounds = { requireHostHeader: false, maxHeaderSize: 32 * 1024, headersTimeout: 20_000, connectionsCheckingInterval: 5_000 }
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
    frameworkErrors: ((_error: Error, request: FastifyRequest, reply: FastifyReply) => {
      prepareRequest(reply, { cors, report, bodyTimeoutMs })
      const fault = framingFault(request.raw)
      if (!fault) return void unmatched(request, reply)
      const { status, message } = explain(fault)
      reply.code(status).header('connection', 'close').send({ message })
    }) as never,
    exposeHeadRoutes: false,
    // requests that arrive on open connections while it stops are answered, and with `Connection: close`
    return503OnClosing: false,
    connectionTimeout: 300_000,
    keepAliveTimeout: 72_000,
    ...(tls ? { https: { ...bounds, ...tls } } : { http: bounds }),
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
