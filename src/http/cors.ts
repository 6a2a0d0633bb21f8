import type { FastifyReply, FastifyRequest } from 'fastify'
import { percentDecoded } from '../domain/percent.ts'

const everyMethod = 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT'

const ownFaces: ReadonlySet<string | undefined> = new Set(['api', 'dav', 'oci'])

/** Whether only pages of our own origin may read an answer. A path that is no route counts by how it begins. */
function isOwnFace({ routeOptions, url }: FastifyRequest): boolean {
  if (routeOptions.url === undefined) return /^\/(api\/v1|storage|v2)(\/|\?|$)/.test(percentDecoded(url))
  return ownFaces.has(routeOptions.config.face)
}

/** Adds what flask-cors adds to Mozart's answers: any origin may read them. Answers of our own faces only those of LEPORELLO_CORS may. */
export function addCorsHeaders(reply: FastifyReply, cors: readonly string[]): void {
  const { request } = reply
  const { headers, method } = request
  const { origin } = headers
  if (isOwnFace(request)) {
    reply.header('x-content-type-options', 'nosniff')
    if (origin === undefined || !cors.includes(origin)) return void reply.header('cross-origin-resource-policy', 'same-origin')
    reply.header('access-control-expose-headers', '*')
  }
  reply.header('access-control-allow-origin', origin ?? '*')
  if (origin !== undefined) reply.header('vary', 'Origin')
  if (method !== 'OPTIONS') return
  const asked = headers['access-control-request-method']
  if (asked === undefined || !everyMethod.split(', ').includes(asked.toUpperCase())) return
  reply.header('access-control-allow-methods', everyMethod)
  const names = headers['access-control-request-headers']
  if (names === undefined) return
  const sorted = names.split(',').map((name) => name.trim())
  reply.header('access-control-allow-headers', sorted.filter(Boolean).sort().join(', '))
}
