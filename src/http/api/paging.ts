import type { FastifyReply, FastifyRequest } from 'fastify'
import { CatalogueError } from '../../domain/errors.ts'

/** How many are asked for. Throws parameter_invalid. */
export function parseLimit(value: string | undefined, { usual, most }: { usual: number; most: number }): number {
  if (value === undefined) return usual
  const limit = /^\d{1,9}$/.test(value) ? Number(value) : 0
  if (limit >= 1 && limit <= most) return limit
  const errors = [{ path: 'limit', message: `is ${JSON.stringify(value.slice(0, 100))}; expected a whole number from 1 to ${most}` }]
  throw new CatalogueError('parameter_invalid', `query: limit ${errors[0]!.message}`, { details: { errors } })
}

/** A page with the address of the next one in Link, too (RFC 8288). */
export function sendPage(
  request: FastifyRequest,
  { reply, page, publicUrl }: { reply: FastifyReply; page: { next: string | null }; publicUrl: string }
): FastifyReply {
  if (page.next !== null) {
    const [path, query = ''] = request.url.split('?', 2)
    const parameters = new URLSearchParams(query)
    parameters.set('cursor', page.next)
    reply.header('link', `<${publicUrl}${path}?${parameters}>; rel="next"`)
  }
  return reply.send(page)
}
