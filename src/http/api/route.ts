import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { Images } from '../../catalogue/images/images.ts'
import type { ResumableUploads } from '../../catalogue/images/resumable-uploads.ts'
import type { ChangeContext } from '../../catalogue/records/image-records.ts'
import { type Architecture, architectureInPath, parseArchitecture } from '../../domain/architecture.ts'
import { checkId } from '../../domain/limits.ts'
import { type Action, isWrite, type Policy } from '../../domain/policy.ts'
import { checkTag } from '../../domain/releases/channel.ts'
import type { Schemas } from '../../schemas.ts'
import type { BodyBounds } from '../shared/body.ts'
import { causeOf } from '../shared/cause.ts'
import { type DescribedAnswer, type Description, json } from '../shared/describes.ts'
import type { LargeTexts } from '../shared/large-texts.ts'
import type { PublicAddress } from '../shared/public-url.ts'
import { jsonBody, preconditionOf, repeatedNames } from './input.ts'
import { readHeaders, readTexts, type SchemaName } from './validation.ts'
import { warningFor } from './warnings.ts'

/** A route of our own interface: what it takes, what it answers and what it does. The schemas check it, describe it and type it. */
interface ApiRoute<Params extends SchemaName, Query extends SchemaName, Headers extends SchemaName, Body extends SchemaName> {
  /** Whether a GET answers HEAD, too; it does unless this is false. */
  answersHead?: false
  action: Action
  summary: string
  description?: string
  tag: string
  hide?: boolean
  /** Schemas by file name. Without one, no path parameter, query parameter or header is known; a body is not read. */
  params?: Params | undefined
  query?: Query
  headers?: Headers
  body?: Body
  /** The largest body, in bytes; default 64 KiB. */
  bodyLimit?: number
  /** Media types of the body; default JSON. */
  consumes?: readonly string[]
  /** The description of a body that the handler reads itself. */
  rawBody?: Description['body']
  /** By status; a text describes a refusal. 400 and 503, and what any write may be answered, are added. */
  answers: Readonly<Record<number, DescribedAnswer | string>>
  /** What to say about query parameters that people guess. */
  hints?: Readonly<Record<string, string>>
  /** Whether the handler sends `100 Continue`, at the first byte that it reads. */
  beginsUpload?: boolean
  /** Whether a worker pulls by the URL in the answer, so that its secrets are given. */
  toPullBy?: boolean
  handler(call: ApiCall<Params, Query, Headers, Body>): Promise<FastifyReply | object>
}

export interface ApiCall<Params extends SchemaName, Query extends SchemaName, Headers extends SchemaName, Body extends SchemaName> {
  request: FastifyRequest
  reply: FastifyReply
  params: ParsedNames<Params>
  query: ParsedNames<Query>
  headers: Schemas[Headers]
  body: Schemas[Body]
  /** Where clients reach this server. */
  publicUrl: string
  /** Who changes something, why, what they expect to find, and whether it is a dry run. Throws parameter_invalid. */
  change: ChangeContext
}

/** Names of architectures are parsed; any spelling of one will do. */
type ParsedNames<Name extends SchemaName> = {
  [Key in keyof Schemas[Name]]: Key extends 'architecture' | 'missing'
    ? Architecture | Extract<Schemas[Name][Key], undefined>
    : Schemas[Name][Key]
}

type Method = 'GET' | 'HEAD' | 'OPTIONS' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'

/** Declares a route by its method and its path below /api/v1, such as `GET /containers/:id`. */
export type DeclareRoute = <
  Params extends SchemaName = never,
  Query extends SchemaName = never,
  Headers extends SchemaName = never,
  Body extends SchemaName = never
>(
  at: `${Method} ${string}`,
  route: ApiRoute<Params, Query, Headers, Body>
) => void

/** Any route, whatever its schemas. */
type AnyRoute = ApiRoute<SchemaName, SchemaName, SchemaName, SchemaName>
type AnyCall = ApiCall<never, never, never, never>

/** What the routes of this face know: the use cases, and how the server is configured. */
export interface ApiParts extends Omit<Catalogue, 'images' | 'uploads'> {
  app: FastifyInstance
  images: Images
  uploads: ResumableUploads
  policy: Policy
  address: PublicAddress
  publicUrl: () => string
  /** The limits of a body whose route sets none. */
  bounds: BodyBounds
  largeTexts: LargeTexts
  /** How long an upload may pause. */
  stallMs: number
}

