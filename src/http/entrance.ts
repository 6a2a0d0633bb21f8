import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { anonymous } from '../domain/policy.ts'
import type { RequestReport } from '../domain/request-report.ts'
import type { Connections } from './connections.ts'
import { addCorsHeaders } from './cors.ts'
import { framingFault } from './framing.ts'
import type { Admit } from './guard.ts'
import { observe } from './observed.ts'
import { discardRest, hasBody } from './shared/body.ts'
import { saidPrefix, startsWithSegment } from './shared/public-url.ts'
import { sendOn } from './shared/upload-body.ts'

interface EntranceParts {
  /** Called once per request, for the log and metrics. */
  report?: ((report: RequestReport) => void) | undefined
  connections?: Connections | undefined
  admit: Admit
  cors: readonly string[]
  /** How long the rest of a body that was answered unread may take, in milliseconds. */
  bodyTimeoutMs: number
}

/** Every request passes here before its route; every route has an action. */
export function entrance({ admit, connections, ...parts }: EntranceParts) {
  return (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    prepareRequest(reply, parts)
    const fault = framingFault(request.raw)
    if (fault) {
      reply.header('connection', 'close')
      return done(fault)
    }
    const { action } = request.routeOptions.config
    if (action === undefined) return done()
    if (action !== 'public' && connections?.isSurplus(request.raw.socket)) return done(connections.refuse(reply.raw))
    admit(request, action, done)
  }
}

/** What every request needs, also one that is refused before its route. */
export function prepareRequest(reply: FastifyReply, { cors, report, bodyTimeoutMs }: Omit<EntranceParts, 'admit'>): void {
  const { request } = reply
  request.identity = anonymous
  if (report) observe(reply, report)
  reply.header('x-request-id', request.id)
  addCorsHeaders(reply, cors)
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

const acceptableId = /^[A-Za-z0-9._-]{1,128}$/

/** The client's own id, if it is a sound one; else a new one. */
export function requestId({ headers }: { headers: IncomingMessage['headers'] }): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && acceptableId.test(given) ? given : randomUUID()
}

/** Strips what proxies add in front of a path: doubled slashes (`//api/…`, from joined URLs), the prefix that they announce, the configured one. */
export function withoutPrefix({ url = '/', headers }: Pick<IncomingMessage, 'url' | 'headers'>, prefix: string): string {
  const isBare = prefix === '' && headers['x-script-name'] === undefined && headers['x-forwarded-prefix'] === undefined
  if (isBare && url[0] === '/' && url[1] !== '/') return url
  let path = url
  if (path[0] !== '/') path = path.replace(/^https?:\/\/[^/?]*/i, '')
  if (path.startsWith('//')) path = path.replace(/^\/+/, '/')
  for (const before of new Set([saidPrefix(headers) ?? '', prefix])) {
    if (startsWithSegment(path, before)) path = path.slice(before.length)
  }
  if (path.startsWith('//')) path = path.replace(/^\/+/, '/')
  return path[0] === '/' ? path : `/${path}`
}

export const isUploadPath = (path: string): boolean => path.startsWith('/api/v1/uploads/')

const overridden: ReadonlySet<string> = new Set(['PATCH', 'DELETE', 'HEAD'])

/** Takes a POST for the method that X-HTTP-Method-Override names, as tus 1.0 demands; the policy then decides on that method. */
export function overrideMethod(message: IncomingMessage): void {
  const method = message.headers['x-http-method-override']
  if (message.method === 'POST' && typeof method === 'string' && overridden.has(method.toUpperCase())) message.method = method.toUpperCase()
}
