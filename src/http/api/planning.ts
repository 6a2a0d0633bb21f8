import type { FastifyRequest } from 'fastify'
import { namesOf } from '../../domain/architecture.ts'
import { type ManifestListFormat, manifestListText, manifestListTypes } from '../../domain/build/manifest-list.ts'
import { jenkinsAxis, kubernetesJobs, planAnswer } from '../../domain/build/plan-output.ts'
import { badgeSvg } from '../../domain/releases/badge.ts'
import { json, textContent } from '../shared/describes.ts'
import { type ApiParts, answer, type DeclareRoute } from './route.ts'
import { refuseShape } from './validation.ts'

const jobMissing = 'is missing; format=kubernetes needs {"image": …, "command": […]}, which a build runs in'

/** What to build. Nothing here changes anything. */
export function planningRoutes(route: DeclareRoute, { planning, demand, hash }: ApiParts): void {
  route('POST /plan', {
    action: 'container:read',
    tag: 'pipelines',
    summary: 'What is to be built, and what can be reused',
    description:
      'One architecture never decides about another: a change for arm64 does not rebuild amd64, and the order of architectures never matters. It changes nothing.',
    query: 'plan-query.json',
    body: 'plan.json',
    answers: {
      200: {
        description: 'The plan.',
        content: { ...json('plan-reply.json#'), ...textContent("axis {\n  name 'ARCHITECTURE'\n  values 'arm64'\n}\n") }
      }
    },
    async handler({ request, reply, query: { format }, body: { job, ...wanted }, publicUrl }) {
      const plan = await planning.plan(wanted)
      const { container, steps } = plan
      request.echoes = format === 'kubernetes'
      if (format === 'kubernetes') {
        if (!job) refuseShape('body', [{ path: 'job', message: jobMissing }], 'parameter_missing')
        return { apiVersion: 'v1', kind: 'List', items: kubernetesJobs(container, { url: publicUrl, ...job, steps, hash }) }
      }
      if (format === 'jenkins') return reply.type('text/plain; charset=utf-8').send(jenkinsAxis(container, steps))
      return planAnswer(plan)
    }
  })

  route('GET /architectures', {
    action: 'container:read',
    tag: 'pipelines',
    summary: 'The architectures that machines asked for, and the containers that lack them',
    description: 'Counted when an image is resolved, and stored now and then: a server that is killed loses the counts since.',
    query: 'architectures-query.json',
    answers: { 200: answer('By architecture.', 'architectures-answer.json') },
    async handler({ query: { days } }) {
      const { since, rows } = await demand.read(days)
      return { since, architectures: rows.map((row) => ({ ...row, names: namesOf(row.architecture) })) }
    }
  })
}

/** What containers and job specs amount to. */
export function derivedRoutes(route: DeclareRoute, { planning, manifestList }: ApiParts): void {
  route('GET /containers/:id/manifest', {
    action: 'container:read',
    tag: 'containers',
    summary: 'A container as OCI index or Docker manifest list',
    description:
      'From proven facts and from what was pushed, as registry clients get it: an image whose digest is neither is listed under unproven. The bytes are the same whatever the order in which images arrived.',
    params: 'id-parameter.json',
    query: 'manifest-query.json',
    answers: {
      200: {
        description: 'The list.',
        content: Object.fromEntries(Object.values(manifestListTypes).map((type) => [type, { schema: { $ref: 'manifest-list.json#' } }]))
      },
      404: 'There is no such container.'
    },
    async handler({ request, reply, params, query: { format = acceptedFormat(request) } }) {
      const list = await manifestList(params.id, format)
      return reply
        .header('vary', 'accept')
        .type(manifestListTypes[format])
        .send(Buffer.from(manifestListText(list)))
    }
  })

  route('GET /specs/:id/report', {
    action: 'spec:read',
    tag: 'specs',
    summary: 'The architectures on which a job can run',
    params: 'id-parameter.json',
    answers: { 200: answer('The report.', 'spec-report.json'), 404: 'There is no such job spec.' },
    handler: ({ params }) => planning.specReport(params.id)
  })
}

/** The format that a registry client accepts. */
const acceptedFormat = ({ headers }: FastifyRequest): ManifestListFormat => {
  const accept = headers.accept ?? ''
  return accept.includes(manifestListTypes.docker) && !accept.includes(manifestListTypes.oci) ? 'docker' : 'oci'
}

/** Long enough for the proxies of pages that are read often, and short for a badge that changes. */
const badgeCaching = 'public, max-age=300'

/** Pictures of the architectures on which a container is proven to run. */
export function badgeRoutes(route: DeclareRoute, { badgeFor, hash }: ApiParts): void {
  for (const format of ['svg', 'json'] as const) {
    route(`GET /badge/:id.${format}`, {
      action: 'container:read',
      tag: 'releases',
      summary: `The architectures that are proven, as ${format === 'svg' ? 'a picture for a README' : 'JSON'}`,
      description: 'An architecture whose image was not read, or is not what it was registered as, is not mentioned.',
      params: 'id-parameter.json',
      answers: {
        200: {
          description: 'The badge.',
          content: format === 'svg' ? textContent('<svg xmlns="http://www.w3.org/2000/svg"/>', 'image/svg+xml') : json('badge.json#')
        },
        304: { description: 'It is the one that If-None-Match names.' },
        404: 'There is no such container.'
      },
      async handler({ request, reply, params }) {
        const badge = await badgeFor(params.id)
        const text = format === 'svg' ? badgeSvg(badge) : `${JSON.stringify({ schemaVersion: 1, ...badge })}\n`
        const etag = `"${hash(text)}"`
        reply.header('etag', etag).header('cache-control', badgeCaching).header('content-security-policy', "default-src 'none'")
        // it is for pages of other sites
        reply.header('cross-origin-resource-policy', 'cross-origin')
        if (request.headers['if-none-match'] === etag) return reply.code(304).send()
        return reply
          .header('content-type', format === 'svg' ? 'image/svg+xml; charset=utf-8' : 'application/json; charset=utf-8')
          .send(text)
      }
    })
  }
}
