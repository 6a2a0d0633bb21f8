import { type Description, json, text } from '../shared/describes.ts'
import { problem, refusals } from './container-descriptions.ts'

const read = { 400: refusals[400], 503: refusals[503] }
const posted = { ...read, 408: refusals[408], 413: refusals[413] }
const list = { schema: { $ref: 'manifest-list.json#' } }

export const planningDescriptions = {
  plan: {
    summary: 'What is to be built, and what can be reused',
    description:
      'One architecture never decides about another: a change for arm64 does not rebuild amd64, and the order of architectures never matters. It changes nothing.',
    tags: ['pipelines'],
    querystring: { $ref: 'plan-query.json#' },
    consumes: ['application/json'],
    body: { $ref: 'plan.json#' },
    response: {
      200: {
        description: 'The plan.',
        content: {
          'application/json': { schema: { $ref: 'plan-reply.json#' } },
          ...text("axis {\n  name 'ARCHITECTURE'\n  values 'arm64'\n}\n")
        }
      },
      ...posted
    }
  },
  manifest: {
    summary: 'A container as OCI index or Docker manifest list',
    description:
      'From proven facts only: an image of which no digest is proven is named under unproven. The same bytes whatever the order in which images came.',
    tags: ['containers'],
    params: { $ref: 'id-parameter.json#' },
    querystring: { $ref: 'manifest-query.json#' },
    response: {
      200: {
        description: 'The list.',
        content: {
          'application/vnd.oci.image.index.v1+json': list,
          'application/vnd.docker.distribution.manifest.list.v2+json': list
        }
      },
      ...read,
      404: problem('There is no such container.')
    }
  },
  architectures: {
    summary: 'Which architectures machines asked for, and which containers lack them',
    description: 'Counted when an image is resolved, and written down now and then: a killed server loses what it counted since.',
    tags: ['pipelines'],
    querystring: { $ref: 'architectures-query.json#' },
    response: { 200: { description: 'By architecture.', content: json('architectures-answer.json#') }, ...read }
  },
  specReport: {
    summary: 'On which architectures a job can run',
    tags: ['specs'],
    params: { $ref: 'id-parameter.json#' },
    response: {
      200: { description: 'The report.', content: json('spec-report.json#') },
      ...read,
      404: problem('There is no such job spec.')
    }
  }
} satisfies Record<string, Description>
