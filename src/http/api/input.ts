import type { FastifyRequest } from 'fastify'
import type { Precondition } from '../../catalogue/records/changes.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { parseStrict } from '../../domain/json/strict.ts'
import type { Schemas } from '../../schemas.ts'
import { type BodyBounds, readBody } from '../shared/body.ts'
import type { SchemaProblem } from './schema-errors.ts'
import { checkShape, type SchemaName } from './validation.ts'

/** The query parser takes the first of several, and the others would have no effect. */
export function repeatedNames(url: string): SchemaProblem[] {
  if (!url.includes('&')) return []
  const names = [...new URLSearchParams(url.slice(url.indexOf('?'))).keys()]
  const repeated = new Set(names.filter((name, i) => names.indexOf(name) < i))
  return [...repeated].map((path) => ({ path, message: 'is given more than once; give it once' }))
}

/** Reads the body and checks it. Throws json_invalid, or parameter_invalid with every problem. */
export async function jsonBody<Name extends SchemaName>(
  request: FastifyRequest,
  { schema, bounds }: { schema: Name; bounds: BodyBounds }
): Promise<Schemas[Name]> {
  return checkShape(parseStrict(await bodyText(request, bounds), { what: 'the body' }), { schema, part: 'body' })
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Reads a body of text. Throws json_invalid where it is not UTF-8. */
export async function bodyText(request: FastifyRequest, bounds: BodyBounds): Promise<string> {
  const body = await readBody(request.raw, bounds)
  try {
    return utf8.decode(body)
  } catch (error) {
    throw new CatalogueError('json_invalid', 'the body is not UTF-8; nothing was stored', { cause: error })
  }
}

/** The digits of a digest, with or without `sha256:`, as the schemas let it through. */
export const sha256Digits = (digest: string | undefined): string | undefined => digest?.toLowerCase().replace(/^sha256:/, '')

/** What a client expects to find (RFC 9110, If-Match and If-None-Match); change-headers.json checked If-Match. Throws parameter_invalid. */
export function preconditionOf({ headers }: FastifyRequest): Precondition | undefined {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers
  if (ifNoneMatch === undefined) return ifMatch === undefined ? undefined : expectedIn(ifMatch)
  if (ifMatch !== undefined) refuseCondition('If-Match and If-None-Match exclude each other; send one of them')
  return ifNoneMatch.trim() === '*'
    ? { absent: true }
    : refuseCondition('If-None-Match of a write is expected to be *: only where there is nothing yet')
}

function expectedIn(ifMatch: string): Precondition {
  if (ifMatch.trim() === '*') return { present: true }
  // a tag may hold commas
  const tags = ifMatch.match(/(?:W\/)?"[^"]*"/g) ?? []
  // a weak tag matches nothing here: the comparison is strong
  return { revisions: tags.filter((tag) => tag.startsWith('"')).map((tag) => tag.slice(1, -1)) }
}

function refuseCondition(message: string): never {
  throw new CatalogueError('parameter_invalid', message)
}
