import type { FastifyReply, FastifyRequest } from 'fastify'
import { seesSecrets } from '../../domain/policy.ts'
import { maskJson, maskSecrets } from '../../domain/secrets.ts'
import '../shared/identity.ts'

type Sent = (error: null, payload?: unknown) => void

/** Every answer of this face passes here; streams mask what they send by shownTo. */
export function hideSecrets(request: FastifyRequest, reply: FastifyReply, payload: unknown, done: Sent): void {
  const isText = typeof payload === 'string' || Buffer.isBuffer(payload)
  const asItIs = !isText || request.routeOptions.config.toPullBy || seesSecrets(request.identity)
  const mask = /json/.test(String(reply.getHeader('content-type'))) ? maskJson : maskSecrets
  done(null, asItIs ? payload : mask(String(payload)))
}

/** Returns a value as JSON, as whoever asks may read it. */
export const shownTo =
  (request: FastifyRequest) =>
  (value: unknown): string =>
    seesSecrets(request.identity) ? JSON.stringify(value) : maskJson(JSON.stringify(value))
