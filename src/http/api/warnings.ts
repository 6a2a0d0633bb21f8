import type { FastifyRequest, preSerializationHookHandler } from 'fastify'
import type { Warning } from '../../domain/container/posted-urls.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What a change made of the request that its client should know. */
    warnings?: Warning[]
  }
}

/** Remembers a warning for the answer. */
export const warningFor =
  (request: FastifyRequest) =>
  (warning: Warning): void => {
    request.warnings = [...(request.warnings ?? []), warning]
  }

/** Adds the warnings of a request to its answer, unless it was refused. */
export const addWarnings: preSerializationHookHandler = (request, reply, payload, done) => {
  const { warnings } = request
  if (!warnings || reply.statusCode >= 300) return void done(null, payload)
  const answer = payload as { warnings?: readonly object[] }
  done(null, { ...answer, warnings: [...(answer.warnings ?? []), ...warnings] })
}
