import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ContainerEdits } from '../../catalogue/containers/container-edits.ts'
import type { Views } from '../../catalogue/lists/views.ts'
import type { ChangeContext } from '../../catalogue/records/image-records.ts'
import type { Edit } from '../../domain/container/container-edit.ts'
import type { BodyBounds } from '../shared/body.ts'
import { causeOf, preconditionOf } from '../shared/circumstances.ts'
import { containerDescriptions } from './container-descriptions.ts'
import { withEtag } from './etag.ts'
import { parseFlag, strictQuery } from './input.ts'
import { jsonBody } from './json-body.ts'

export interface ContainerRoutes {
  edits: ContainerEdits
  views: Pick<Views, 'of'>
  specsNaming: (container: string) => Promise<string[]>
  publicUrl: (request: FastifyRequest) => string
  bounds: BodyBounds
}

const base = '/api/v1/containers/:id'

/** Whole containers: put, patched, removed. */
export function containerRoutes(app: FastifyInstance, { edits, views, specsNaming, publicUrl, bounds }: ContainerRoutes): void {
  const asked = (request: FastifyRequest): ChangeContext & { id: string } => {
    const { dryRun } = strictQuery(request, ['dryRun'])
    const { id } = request.params as { id: string }
    const circumstances = { publicUrl: publicUrl(request), cause: causeOf(request), precondition: preconditionOf(request) }
    return { id, ...circumstances, dryRun: parseFlag(dryRun, 'dryRun') }
  }

  async function change(request: FastifyRequest, { reply, edit }: { reply: FastifyReply; edit: Edit }): Promise<FastifyReply> {
    const { before, after, unchanged, released } = await edits.apply({ ...asked(request), edits: [edit] })
    const container = await views.of(after!)
    return withEtag(reply, container)
      .code(before ? 200 : 201)
      .send({ container, unchanged, released })
  }

  app.route({
    method: 'PUT',
    url: base,
    config: { action: 'container:write', describes: containerDescriptions.put },
    handler: async (request, reply) => {
      const container = await jsonBody(request, { schema: 'container-put.json', bounds })
      return change(request, { reply, edit: { op: 'put', container } })
    }
  })

  app.route({
    method: 'PATCH',
    url: base,
    config: { action: 'container:write', describes: containerDescriptions.patch },
    handler: async (request, reply) => {
      const container = await jsonBody(request, { schema: 'container-patch.json', bounds })
      return change(request, { reply, edit: { op: 'patch', container } })
    }
  })

  app.route({
    method: 'DELETE',
    url: base,
    config: { action: 'container:write', describes: containerDescriptions.remove },
    handler: async (request, reply) => {
      const removal = asked(request)
      const { before, released } = await edits.apply({ ...removal, edits: [{ op: 'delete' }] })
      const ids = await specsNaming(removal.id)
      const warnings = ids.length === 0 ? [] : [{ code: 'named_by_job_specs', message: `job specs name it: ${ids.join(', ')}`, ids }]
      return reply.send({ removed: !removal.dryRun, container: await views.of(before!), warnings, released })
    }
  })
}
