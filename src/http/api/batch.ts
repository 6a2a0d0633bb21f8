import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { BatchedEdit, Batches, BatchOutcome } from '../../catalogue/containers/batch.ts'
import type { Edit } from '../../domain/container/container-edit.ts'
import type { BatchItem, BatchResult } from '../../schemas.ts'
import type { BodyBounds } from '../shared/body.ts'
import { causeOf } from '../shared/circumstances.ts'
import { batchDescription } from './container-descriptions.ts'
import { architectureInPath, parseFlag, strictQuery } from './input.ts'
import { jsonBody } from './json-body.ts'
import { problemOf } from './problems.ts'

export interface BatchRoutes {
  batches: Batches
  /** The image of another container, and its digest as far as it is known. Throws container_unknown, image_missing. */
  imageOf: (id: string, architecture: string) => Promise<{ url: string; digest: string | undefined }>
  publicUrl: (request: FastifyRequest) => string
  bounds: BodyBounds
}

/** A thousand containers with a few images each. */
const bodyLimit = 4 * 1024 * 1024

/** Several containers in one request. */
export function batchRoutes(app: FastifyInstance, { batches, imageOf, publicUrl, bounds }: BatchRoutes): void {
  app.route({
    method: 'POST',
    url: '/api/v1/batch',
    config: { action: 'container:write', describes: batchDescription },
    handler: async (request, reply) => {
      const { dryRun } = strictQuery(request, ['dryRun'])
      const { atomic = true, items: given } = await jsonBody(request, { schema: 'batch.json', bounds: { ...bounds, limit: bodyLimit } })
      const items: BatchedEdit[] = []
      const refused = new Map<number, BatchOutcome>()
      for (const [place, item] of given.entries()) {
        try {
          items.push({ id: item.id, precondition: preconditionIn(item), edit: await toEdit(item, imageOf) })
        } catch (error) {
          if (atomic) throw error
          refused.set(place, { id: item.id, refused: error })
        }
      }
      const asked = { items, publicUrl: publicUrl(request), cause: causeOf(request), dryRun: parseFlag(dryRun, 'dryRun') }
      const found = (await (atomic ? batches.all(asked) : batches.each(asked))).values()
      const results = given.map((_, place) => toResult(refused.get(place) ?? found.next().value!, request))
      const applied = results.filter(({ status, unchanged }) => status < 300 && !unchanged).length
      return reply.send({ applied, results })
    }
  })
}

/** As a precondition says it that comes in a header. */
function preconditionIn({ ifMatch }: BatchItem): BatchedEdit['precondition'] {
  if (ifMatch === undefined) return undefined
  return ifMatch === '*' ? { present: true } : { revisions: [ifMatch] }
}

async function toEdit(item: BatchItem, imageOf: BatchRoutes['imageOf']): Promise<Edit> {
  switch (item.op) {
    case 'delete':
      return { op: item.op }
    case 'put':
    case 'patch':
      return { op: item.op, container: item.container } as Edit
    case 'delete-image':
      return { op: item.op, architecture: architectureInPath(item.architecture) }
    case 'put-image': {
      const architecture = architectureInPath(item.architecture)
      const image = 'from' in item ? await imageOf(item.from, architecture) : { url: item.url, digest: item.digest, version: item.version }
      return { op: item.op, architecture, ...image }
    }
  }
}

function toResult(result: BatchOutcome, request: FastifyRequest): BatchResult {
  if ('refused' in result) {
    const { refused, id } = result
    const problem = problemOf(refused as Error, request)
    // the answer as a whole is 200: only the log tells of the first that nobody foresaw
    if (problem.status >= 500) request.failure ??= refused
    return { id, status: problem.status, unchanged: true, released: [], problem }
  }
  const { before, after, unchanged, released } = result.changed
  return { id: result.id, status: before || !after ? 200 : 201, unchanged, revision: after?.revision || null, released: [...released] }
}
