import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Batches, BatchItem, BatchResult } from '../../catalogue/batch.ts'
import type { Edit } from '../../domain/container-edit.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import type { BatchItem as Item, BatchResult as Result } from '../../schemas.ts'
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
      const items: BatchItem[] = []
      for (const [place, item] of given.entries()) items.push({ id: item.id, ...(await toEdit(item, { place, imageOf })) })
      const asked = { items, publicUrl: publicUrl(request), cause: causeOf(request), dryRun: parseFlag(dryRun, 'dryRun') }
      const found = await (atomic ? batches.all(asked) : batches.each(asked))
      const results = found.map((result) => toResult(result, request))
      const applied = results.filter(({ status, unchanged }) => status < 300 && !unchanged).length
      return reply.send({ applied, results })
    }
  })
}

/** Which members an operation has, beside those of every item. */
const membersOf = {
  put: ['container'],
  patch: ['container'],
  delete: [],
  'put-image': ['architecture', 'url', 'digest', 'version', 'from'],
  'delete-image': ['architecture']
} as const satisfies Record<Item['op'], readonly (keyof Item)[]>

async function toEdit(
  item: Item,
  { place, imageOf }: { place: number; imageOf: BatchRoutes['imageOf'] }
): Promise<{ edit: Edit; precondition: BatchItem['precondition'] }> {
  const { id: _, op, ifMatch, ...members } = item
  const known: readonly string[] = membersOf[op]
  for (const name of Object.keys(members)) {
    if (!known.includes(name))
      refuse(place, { path: name, message: `is nothing that ${op} has; ${known.join(', ') || 'nothing'} would be` })
  }
  const precondition = ifMatch === undefined ? undefined : ifMatch === '*' ? { present: true as const } : { revisions: [ifMatch] }
  return { precondition, edit: await editOf(item, { place, imageOf }) }
}

async function editOf(item: Item, { place, imageOf }: { place: number; imageOf: BatchRoutes['imageOf'] }): Promise<Edit> {
  const { op, container, architecture, url, from, digest, version } = item
  const wanted = <Value>(path: string, value: Value | undefined): Value => value ?? refuse(place, { path, message: `is missing for ${op}` })
  if (op === 'delete') return { op }
  if (op === 'patch') return { op, container: wanted('container', container) }
  if (op === 'put') {
    const { images, ...rest } = wanted('container', container)
    for (const [name, image] of Object.entries(images ?? {})) {
      if (image === null)
        refuse(place, { path: `container.images.${name}`, message: 'is null, which only patch understands; leave it out' })
    }
    return { op, container: { ...rest, ...(images && { images: images as NonNullable<(Edit & { op: 'put' })['container']['images']> }) } }
  }
  const named = architectureInPath(wanted('architecture', architecture))
  if (op === 'delete-image') return { op, architecture: named }
  if (from !== undefined && (url ?? digest ?? version) !== undefined)
    refuse(place, { path: 'from', message: 'stands alone, without url, digest and version' })
  if (from !== undefined) return { op, architecture: named, ...(await imageOf(from, named)) }
  return { op, architecture: named, url: wanted('url', url), digest, version }
}

function refuse(place: number, { path, message }: { path: string; message: string }): never {
  const errors = [{ path: `items[${place}].${path}`, message }]
  throw new CatalogueError('parameter_invalid', `${errors[0]!.path} ${message}; nothing was changed`, { details: { errors } })
}

function toResult(result: BatchResult, request: FastifyRequest): Result {
  if ('refused' in result) {
    const { refused, id } = result
    if (!isCatalogueError(refused)) throw refused
    const problem = problemOf(refused, request)
    return { id, status: problem.status, unchanged: true, problem }
  }
  const { before, after, unchanged } = result.changed
  return { id: result.id, status: before || !after ? 200 : 201, unchanged, revision: after?.revision || null }
}
