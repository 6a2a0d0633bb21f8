import type { FastifyRequest } from 'fastify'
import { CatalogueError } from '../../domain/errors.ts'
import type { Cause } from '../../domain/history/entry.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import './action.ts'

const longest = { agent: 300, reason: 1000 }

/** Who asks, and why (X-Reason): for the history of what they change. */
export function causeOf(request: FastifyRequest): Cause {
  const { face = 'mozart' } = request.routeOptions.config
  const header = (name: keyof typeof longest, field: string) => {
    const value = request.headers[field]
    return typeof value === 'string' && value !== '' ? maskSecrets(utf8(value)).slice(0, longest[name]) : null
  }
  return {
    face: face as Cause['face'],
    address: request.ip ?? null,
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

/** What a caller believes to stand there (RFC 9110, If-Match and If-None-Match). Throws parameter_invalid. */
export function preconditionOf({ headers }: FastifyRequest): { absent: true } | { present: true } | { revisions: string[] } | undefined {
  const ifMatch = headers['if-match']
  const ifNoneMatch = headers['if-none-match']
  if (ifMatch !== undefined && ifNoneMatch !== undefined) refuse('If-Match and If-None-Match together cannot both hold; send one')
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() === '*') return { absent: true }
    return refuse('If-None-Match of a write is expected to be *: only where there is none yet')
  }
  if (ifMatch === undefined) return undefined
  if (ifMatch.trim() === '*') return { present: true }
  if (!/^\s*(?:W\/)?"[^"]*"(?:\s*,\s*(?:W\/)?"[^"]*")*\s*$/.test(ifMatch)) {
    return refuse('If-Match is expected to be * or entity tags in double quotes, as ETag gives them')
  }
  // a tag may hold commas
  const tags = ifMatch.match(/(?:W\/)?"[^"]*"/g)!
  // a weak tag matches nothing here: strong comparison
  return { revisions: tags.filter((tag) => tag.startsWith('"')).map((tag) => tag.slice(1, -1)) }
}

function refuse(message: string): never {
  throw new CatalogueError('parameter_invalid', message)
}
