import type { FastifyRequest } from 'fastify'
import type { Precondition } from '../../catalogue/records/changes.ts'
import { CatalogueError } from '../../domain/errors.ts'

/** What a client expects to find (RFC 9110, If-Match and If-None-Match); change-headers.json checked If-Match. Throws parameter_invalid. */
export function preconditionOf({ headers }: FastifyRequest): Precondition | undefined {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers
  if (ifNoneMatch === undefined) return ifMatch === undefined ? undefined : expectedIn(ifMatch)
  if (ifMatch !== undefined) refuse('If-Match and If-None-Match exclude each other; send one of them')
  return ifNoneMatch.trim() === '*'
    ? { absent: true }
    : refuse('If-None-Match of a write is expected to be *: only where there is nothing yet')
}

function expectedIn(ifMatch: string): Precondition {
  if (ifMatch.trim() === '*') return { present: true }
  // a tag may hold commas
  const tags = ifMatch.match(/(?:W\/)?"[^"]*"/g) ?? []
  // a weak tag matches nothing here: the comparison is strong
  return { revisions: tags.filter((tag) => tag.startsWith('"')).map((tag) => tag.slice(1, -1)) }
}

function refuse(message: string): never {
  throw new CatalogueError('parameter_invalid', message)
}
