import type { FastifyRequest } from 'fastify'
import { clientAddress } from './trusted-proxies.ts'

/** Returns whose share of what is bounded a request takes: that of an identity, or of an address where that is anonymous. */
export const clientOf = (request: FastifyRequest): string =>
  request.identity.kind === 'anonymous' ? (clientAddress(request) ?? 'a local client') : request.identity.name
