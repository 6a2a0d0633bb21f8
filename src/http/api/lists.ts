import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { ListRequest } from '../../catalogue/lists/container-list.ts'
import type { ContainerView } from '../../catalogue/lists/image-views.ts'
import { sortFields, states, verdicts } from '../../domain/lists/summary.ts'
import { architectureInPath, parseChoice, parseCount, parseText, strictQuery } from './input.ts'
import { listDescriptions } from './list-descriptions.ts'

export interface ListRoutes {
  list: Catalogue['list']
  summaries: Pick<Catalogue['summaries'], 'swept'>
  publicUrl: (request: FastifyRequest) => string
}

const path = '/api/v1/containers'
const names = ['name', 'version', 'architecture', 'missing', 'state', 'verdict', 'q', 'sort', 'fields', 'limit', 'cursor'] as const
const sorts = sortFields.flatMap((field) => [field, `-${field}`] as const)
const defaultLimit = 50

/** Every member of a container's view: the compiler sees to it that none is missing. */
const members: Record<keyof ContainerView, true> = {
  ...{ id: true, version: true, url: true, digest: true, images: true, expected: true, missing: true, pending: true },
  ...{ state: true, reasons: true, revision: true, fingerprint: true, created: true, updated: true }
}

/** Containers by what they are. */
export function listRoutes(app: FastifyInstance, { list, summaries, publicUrl }: ListRoutes): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: path,
    config: { action: 'container:read', describes: listDescriptions.containers },
    async handler(request, reply) {
      const { fields, ...asked } = requestOf(request)
      const [{ items, next }, swept] = await Promise.all([list(asked), summaries.swept()])
      const selected = fields ? items.map((item) => select(item, fields)) : items
      return withNext(reply, { next, request, publicUrl }).send({ items: selected, next: next ?? null, swept: swept ?? null })
    }
  })
}

function requestOf(request: FastifyRequest): ListRequest & { fields: (keyof ContainerView)[] | undefined } {
  const query = strictQuery(request, names)
  const text = (name: (typeof names)[number], most = 512) => parseText(query[name], { path: name, most })
  const architecture = (name: 'architecture' | 'missing') => {
    const value = text(name)
    return value === undefined ? undefined : architectureInPath(value)
  }
  const filters = {
    name: text('name'),
    version: text('version', 1024),
    architecture: architecture('architecture'),
    missing: architecture('missing'),
    state: parseChoice(query.state, { path: 'state', choices: states }),
    verdict: parseChoice(query.verdict, { path: 'verdict', choices: verdicts }),
    q: text('q', 256)
  }
  const sort = parseChoice(query.sort, { path: 'sort', choices: sorts }) ?? 'id'
  const fields = query.fields
    ?.split(',')
    .map((name) => parseChoice(name.trim(), { path: 'fields', choices: Object.keys(members) as (keyof ContainerView)[] })!)
  return {
    filters,
    sort: { field: sort.replace('-', '') as (typeof sortFields)[number], order: sort.startsWith('-') ? 'desc' : 'asc' },
    fields,
    limit: parseCount(query.limit, { path: 'limit', least: 1, most: 1000 }) ?? defaultLimit,
    cursor: query.cursor
  }
}

const select = (item: ContainerView, fields: readonly (keyof ContainerView)[]) =>
  Object.fromEntries(fields.map((field) => [field, item[field]]))

function withNext(
  reply: FastifyReply,
  { next, request, publicUrl }: { next: string | undefined; request: FastifyRequest; publicUrl: ListRoutes['publicUrl'] }
): FastifyReply {
  if (next === undefined) return reply
  const query = new URLSearchParams({ ...(request.query as Record<string, string>), cursor: next })
  return reply.header('link', `<${publicUrl(request)}${path}?${query}>; rel="next"`)
}
