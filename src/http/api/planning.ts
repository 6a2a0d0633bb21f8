import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Planning } from '../../catalogue/builds/planning.ts'
import type { DemandCounts } from '../../catalogue/containers/demand.ts'
import { namesOf } from '../../domain/architecture.ts'
import { type ManifestListFormat, manifestListText, manifestListTypes } from '../../domain/build/manifest-list.ts'
import type { Step } from '../../domain/build/plan.ts'
import { jenkinsAxis, kubernetesJobs, planAnswer } from '../../domain/build/plan-output.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Hash } from '../../domain/image/facts.ts'
import type { Plan } from '../../schemas.ts'
import type { BodyBounds } from '../shared/body.ts'
import { choice, strictQuery } from './input.ts'
import { jsonBody } from './json-body.ts'
import { planningDescriptions } from './planning-descriptions.ts'

export interface PlanningRoutes {
  planning: Planning
  demand: Pick<DemandCounts, 'read'>
  hash: Hash
  publicUrl: (request: FastifyRequest) => string
  bounds: BodyBounds
}

const maxDays = 90

/** What follows from what is known: nothing here changes anything. */
export function planningRoutes(app: FastifyInstance, { planning, demand, hash, publicUrl, bounds }: PlanningRoutes): void {
  app.route({
    method: 'POST',
    url: '/api/v1/plan',
    config: { action: 'container:read', describes: planningDescriptions.plan },
    handler: async (request, reply) => {
      const format = choice(strictQuery(request, ['format']).format, { path: 'format', values: ['json', 'jenkins', 'kubernetes'] })
      const { job, ...asked } = await jsonBody(request, { schema: 'plan.json', bounds })
      const { container, steps } = await planning.plan(asked)
      if (format === 'kubernetes') return sendJobs(reply, { container, steps, job, url: publicUrl(request) })
      if (format === 'jenkins') return reply.type('text/plain; charset=utf-8').send(jenkinsAxis(container, steps))
      return reply.send(planAnswer(container, steps))
    }
  })

  function sendJobs(
    reply: FastifyReply,
    { container, steps, job, url }: { container: string; steps: Step[]; job: Plan['job']; url: string }
  ): FastifyReply {
    if (job) return reply.send({ apiVersion: 'v1', kind: 'List', items: kubernetesJobs(container, { url, ...job, steps, hash }) })
    const errors = [
      { path: 'job', message: 'is missing for format=kubernetes; {"image": …, "command": […]} would tell what a build runs in' }
    ]
    throw new CatalogueError('parameter_missing', `body: ${errors[0]!.path} ${errors[0]!.message}`, { details: { errors } })
  }

  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/v1/containers/:id/manifest',
    config: { action: 'container:read', describes: planningDescriptions.manifest },
    handler: async (request, reply) => {
      const given = strictQuery(request, ['format']).format
      const format = given === undefined ? acceptedFormat(request) : choice(given, { path: 'format', values: ['oci', 'docker'] })
      const list = await planning.manifest((request.params as { id: string }).id, format)
      return reply
        .header('vary', 'accept')
        .type(manifestListTypes[format])
        .send(Buffer.from(manifestListText(list)))
    }
  })

  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/v1/architectures',
    config: { action: 'container:read', describes: planningDescriptions.architectures },
    handler: async (request, reply) => {
      const { days = '7' } = strictQuery(request, ['days'])
      if (!/^[1-9]\d?$/.test(days) || Number(days) > maxDays) {
        const errors = [{ path: 'days', message: `is ${JSON.stringify(days.slice(0, 60))}; expected 1 to ${maxDays}` }]
        throw new CatalogueError('parameter_invalid', `query: days ${errors[0]!.message}`, { details: { errors } })
      }
      const { since, rows } = await demand.read(Number(days))
      return reply.send({ since, architectures: rows.map((row) => ({ ...row, names: namesOf(row.architecture) })) })
    }
  })

  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/v1/specs/:id/report',
    config: { action: 'spec:read', describes: planningDescriptions.specReport },
    handler: async (request, reply) => {
      strictQuery(request, [])
      return reply.send(await planning.specReport((request.params as { id: string }).id))
    }
  })
}

/** What a client of registries asks for. */
const acceptedFormat = ({ headers }: FastifyRequest): ManifestListFormat => {
  const accept = headers.accept ?? ''
  return accept.includes(manifestListTypes.docker) && !accept.includes(manifestListTypes.oci) ? 'docker' : 'oci'
}
