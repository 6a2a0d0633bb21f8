import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Backfill } from '../../catalogue/containers/backfill.ts'
import { type FindingKind, type FsckLine, findingKinds } from '../../catalogue/tarballs/fsck/findings.ts'
import type { Upkeep } from '../../catalogue/tarballs/tarballs.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Action } from '../../domain/policy.ts'
import { causeOf, preconditionOf } from '../shared/circumstances.ts'
import type { Description } from '../shared/describes.ts'
import { parseFlag, strictQuery } from './input.ts'
import { sendLines } from './lines.ts'
import { upkeepDescriptions as descriptions } from './upkeep-descriptions.ts'

export interface UpkeepRoutes {
  upkeep: Upkeep
  backfill: Backfill
  publicUrl: (request: FastifyRequest) => string
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | object>

export function upkeepRoutes(app: FastifyInstance, { upkeep, backfill, publicUrl }: UpkeepRoutes): void {
  route(['POST'], '/api/v1/containers/:id/verify', {
    action: 'container:write',
    describes: descriptions.verifySingle,
    async handler(request) {
      const { dryRun } = strictQuery(request, ['dryRun'])
      return upkeep.verifySingle({ id: idOf(request), publicUrl: publicUrl(request), dryRun: parseFlag(dryRun, 'dryRun') })
    }
  })

  route(['GET'], '/api/v1/fsck', {
    action: 'operations:read',
    describes: descriptions.fsck,
    handler: async (request, reply) => sendLines(reply, fsck({ request, reply }, strictQuery(request, ['deep'])))
  })

  route(['POST'], '/api/v1/fsck', {
    action: 'object:write',
    describes: descriptions.repair,
    async handler(request, reply) {
      const query = strictQuery(request, ['deep', 'repair'])
      if (query.repair === undefined) throw new CatalogueError('parameter_missing', `repair is absent; expected some of ${kindsKnown}`)
      return sendLines(reply, fsck({ request, reply }, query))
    }
  })

  route(['GET', 'HEAD'], '/api/v1/backfill', {
    action: 'container:read',
    describes: descriptions.backfill,
    async handler(request) {
      const { id, limit, cursor } = strictQuery(request, ['id', 'limit', 'cursor'])
      return backfill.page({ id, limit: parseLimit(limit), cursor, publicUrl: publicUrl(request) })
    }
  })

  route(['POST'], '/api/v1/containers/:id/backfill', {
    action: 'container:write',
    describes: descriptions.backfillOne,
    async handler(request) {
      const { dryRun } = strictQuery(request, ['dryRun'])
      const circumstances = { publicUrl: publicUrl(request), cause: causeOf(request), precondition: preconditionOf(request) }
      return backfill.write({ id: idOf(request), ...circumstances, dryRun: parseFlag(dryRun, 'dryRun') })
    }
  })

  function fsck(
    { request, reply }: { request: FastifyRequest; reply: FastifyReply },
    { deep, repair }: { deep?: string; repair?: string }
  ): AsyncGenerator<FsckLine> {
    // whoever asked and went away wants to know no more
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort(new Error('the client went away')))
    const options = { deep: parseFlag(deep, 'deep'), repair: parseKinds(repair), publicUrl: publicUrl(request), signal: gone.signal }
    return upkeep.fsck(options)
  }

  function route(
    method: string[],
    url: string,
    { handler, ...config }: { action: Action; describes: Description; handler: Handler }
  ): void {
    app.route({ method, url, config, handler })
  }
}

const kindsKnown = findingKinds.join(', ')

const idOf = (request: FastifyRequest): string => (request.params as { id: string }).id

function parseLimit(text: string | undefined): number {
  if (text === undefined) return 200
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= 1000) return Number(text)
  const errors = [{ path: 'limit', message: `is ${JSON.stringify(text.slice(0, 60))}; expected a whole number from 1 to 1000` }]
  throw new CatalogueError('parameter_invalid', `query: limit ${errors[0]!.message}`, { details: { errors } })
}

function parseKinds(text: string | undefined): ReadonlySet<FindingKind> {
  const kinds = (text ?? '').split(',').filter(Boolean)
  const wrong = kinds.find((kind) => !findingKinds.includes(kind as FindingKind))
  if (wrong === undefined) return new Set(kinds as FindingKind[])
  const errors = [{ path: 'repair', message: `has ${JSON.stringify(wrong.slice(0, 60))}; expected some of ${kindsKnown}` }]
  throw new CatalogueError('parameter_invalid', `query: repair ${errors[0]!.message}`, { details: { errors } })
}