export function routesOf(app: FastifyInstance, options: ApiParts): DeclareRoute {
  return (at, declared) => {
    const route = declared as unknown as AnyRoute
    const [method, path] = at.split(' ') as [Method, string]
    const { answersHead = true, action, beginsUpload = false, toPullBy = false } = route
    app.route({
      method: method === 'GET' && answersHead ? ['GET', 'HEAD'] : method,
      url: `/api/v1${path}`,
      config: { action, beginsUpload, toPullBy, describes: descriptionOf(route, method) },
      handler: async (_request, reply) => route.handler(await callOf(route, reply, options))
    })
  }
}

/** The request, checked: its path, its query, its headers, its body. */
async function callOf(route: AnyRoute, reply: FastifyReply, { publicUrl, bounds }: ApiParts): Promise<AnyCall> {
  const { request } = reply
  const params = readTexts(parsedNames(request.params as Texts), { schema: route.params, part: 'path' })
  const [texts, problems] = request.method === 'OPTIONS' ? [{}, []] : [request.query as Texts, repeatedNames(request.url)]
  const query = readTexts(parsedNames(texts), { schema: route.query, part: 'query', problems, hints: route.hints })
  const headers = route.headers && readHeaders(request.headers, route.headers)
  const limit = route.bodyLimit ?? bounds.limit
  const body = route.body && (await jsonBody(request, { schema: route.body, bounds: { ...bounds, limit } }))
  const { dryRun = false } = query as { dryRun?: boolean }
  const call = {
    ...{ request, reply, params, query, headers, body },
    get publicUrl() {
      return publicUrl()
    },
    get change(): ChangeContext {
      const precondition = route.headers === 'change-headers.json' ? preconditionOf(request) : undefined
      return { publicUrl: publicUrl(), cause: causeOf(request), precondition, dryRun, warn: warningFor(request) }
    }
  }
  return call as unknown as AnyCall
}

type Texts = Readonly<Record<string, string>>

/** The domain says more about a wrong id, architecture or channel than a schema can. Throws id_invalid, architecture_invalid, parameter_invalid. */
function parsedNames(texts: Texts): Texts {
  const { id, architecture, missing, arch, ...others } = texts
  if (others['channel'] !== undefined) checkTag('the channel', others['channel'])
  if (id !== undefined) checkId(id)
  if (arch) parseArchitecture(arch)
  return {
    ...others,
    ...(id !== undefined && { id }),
    ...(arch && { arch }),
    ...(architecture !== undefined && { architecture: architectureInPath(architecture) }),
    ...(missing !== undefined && { missing: architectureInPath(missing) })
  }
}

export const answer = (description: string, schema: SchemaName): DescribedAnswer => ({ description, content: json(`${schema}#`) })

/** What a client is told that takes more than its share of what is bounded. */
export const share = 'This client has its share of them already; end some, or try again later.'

/** A refusal as RFC 9457 writes it. */
const problem = (description: string): DescribedAnswer => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: 'problem.json#' } } }
})

const refTo = (schema: SchemaName | undefined) => (schema === undefined ? undefined : { $ref: `${schema}#` })

function descriptionOf(route: AnyRoute, method: Method): Description {
  const { summary, description, tag, hide, params, query, headers, body, rawBody, consumes = body && ['application/json'] } = route
  const answers = Object.entries({ ...usualRefusals(route, method), ...route.answers })
  return {
    ...{ summary, description, tags: [tag], hide, consumes },
    ...{ params: refTo(params), querystring: refTo(query), headers: refTo(headers), body: rawBody ?? refTo(body) },
    response: Object.fromEntries(answers.map(([status, answer]) => [status, typeof answer === 'string' ? problem(answer) : answer]))
  }
}

const usualRefusals = ({ action, headers, body, rawBody }: AnyRoute, method: Method): Record<number, string> =>
  method === 'OPTIONS'
    ? {}
    : {
        400: 'Something in the request is wrong or unknown.',
        503: 'A store does not answer; try again.',
        ...(action !== 'public' && {
          401: 'It needs a token (LEPORELLO_POLICY).',
          403: 'The policy, or the token, does not permit it.'
        }),
        ...(isWrite(action) && {
          409: 'Other clients kept writing to the same record, or the change contradicts it.',
          507: 'The store is full.'
        }),
        ...(headers === 'change-headers.json' && { 412: 'The record is not the one that If-Match or If-None-Match expects.' }),
        ...((body || rawBody) && { 408: 'The body came too slowly.', 413: 'The body is too large.' })
      }
