import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Upkeep } from '../../catalogue/upkeep.ts'
import type { Action } from '../../domain/policy.ts'
import type { Description } from '../shared/describes.ts'
import { strictQuery } from './input.ts'
import { upkeepDescriptions as descriptions } from './upkeep-descriptions.ts'

export interface UpkeepRoutes {
  upkeep: Upkeep
  publicUrl: (request: FastifyRequest) => string
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | object>

export function upkeepRoutes(app: FastifyInstance, { upkeep, publicUrl }: UpkeepRoutes): void {
  route(['POST'], '/api/v1/containers/:id/verify', {
    action: 'container:write',
    describes: descriptions.verifySingle,
    async handler(request) {
      strictQuery(request, [])
      return upkeep.verifySingle({ id: idOf(request), publicUrl: publicUrl(request) })
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

const idOf = (request: FastifyRequest): string => (request.params as { id: string }).id
