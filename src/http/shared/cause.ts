import type { FastifyRequest } from 'fastify'
import type { Cause } from '../../domain/history/entry.ts'
import { signatureOf } from '../../domain/policy.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { clientAddress } from './trusted-proxies.ts'

/** Who sent the request, and why (X-Reason), for the history of what it changes. */
export function causeOf(request: FastifyRequest): Cause {
  const { face = 'mozart' } = request.routeOptions.config
  const header = (name: string, longest: number) => {
    const value = request.headers[name]
    return typeof value === 'string' && value !== '' ? maskSecrets(utf8(value)).slice(0, longest) : null
  }
  return {
    face: face as Cause['face'],
    identity: signatureOf(request.identity),
    address: clientAddress(request) ?? null,
    agent: header('user-agent', 300),
    request: request.id,
    reason: header('x-reason', 1000)
  }
}

/** Node reads headers as Latin-1; people write UTF-8. */
function utf8(value: string): string {
  const bytes = Buffer.from(value, 'latin1')
  const text = bytes.toString('utf8')
  return Buffer.from(text, 'utf8').equals(bytes) ? text : value
}
