import type { FastifyRequest } from 'fastify'
import { CatalogueError } from '../../domain/errors.ts'
import { JsonError, readJson, stringOf } from '../../domain/json/json.ts'
import { maskedStart } from '../../domain/secrets.ts'
import { type BodyBounds, hasBody, readBody } from '../shared/body.ts'
import { type Fields, parseUrlEncoded } from '../shared/url-encoded.ts'
import { parseMultipart } from './form.ts'

export interface Parameters {
  /** The form's value, else the query's, else the JSON body's. An empty form value hides the query's, as in Mozart. */
  get(name: string): string | undefined
  /** What to throw when a parameter that must be there is not: the words, unless a body that could not be read explains it better. */
  missing(words: string): CatalogueError
}

/**
 * `form.get(name, query.get(name))`, on GET and DELETE too: container-builder's io-met.py sends a form with GET. Without a body this is
 * not even asynchronous, because info is asked for by every job.
 */
export function readParameters(request: FastifyRequest, bounds: BodyBounds): Parameters | Promise<Parameters> {
  const query = request.query as Fields
  if (!hasBody(request.raw)) return ofQuery(query)
  const contentType = request.headers['content-type'] ?? ''
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase()
  if (type === 'application/x-www-form-urlencoded') {
    return readBody(request.raw, bounds).then((body) => ofForm(parseUrlEncoded(body.toString('latin1')), query))
  }
  if (type === 'multipart/form-data') {
    return readBody(request.raw, bounds).then(async (body) => ofForm(await parseMultipart(body, contentType), query))
  }
  if (type === 'application/json' || /^application\/.+\+json$/.test(type)) {
    return readBody(request.raw, bounds).then((body) => ofJson(body.toString(), query))
  }
  return ofQuery(query)
}

const missing = (words: string) => new CatalogueError('parameter_missing', words)

const ofQuery = (query: Fields): Parameters => ({ get: (name) => query[name], missing })

const ofForm = (form: Fields, query: Fields): Parameters => ({ get: (name) => form[name] ?? query[name], missing })

/**
 * Mozart ignores JSON bodies, so the query goes before one, and one that cannot be read matters only where the query does not hold all
 * that is needed.
 */
function ofJson(text: string, query: Fields): Parameters {
  const { members, problem } = readMembers(text)
  return {
    get: (name) => query[name] ?? jsonParameter(name, members.get(name)),
    missing: (words) => (problem ? new CatalogueError('json_invalid', `the JSON body ${problem}`) : missing(words))
  }
}

function readMembers(text: string): { members: Map<string, string>; problem?: string } {
  try {
    const { kind, members } = readJson(text)
    return kind === 'object' ? { members } : { members, problem: `is no object but a JSON ${kind}` }
  } catch (error) {
    if (error instanceof JsonError) return { members: new Map(), problem: `cannot be read: ${error.message}` }
    throw error
  }
}

const documents = new Set(['spec', 'urls'])
const flags = new Set(['merge', 'force'])

function jsonParameter(name: string, text: string | undefined): string | undefined {
  if (text === undefined || text === 'null') return undefined
  const value = stringOf(text)
  if (value !== undefined) return value
  if (documents.has(name) || (flags.has(name) && /^(true|false)$/.test(text))) return text
  throw new CatalogueError('parameter_invalid', `"${name}" in the JSON body is ${maskedStart(text, 60)}; expected a string`)
}

/** A parameter that is `true` or `false`; absent is false. */
export const flag = (parameters: Parameters, name: string): boolean => choice(parameters, name) ?? false

/** A parameter that is `true`, `false` or absent. */
export function choice(parameters: Parameters, name: string): boolean | undefined {
  const value = parameters.get(name)
  if (value === undefined) return undefined
  if (value === 'true' || value === 'false') return value === 'true'
  throw new CatalogueError('parameter_invalid', `${name} is ${JSON.stringify(value.slice(0, 60))}; expected true or false`)
}
