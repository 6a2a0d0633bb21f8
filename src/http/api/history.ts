import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ContainerHistory, WholeEntry } from '../../catalogue/history/container-history.ts'
import type { DeletedList } from '../../catalogue/history/deleted.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { type EntryKind, entryKinds } from '../../domain/history/entry.ts'
import { checkId } from '../../domain/limits.ts'
import type { Action } from '../../domain/policy.ts'
import type { BodyBounds } from '../shared/body.ts'
import { causeOf, preconditionOf } from '../shared/circumstances.ts'
import type { Description } from '../shared/describes.ts'
import { historyDescriptions as descriptions } from './history-descriptions.ts'
import { parseFlag, strictBody, strictQuery } from './input.ts'
import { parseLimit, sendPage } from './paging.ts'

export interface HistoryRoutes {
  history: ContainerHistory
  deleted: DeletedList
  publicUrl: (request: FastifyRequest) => string
  bounds: BodyBounds
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | object>

const base = '/api/v1/containers/:id'
const limits = { usual: 50, most: 200 }

/** What happened to containers, and going back. */
export function historyRoutes(app: FastifyInstance, { history, deleted, publicUrl, bounds }: HistoryRoutes): void {
  route(['GET', 'HEAD'], `${base}/history`, {
    action: 'container:read',
    describes: descriptions.history,
    async handler(request, reply) {
      const { kind, limit, cursor } = strictQuery(request, ['kind', 'limit', 'cursor'])
      const page = await history.list(idOf(request), { kind: parseKind(kind), limit: parseLimit(limit, limits), cursor })
      return sendPage(request, { reply, page, publicUrl: publicUrl(request) })
    }
  })

  route(['GET', 'HEAD'], `${base}/history/:revision`, {
    action: 'container:read',
    describes: descriptions.entry,
    async handler(request, reply) {
      strictQuery(request, [])
      const { revision } = request.params as { revision: string }
      return reply.type('application/json').send(wholeEntry(await history.entry(idOf(request), revision)))
    }
  })

  route(['GET', 'HEAD'], `${base}/diff`, {
    action: 'container:read',
    describes: descriptions.diff,
    async handler(request, reply) {
      const { from, to = 'current' } = strictQuery(request, ['from', 'to'])
      if (from === undefined)
        throw new CatalogueError('parameter_missing', 'query: expected from, a revision that GET …/history names, or current')
      return reply.send(await history.compare(idOf(request), { from, to }))
    }
  })

  route(['POST'], `${base}/restore`, {
    action: 'container:write',
    describes: descriptions.restore,
    async handler(request, reply) {
      const { dryRun } = strictQuery(request, ['dryRun'])
      const { revision } = await strictBody(request, { names: ['revision'], bounds })
      if (revision === undefined)
        throw new CatalogueError('parameter_missing', 'body: expected {"revision": "one that GET …/history names"}')
      const circumstances = { publicUrl: publicUrl(request), cause: causeOf(request), precondition: preconditionOf(request) }
      const restored = await history.restore({ id: idOf(request), revision, ...circumstances, dryRun: parseFlag(dryRun, 'dryRun') })
      return reply.header('etag', `"${restored.container.revision}"`).send(restored)
    }
  })

  route(['GET', 'HEAD'], '/api/v1/deleted', {
    action: 'container:read',
    describes: descriptions.deleted,
    async handler(request, reply) {
      const { limit, cursor } = strictQuery(request, ['limit', 'cursor'])
      const page = await deleted({ limit: parseLimit(limit, limits), cursor, publicUrl: publicUrl(request) })
      return sendPage(request, { reply, page, publicUrl: publicUrl(request) })
    }
  })

  function route(
    method: string[],
    url: string,
    { handler, ...config }: { action: Action; describes: Description; handler: Handler }
  ): void {
    app.route({ method, url, config, handler })
  }
}

const idOf = (request: FastifyRequest): string => checkId((request.params as { id: string }).id)

/** Throws parameter_invalid. */
export function parseKind(value: string | undefined): EntryKind | undefined {
  const kind = entryKinds.find((one) => one === value)
  if (kind !== undefined || value === undefined) return kind
  const message = `is ${JSON.stringify(value.slice(0, 100))}; expected one of ${entryKinds.join(', ')}`
  throw new CatalogueError('parameter_invalid', `query: kind ${message}`, { details: { errors: [{ path: 'kind', message }] } })
}

/** The documents as they are: a JSON that is read and written again would lose digits of numbers. */
function wholeEntry({ view, before, after }: WholeEntry): string {
  return `${JSON.stringify(view).slice(0, -1)},"before":${before},"after":${after}}`
}
