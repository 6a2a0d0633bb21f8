import type { FastifyRequest } from 'fastify'
import type { BatchedEdit, BatchOutcome } from '../../catalogue/containers/batch.ts'
import { architectureInPath } from '../../domain/architecture.ts'
import { type Edit, takes } from '../../domain/container/container-edit.ts'
import type { BatchItem, BatchResult } from '../../schemas.ts'
import { problemOf } from './problems.ts'
import { type ApiParts, answer, type DeclareRoute } from './route.ts'

/** Several containers in one request. */
export function batchRoutes(route: DeclareRoute, { batches, imageOf, holders }: ApiParts): void {
  route('POST /batch', {
    action: 'container:write',
    tag: 'containers',
    summary: 'Edit several containers in one request',
    description:
      'All or none (atomic, the default), or each by itself. Stores have no transactions over documents: other clients may see a part of an atomic batch for a moment; when one item cannot be written, the others are taken back, also after the server was killed.',
    query: 'dry-run-query.json',
    headers: 'reason-headers.json',
    body: 'batch.json',
    // a thousand containers with a few images each
    bodyLimit: 4 * 1024 * 1024,
    answers: {
      200: answer('The result of each item.', 'batch-answer.json'),
      404: 'An item is about a container or image that does not exist; nothing was changed.',
      412: 'A record is not at the revision that an item expects; nothing was changed.',
      422: 'An item would leave nothing of its container; nothing was changed.'
    },
    async handler({ request, body: { atomic = true, force = false, items }, change }) {
      const edits: BatchedEdit[] = []
      const refused = new Map<number, BatchOutcome>()
      const named = force ? undefined : await holders.refusals(items.flatMap(({ id, op }) => (op.startsWith('delete') ? [id] : [])))
      for (const [place, item] of items.entries()) {
        try {
          const refusal = item.op.startsWith('delete') ? named?.get(item.id) : undefined
          if (refusal) throw refusal
          const edit = await toEdit(item, imageOf)
          permitEdit(request, { id: item.id, edit })
          edits.push({ id: item.id, precondition: preconditionIn(item), edit })
        } catch (error) {
          if (atomic) throw error
          refused.set(place, { id: item.id, refused: error })
        }
      }
      const { publicUrl, cause, warn, dryRun = false } = change
      const batch = { items: edits, publicUrl, cause, warn, dryRun }
      const outcomes = (await (atomic ? batches.all(batch) : batches.each(batch))).values()
      const results = items.map((_, place) => toResult(refused.get(place) ?? outcomes.next().value!, request))
      const applied = results.filter(({ status, unchanged }) => status < 300 && !unchanged).length
      return { applied, results }
    }
  })
}

/** Throws unauthenticated or forbidden: an edit that takes images away needs more than one that brings them. */
export function permitEdit(request: FastifyRequest, { id, edit }: { id: string; edit: Edit }): void {
  const { away, more } = takes(edit)
  if (more) request.permit([id], 'container:write')
  if (away) request.permit([id], 'container:delete')
}

/** What If-Match would mean for one container. */
function preconditionIn({ ifMatch }: BatchItem): BatchedEdit['precondition'] {
  if (ifMatch === undefined) return undefined
  return ifMatch === '*' ? { present: true } : { revisions: [ifMatch] }
}

async function toEdit(item: BatchItem, imageOf: ApiParts['imageOf']): Promise<Edit> {
  if (item.op === 'delete') return { op: item.op }
  if (item.op === 'put' || item.op === 'patch') return { op: item.op, container: item.container } as Edit
  const architecture = architectureInPath(item.architecture)
  if (item.op === 'delete-image') return { op: item.op, architecture }
  const image = 'from' in item ? await imageOf(item.from, architecture) : { url: item.url, digest: item.digest, version: item.version }
  return { op: item.op, architecture, ...image }
}

function toResult(outcome: BatchOutcome, request: FastifyRequest): BatchResult {
  if ('refused' in outcome) {
    const { refused, id } = outcome
    const problem = problemOf(refused as Error, request)
    // the batch as a whole is answered 200, so an unforeseen error is logged here
    if (problem.status >= 500) request.failure ??= refused
    return { id, status: problem.status, unchanged: true, released: [], problem }
  }
  const { before, after, unchanged, released } = outcome.changed
  return { id: outcome.id, status: before || !after ? 200 : 201, unchanged, revision: after?.revision || null, released: [...released] }
}
