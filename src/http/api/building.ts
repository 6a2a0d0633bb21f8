import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Building, JobKind } from '../../catalogue/builds/building.ts'
import type { Architecture } from '../../domain/architecture.ts'
import { parseJobWord } from '../../domain/build/job-report.ts'
import { checkDnsLabel, expectedConfigMap, toYamlDocuments } from '../../domain/build/kubernetes.ts'
import { parseNodes } from '../../domain/build/nodes.ts'
import { readArchitectures } from '../../domain/build/rules.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { asFields, type FieldProblem, noOthers, refuseProblems } from '../../domain/json/reading.ts'
import { checkId } from '../../domain/limits.ts'
import { type BodyBounds, readBody } from '../shared/body.ts'
import { causeOf, preconditionOf } from '../shared/circumstances.ts'
import { buildingDescriptions as describes } from './building-descriptions.ts'
import { withEtag } from './etag.ts'
import { architectureInPath, type ImagePath, parseFlag, strictQuery } from './input.ts'

export interface BuildingRoutes {
  building: Building
  bounds: BodyBounds
}

const base = '/api/v1/containers/:id'
/** The list of a thousand nodes, each with the images that it holds. */
const nodesLimit = 32 * 1024 * 1024

/** What a container shall have, and how its builds and tests stand. */
export function buildingRoutes(app: FastifyInstance, { building, bounds }: BuildingRoutes): void {
  const change = (request: FastifyRequest) => {
    const { dryRun } = strictQuery(request, ['dryRun'])
    const { id } = request.params as { id: string }
    return { id, cause: causeOf(request), precondition: preconditionOf(request), dryRun: parseFlag(dryRun, 'dryRun') }
  }

  app.route({
    method: ['GET', 'HEAD'],
    url: `${base}/expected`,
    config: { action: 'container:read', describes: describes.expected },
    handler: async (request, reply) => {
      const { format, name, namespace } = strictQuery(request, ['format', 'name', 'namespace'])
      const id = checkId((request.params as { id: string }).id)
      for (const label of [name, namespace]) if (label) checkDnsLabel(label, 'what names the ConfigMap')
      const expected = await building.expected(id)
      if (!wantsConfigMap(request, format)) return withEtag(reply, expected).send(expected)
      const manifest = expectedConfigMap({ ...expected, name: name || undefined, namespace: namespace || undefined })
      return withEtag(reply, expected)
        .type('application/yaml; charset=utf-8')
        .send(toYamlDocuments([manifest]))
    }
  })

  app.route({
    method: 'PUT',
    url: `${base}/expected`,
    config: { action: 'container:write', describes: describes.expect },
    handler: async (request, reply) => {
      const asked = change(request)
      const architectures = expectedFrom((await readBody(request.raw, { ...bounds, limit: nodesLimit })).toString())
      const expected = await building.expect({ ...asked, architectures })
      return withEtag(reply, expected).send(expected)
    }
  })

  app.route({
    method: 'DELETE',
    url: `${base}/expected`,
    config: { action: 'container:write', describes: describes.withdraw },
    handler: async (request, reply) => {
      const expected = await building.expect({ ...change(request), architectures: null })
      return withEtag(reply, expected).send(expected)
    }
  })

  for (const kind of ['build', 'test'] as const) {
    jobRoutes(kind)
  }

  function jobRoutes(kind: JobKind): void {
    const which = (request: FastifyRequest) => ({ kind, architecture: architectureInPath((request.params as ImagePath).architecture) })

    app.route({
      method: ['GET', 'HEAD'],
      url: `${base}/${kind}s`,
      config: { action: 'container:read', describes: describes[`${kind}s`] },
      handler: async (request, reply) => {
        strictQuery(request, [])
        const { id } = request.params as { id: string }
        const { items, revision } = await building.jobs(id, kind)
        return withEtag(reply, { revision }).send({ container: id, items })
      }
    })

    app.route({
      method: ['GET', 'HEAD'],
      url: `${base}/${kind}s/:architecture`,
      config: { action: 'container:read', describes: describes[kind] },
      handler: async (request, reply) => {
        strictQuery(request, [])
        const { revision, ...job } = await building.job((request.params as ImagePath).id, which(request))
        return withEtag(reply, { revision }).send(job)
      }
    })

    app.route({
      method: 'PUT',
      url: `${base}/${kind}s/:architecture`,
      config: { action: 'container:write', describes: describes[`${kind}Report`] },
      handler: async (request: FastifyRequest, reply: FastifyReply) => {
        const asked = { ...change(request), ...which(request) }
        const word = parseJobWord(parsedJson((await readBody(request.raw, bounds)).toString()), kind)
        const { job, created, unchanged, revision } = await building.report({ ...asked, word })
        return withEtag(reply, { revision })
          .code(created ? 201 : 200)
          .send({ ...job, unchanged })
      }
    })
  }
}

/** `{"architectures": […]}`, or whatever tells the architectures of a cluster's nodes. Throws parameter_invalid, json_invalid. */
function expectedFrom(text: string): Architecture[] {
  const fields = /^\ufeff?\s*\{/.test(text) ? asFields(parsedJson(text)) : undefined
  if (fields === undefined || fields['items'] !== undefined || fields['kind'] !== undefined) return parseNodes(text).architectures
  const problems: FieldProblem[] = []
  noOthers(fields, { names: ['architectures'], path: '', problems })
  const architectures = readArchitectures(fields['architectures'], { path: 'architectures', problems })
  refuseProblems('body', problems)
  return architectures
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (error) {
    throw new CatalogueError('json_invalid', `the body is not JSON: ${(error as Error).message}`)
  }
}

function wantsConfigMap(request: FastifyRequest, format: string | undefined): boolean {
  if (format === 'configmap' || format === 'json') return format === 'configmap'
  if (format !== undefined) {
    throw new CatalogueError('parameter_invalid', `format is ${JSON.stringify(format.slice(0, 60))}; expected json or configmap`)
  }
  return /^\s*(?:application|text)\/(?:x-)?yaml\s*(?:[,;]|$)/i.test(request.headers.accept ?? '')
}
