import type { FastifyRequest } from 'fastify'
import { type Architecture, knownArchitectures, parseArchitecture } from '../../domain/architecture.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { type BodyBounds, readBody } from '../shared/body.ts'

export interface ImagePath {
  id: string
  architecture: string
}

/** `arm/v7` may stand in a path as `arm%2Fv7` or as `arm-v7`. Throws architecture_invalid. */
export function architectureInPath(name: string): Architecture {
  const plain = parseArchitecture(name)
  if (knownArchitectures.has(plain) || !/^[^-/]+-[^/]+$/.test(plain)) return plain
  const slashed = parseArchitecture(plain.replace('-', '/'))
  return knownArchitectures.has(slashed) ? slashed : plain
}

type Errors = { path: string; message: string }[]

function refuse(where: string, errors: Errors): never {
  const [first] = errors
  throw new CatalogueError('parameter_invalid', `${where}: ${first!.path} ${first!.message}`, { details: { errors } })
}

/** The query's parameters; one that this route does not know is refused, because it would have no effect. */
export function strictQuery<Name extends string>(request: FastifyRequest, names: readonly Name[]): Partial<Record<Name, string>> {
  const query = request.query as Record<string, string>
  const errors = [...unknown(Object.keys(query), names), ...repeated(request.url)]
  if (errors.length > 0) refuse('query', errors)
  return query as Partial<Record<Name, string>>
}

/** The first of several would count, and the others have no effect. */
function repeated(url: string): Errors {
  if (!url.includes('&')) return []
  const said = [...new URLSearchParams(url.slice(url.indexOf('?'))).keys()]
  return [...new Set(said.filter((name, i) => said.indexOf(name) < i))].map((path) => ({
    path,
    message: 'is there more than once; say it once'
  }))
}

const unknown = (found: string[], names: readonly string[]): Errors =>
  found.flatMap((path) => (names.includes(path) ? [] : { path, message: `is not known here; ${names.join(', ') || 'nothing'} would be` }))

/** A JSON object of strings; one that this route does not know is refused. Throws json_invalid, parameter_invalid. */
export async function strictBody<Name extends string>(
  request: FastifyRequest,
  { names, bounds }: { names: readonly Name[]; bounds: BodyBounds }
): Promise<Partial<Record<Name, string>>> {
  const body = parse((await readBody(request.raw, bounds)).toString())
  const errors = unknown(Object.keys(body), names)
  for (const [path, value] of Object.entries(body)) {
    if (typeof value !== 'string' || value === '') errors.push({ path, message: 'is not what was expected: a string that is not empty' })
  }
  if (errors.length > 0) refuse('body', errors)
  return body as Partial<Record<Name, string>>
}

function parse(text: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new CatalogueError('json_invalid', `the body is not JSON: ${(error as Error).message}`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new CatalogueError('json_invalid', 'the body is no JSON object')
}

/** `sha256:<hex>` or the hex digits alone. Throws parameter_invalid. */
export function parseSha256(digest: string | undefined, path = 'digest'): string | undefined {
  if (digest === undefined) return undefined
  const [, hex] = /^(?:sha256:)?([0-9a-f]{64})$/i.exec(digest) ?? []
  if (hex) return hex.toLowerCase()
  return refuse('query', [{ path, message: `is ${JSON.stringify(digest.slice(0, 100))}; expected sha256: and 64 hexadecimal digits` }])
}

/** One of a few words, the first of them where none is given. Throws parameter_invalid. */
export function choice<Value extends string>(
  given: string | undefined,
  { path, values }: { path: string; values: readonly [Value, ...Value[]] }
): Value {
  const found = given === undefined ? values[0] : values.find((value) => value === given)
  return found ?? refuse('query', [{ path, message: `is ${JSON.stringify(given!.slice(0, 100))}; expected ${values.join(', ')}` }])
}

/** One of few words. Throws parameter_invalid, naming them. */
export function parseChoice<Choice extends string>(
  value: string | undefined,
  { path, choices }: { path: string; choices: readonly Choice[] }
): Choice | undefined {
  if (value === undefined || choices.includes(value as Choice)) return value as Choice | undefined
  return refuse('query', [{ path, message: `is ${JSON.stringify(value.slice(0, 100))}; expected one of ${choices.join(', ')}` }])
}

/** Throws parameter_invalid. */
export function parseCount(
  value: string | undefined,
  { path, least, most }: { path: string; least: number; most: number }
): number | undefined {
  if (value === undefined) return undefined
  const count = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
  if (count >= least && count <= most) return count
  return refuse('query', [{ path, message: `is ${JSON.stringify(value.slice(0, 100))}; expected a number from ${least} to ${most}` }])
}

/** Some text, not too much of it. Throws parameter_invalid. */
export function parseText(value: string | undefined, { path, most }: { path: string; most: number }): string | undefined {
  if (value === undefined) return undefined
  if (value !== '' && value.length <= most) return value
  return refuse('query', [{ path, message: `has ${value.length} characters; expected 1 to ${most}` }])
}

/** Throws parameter_invalid. */
export function parseFlag(value: string | undefined, path: string): boolean {
  if (value === undefined || value === 'true' || value === 'false') return value === 'true'
  return refuse('query', [{ path, message: `is ${JSON.stringify(value.slice(0, 100))}; expected true or false` }])
}

export const mediaType = ({ headers }: FastifyRequest): string => (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()
