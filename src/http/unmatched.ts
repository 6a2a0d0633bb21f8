import { STATUS_CODES } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { nearest } from '../domain/nearest.ts'
import { maskSecrets } from '../domain/secrets.ts'
import type { PassThrough } from './legacy-mozart.ts'
import { legacyTarget, readingsOf } from './legacy-target.ts'
import { notSupported } from './shared/errors.ts'
import { scriptName } from './shared/public-url.ts'

const notFoundBody = `${JSON.stringify({
  message:
    '404 Not Found: The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.',
  status_code: 404
})}\n`
const notAllowedBody = '{"message": "The method is not allowed for the requested URL."}\n'

/** The methods of each path, by the pattern of its routes: Fastify's router does not tell, and Allow needs them. */
export type Methods = Map<string, Set<string>>

/** The methods of a path: that of a pattern without parameters, else that of the first one that fits. */
function methodsOf(methods: Methods, path: string): Set<string> | undefined {
  const exact = methods.get(path)
  if (exact) return exact
  const segments = path.split('/')
  for (const [pattern, known] of methods) {
    if (!pattern.includes(':')) continue
    const parts = pattern.split('/')
    const fits = (part: string, i: number) => (part.startsWith(':') ? segments[i] !== '' : part === segments[i])
    if (parts.length === segments.length && parts.every(fits)) return known
  }
  return undefined
}

export function rememberMethods(methods: Methods, { url, method }: RouteOptions): void {
  const known = methods.get(url) ?? new Set(['OPTIONS'])
  for (const name of [method].flat()) known.add(name)
  // Mozart allows HEAD wherever GET is, also where we refuse it
  if (known.has('GET')) known.add('HEAD')
  methods.set(url, known)
}

type UnmatchedParts = { methods: Methods; passThrough: PassThrough | undefined; prefix: string }

/** Answers what no route took: on a path of ours OPTIONS, and 405 for the rest; elsewhere as the old Mozart does, or with Mozart's 404. */
export function answerUnmatched(app: FastifyInstance, { methods, passThrough, prefix }: UnmatchedParts) {
  const answer = (request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?', 1)[0]!
    // a path that cannot be decoded belongs to no route, whatever it looks like
    const known = isDecodable(path) ? methodsOf(methods, path) : undefined
    if (known) return request.method === 'OPTIONS' ? describe(reply, known) : notAllowed(reply, known)
    if (isApi(path)) return notFound(reply, path, methods)
    const target = legacyTarget(request.url)
    const isOurs = readingsOf(target, scriptName(request, { prefix })).some((reading) => methodsOf(methods, reading))
    return passThrough && !isOurs ? passThrough(request, reply, target) : json(reply.code(404), notFoundBody)
  }
  app.setNotFoundHandler(answer)
  return answer
}

function isDecodable(path: string): boolean {
  try {
    return decodeURIComponent(path) !== undefined
  } catch {
    return false
  }
}

function describe(reply: FastifyReply, known: Set<string>): FastifyReply {
  return reply
    .code(200)
    .headers({ 'content-type': 'text/html; charset=utf-8', allow: allow(known) })
    .send(Buffer.alloc(0))
}

function notFound(reply: FastifyReply, path: string, methods: Methods): FastifyReply {
  const { method } = reply.request
  const pattern = suggestedRoute(path, [...methods.keys()].filter(isSuggested))
  const allowed = [...(methods.get(pattern ?? '') ?? [])].filter((name) => name !== 'OPTIONS' && name !== 'HEAD')
  const suggested = pattern && `${allowed.includes(method) ? method : allowed.join(', ')} ${shownPattern(pattern)}`
  const detail = `there is no ${path} in this API; ${suggested ? `did you mean ${suggested}? ` : ''}/docs lists all routes`
  return sendProblem(reply.code(404), { code: 'not_found', detail, path })
}

/** The route that an unknown path may mean: one with a misspelt segment, else the shortest one with the same last segment. */
function suggestedRoute(path: string, patterns: readonly string[]): string | undefined {
  const segments = segmentsOf(path)
  const last = segments.at(-1)!
  const similar = patterns.filter((pattern) => isSimilar(segments, segmentsOf(pattern)))
  const [same] = patterns.filter((pattern) => segmentsOf(pattern).at(-1) === last).sort((a, b) => a.length - b.length)
  return similar[0] ?? same
}

const segmentsOf = (path: string): string[] => path.replace(/\/+$/, '').split('/')

const isSimilar = (segments: readonly string[], pattern: readonly string[]): boolean =>
  segments.length === pattern.length &&
  pattern.every((part, i) => (part.startsWith(':') ? segments[i] !== '' : part === segments[i] || nearest(segments[i]!, [part]) === part))

/** `/containers/:id` as people write it. */
const shownPattern = (pattern: string): string => pattern.replace(/:(\w+)/g, '{$1}')

/** Routes of ours that an API path may mean: not Mozart's, nor pages. */
const isSuggested = (pattern: string): boolean => isApi(pattern) || /^\/(health|version|metrics|openapi)/.test(pattern)

function notAllowed(reply: FastifyReply, known: Set<string>): FastifyReply {
  const { method, url } = reply.request
  const others = [...known].filter((name) => name !== method)
  const refused = reply.code(405).header('allow', allow(others))
  const path = url.split('?', 1)[0]!
  if (!isApi(path)) return json(refused, notAllowedBody)
  return sendProblem(refused, { code: 'method_not_allowed', detail: notSupported(reply.request, others.sort()), path })
}

/** Whether a path is in the face whose refusals are problems (RFC 9457). */
export const isApi = (path: string): boolean => path === '/api/v1' || path.startsWith('/api/v1/')

export function sendProblem(reply: FastifyReply, { code, detail, path }: { code: string; detail: string; path: string }): FastifyReply {
  const title = STATUS_CODES[reply.statusCode]!
  const problem = { type: 'about:blank', title, status: reply.statusCode, detail: maskSecrets(detail), instance: path, code, errors: [] }
  return reply.header('content-type', 'application/problem+json').send(Buffer.from(JSON.stringify(problem)))
}

const allow = (methods: Iterable<string>) => [...methods].sort().join(', ')

/** A Buffer, because Fastify adds a charset to the type of a string and Mozart has none. */
const json = (reply: FastifyReply, body: string) => reply.header('content-type', 'application/json').send(Buffer.from(body))
