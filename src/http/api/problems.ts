import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { CatalogueError } from '../../domain/errors.ts'
import { maskJson } from '../../domain/secrets.ts'
import type { Problem } from '../../schemas.ts'
import { explain, refuseWith } from '../shared/errors.ts'

/** Answers every error as a problem (RFC 9457): `code` is for programs, `detail` for people. */
export function answerProblem(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status } = refuseWith(reply, error)
  if (status !== 416) reply.removeHeader('content-range')
  // the unread rest of an upload would be read as the next request
  if (!request.raw.complete) reply.header('connection', 'close')
  return reply.header('content-type', 'application/problem+json').send(Buffer.from(maskJson(JSON.stringify(problemOf(error, request)))))
}

export function problemOf(error: Error, request: FastifyRequest): Problem {
  const { status, message } = explain(error)
  const known = error instanceof CatalogueError ? error : undefined
  return {
    type: known ? `urn:leporello:problem:${known.code}` : 'about:blank',
    title: known ? known.code.replaceAll('_', ' ') : (STATUS_CODES[status] ?? 'Error'),
    status,
    detail: message,
    instance: request.originalUrl.split('?', 1)[0]!,
    code: known?.code ?? 'error',
    errors: [...(known?.details.errors ?? [])],
    ...(known?.details.available && { available: [...known.details.available] })
  }
}
