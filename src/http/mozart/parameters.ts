import type { FastifyReply, FastifyRequest } from 'fastify'
import { CatalogueError } from '../../domain/errors.ts'
import { stringOf } from '../../domain/json/json.ts'
import { maskedStart } from '../../domain/secrets.ts'
import { type BodyBounds, hasBody, mediaType, readBody } from '../shared/body.ts'
import type { JsonMembers } from '../shared/large-text-tasks.ts'
import type { LargeTexts } from '../shared/large-texts.ts'
import type { TextFields } from '../shared/url-encoded.ts'
import { parseMultipart } from './form.ts'
import type { Words } from './words.ts'

export interface MozartParameters {
  /** The value in the form, else in the query, else in the JSON body. An empty one in the form hides that in the query, as in Mozart. */
  get(name: string): string | undefined
  /** The error for a missing parameter: the message, or why the body could not be read. */
  missing(words: string): CatalogueError
}

/** A request with its parameters and the messages of its version. */
export type MozartCall = { request: FastifyRequest; reply: FastifyReply; parameters: MozartParameters; words: Words }

export type MozartHandler = (call: MozartCall) => Promise<FastifyReply>

export type ParameterReading = { bounds: BodyBounds; largeTexts: LargeTexts }

/** The form wins over the query, also on GET (container-builder's io-met.py). Synchronous without a body, because every job asks for info. */
export function readParameters(request: FastifyRequest, reading: ParameterReading): MozartParameters | Promise<MozartParameters> {
  const { bounds, largeTexts } = reading
  const query = request.query as TextFields
  if (!hasBody(request.raw)) return ofQuery(query)
  const type = mediaType(request)
  if (type === 'application/x-www-form-urlencoded') {
    return readBody(request.raw, bounds).then(async (body) => ofForm(await largeTexts.run('urlEncoded', body), query))
  }
  if (type === 'multipart/form-data') {
    return readBody(request.raw, bounds).then(async (body) => ofForm(await parseMultipart(body, request.headers['content-type']!), query))
  }
  if (type === 'application/json' || /^application\/.+\+json$/.test(type)) {
    return readBody(request.raw, bounds).then(async (body) => ofJson(await largeTexts.run('jsonMembers', body), query))
  }
  return ofQuery(query)
}

const missing = (words: string) => new CatalogueError('parameter_missing', words)

const ofQuery = (query: TextFields): MozartParameters => ({ get: (name) => query[name], missing })

const ofForm = (form: ReadonlyMap<string, string | undefined>, query: TextFields): MozartParameters => ({
  get: (name) => form.get(name) ?? query[name],
  missing
})

/** Mozart ignores JSON bodies: the query wins over them, and one that cannot be parsed matters only if the query lacks a parameter. */
function ofJson({ members, problem }: JsonMembers, query: TextFields): MozartParameters {
  return {
    get: (name) => query[name] ?? jsonParameter(name, members.get(name)),
    missing: (words) => (problem ? new CatalogueError('json_invalid', `the JSON body ${problem}`) : missing(words))
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

/** Returns the id that a request is about. */
export function idIn({ request, parameters }: MozartCall, missing: string): string {
  const id = parameters.get('id')
  if (!id) throw parameters.missing(missing)
  request.about = id
  return id
}

/** A parameter that is `true` or `false`; absent is false. */
export const flag = (parameters: MozartParameters, name: string): boolean => optionalFlag(parameters, name) ?? false

/** A parameter that is `true`, `false` or absent. */
export function optionalFlag(parameters: MozartParameters, name: string): boolean | undefined {
  const value = parameters.get(name)
  if (value === undefined) return undefined
  if (value === 'true' || value === 'false') return value === 'true'
  throw new CatalogueError('parameter_invalid', `${name} is ${JSON.stringify(value.slice(0, 60))}; expected true or false`)
}
