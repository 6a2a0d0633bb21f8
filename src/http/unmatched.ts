import { STATUS_CODES } from 'node:http'
import { normalize } from 'node:path/posix'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { maskSecrets } from '../domain/secrets.ts'
import type { PassThrough } from './legacy-mozart.ts'

const notFoundBody = `${JSON.stringify({
  message:
    '404 Not Found: The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.',
  status_code: 404
})}\n`
const notAllowedBody = '{"message": "The method is not allowed for the requested URL."}\n'

/** Which methods each path has, by the pattern of its routes: what a route table cannot say, but Allow must. */
export type Methods = Map<string, Set<string>>

/** What stands there has one of these methods: exactly, or with parameters in place of some of its segments. */
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
  // Mozart names HEAD wherever GET is, also where we refuse it
  if (known.has('GET')) known.add('HEAD')
  methods.set(url, known)
}

/**
 * Answers what no route took. On a path of ours: OPTIONS, and 405 for the rest. On any other path: the old Mozart's answer where one is
 * configured, else Mozart's 404, which hides nobody's paths behind ours.
 */
export function answerUnmatched(app: FastifyInstance, methods: Methods, { passThrough }: { passThrough: PassThrough | undefined }) {
  const answer = (request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?', 1)[0]!
    // a path that cannot be decoded is nobody's, whatever it looks like
    const known = isDecodable(path) ? methodsOf(methods, path) : undefined
    if (known) return request.method === 'OPTIONS' ? describe(reply, known) : notAllowed(request, reply, known)
    if (isApi(path))
      return sendProblem(reply.code(404), { code: 'not_found', detail: `there is no ${path} in this API; /docs tells what there is`, path })
    return passThrough && !methodsOf(methods, plainPath(path)) ? passThrough(request, reply) : json(reply.code(404), notFoundBody)
  }
  app.setNotFoundHandler(answer)
  return answer
}

/**
 * As the servers behind us may read a path: decoded, without dots and doubled slashes. `/container%2Fadd` is no route of ours, but the
 * old Mozart takes it for `/container/add`, and a write would go around our policy.
 */
function plainPath(path: string): string {
  try {
    return normalize(decodeURIComponent(path))
  } catch {
    return path
  }
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

function notAllowed({ method, url }: FastifyRequest, reply: FastifyReply, known: Set<string>): FastifyReply {
  const others = [...known].filter((name) => name !== method)
  const refused = reply.code(405).header('allow', allow(others))
  const path = url.split('?', 1)[0]!
  if (!isApi(path)) return json(refused, notAllowedBody)
  return sendProblem(refused, {
    code: 'method_not_allowed',
    detail: `${method} is nothing that can be done here; ${allow(others)} are`,
    path
  })
}

/** The face whose refusals are problems (RFC 9457). */
const isApi = (path: string): boolean => path === '/api/v1' || path.startsWith('/api/v1/')

function sendProblem(reply: FastifyReply, { code, detail, path }: { code: string; detail: string; path: string }): FastifyReply {
  const title = STATUS_CODES[reply.statusCode]!
  const problem = { type: 'about:blank', title, status: reply.statusCode, detail: maskSecrets(detail), instance: path, code, errors: [] }
  return reply.header('content-type', 'application/problem+json').send(Buffer.from(JSON.stringify(problem)))
}

const allow = (methods: Iterable<string>) => [...methods].sort().join(', ')

/** A Buffer, because Fastify adds a charset to the type of a string and Mozart has none. */
const json = (reply: FastifyReply, body: string) => reply.header('content-type', 'application/json').send(Buffer.from(body))
