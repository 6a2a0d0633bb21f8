import type { FastifyRequest, onSendHookHandler } from 'fastify'
import { seesSecrets } from '../../domain/policy.ts'
import { maskJson, maskSecrets } from '../../domain/secrets.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by a handler whose answer is made of the request's own words, such as a file that is filled: masking would damage it. */
    echoes?: boolean
  }
}

/** Every answer of this face passes here; streams mask what they send by shownTo. */
export const hideSecrets: onSendHookHandler = (request, reply, payload, done) => {
  const isText = typeof payload === 'string' || Buffer.isBuffer(payload)
  const asItIs = !isText || request.routeOptions.config.toPullBy || request.echoes || seesSecrets(request.identity)
  const mask = /json/.test(String(reply.getHeader('content-type'))) ? maskJson : maskSecrets
  done(null, asItIs ? payload : mask(String(payload)))
}

/** Returns a value as JSON, as whoever asks may read it. */
export type Shown = (value: unknown) => string

export const shownTo =
  (request: FastifyRequest): Shown =>
  (value) =>
    seesSecrets(request.identity) ? JSON.stringify(value) : maskJson(JSON.stringify(value))
