import type { FastifyRequest } from 'fastify'
import type { Cause } from '../../domain/history/entry.ts'
import { signatureOf } from '../../domain/policy.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { clientAddress } from './trusted-proxies.ts'

const longest = { agent: 300, reason: 1000 }

/** Who sent the request, and why (X-Reason), for the history of what it changes. */
export function causeOf(request: FastifyRequest): Cause {
  const { face = 'mozart' } = request.routeOptions.config
  const header = (name: keyof typeof longest, field: string) => {
    const value = request.headers[field]
    return typeof value === 'string' && value !== '' ? maskSecrets(utf8(value)).slice(0, longest[name]) : null
  }
  return {
    face: face as Cause['face'],
    identity: signatureOf(request.identity),
    address: clientAddress(request) ?? null,
    agent: header('agent', 'user-agent'),
    request: request.id,
    reason: header('reason', 'x-reason')
  }
}

/** Node reads headers as Latin-1; people write UTF-8. */
function utf8(value: string): string {
  const bytes = Buffer.from(value, 'latin1')
  const text = bytes.toString('utf8')
  return Buffer.from(text, 'utf8').equals(bytes) ? text : value
}
