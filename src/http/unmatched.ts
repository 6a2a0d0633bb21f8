import { normalize } from 'node:path/posix'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { PassThrough } from './legacy-mozart.ts'

const notFoundBody = `${JSON.stringify({
  message:
    '404 Not Found: The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.',
  status_code: 404
})}\n`
const notAllowedBody = '{"message": "The method is not allowed for the requested URL."}\n'

/** Which methods each path without parameters has: what a route table cannot say, but Allow must. */
export type Methods = Map<string, Set<string>>

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
    const known = methods.get(path)
    if (known) return request.method === 'OPTIONS' ? describe(reply, known) : notAllowed(request, reply, known)
    return passThrough && !methods.has(plainPath(path)) ? passThrough(request, reply) : json(reply.code(404), notFoundBody)
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

function describe(reply: FastifyReply, known: Set<string>): FastifyReply {
  return reply
    .code(200)
    .headers({ 'content-type': 'text/html; charset=utf-8', allow: allow(known) })
    .send(Buffer.alloc(0))
}

function notAllowed({ method }: FastifyRequest, reply: FastifyReply, known: Set<string>): FastifyReply {
  const others = [...known].filter((name) => name !== method)
  return json(reply.code(405).header('allow', allow(others)), notAllowedBody)
}

const allow = (methods: Iterable<string>) => [...methods].sort().join(', ')

/** A Buffer, because Fastify adds a charset to the type of a string and Mozart has none. */
const json = (reply: FastifyReply, body: string) => reply.header('content-type', 'application/json').send(Buffer.from(body))
