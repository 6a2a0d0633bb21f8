import type { FastifyReply, FastifyRequest } from 'fastify'

const everyMethod = 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT'

/** Adds what flask-cors adds to every answer of Mozart, also to errors: any origin may read it, without credentials. */
export function addCorsHeaders({ headers, method }: FastifyRequest, reply: FastifyReply): void {
  const { origin } = headers
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
