import { type Answer, type Description, json, text } from '../shared/describes.ts'
import type { MozartRoute, Operation } from './routes.ts'
import type { Kind } from './words.ts'

const names: Record<Kind, string> = { container: 'container', job_spec: 'job spec', hysds_io: 'hysds-io' }
const forms = ['application/x-www-form-urlencoded', 'multipart/form-data', 'application/json']

const refusal = (message: string) => json('mozart-refusal.json#', { success: false, message, result: null })
const invalid: Answer = {
  description: 'A parameter is missing or wrong.',
  content: refusal('Parameters (name, url, version, digest) must be supplied')
}
const away: Answer = { description: 'The store does not answer; try again.', content: refusal('the store does not answer') }
const forbidden: Answer = {
  description: 'This server takes no writes.',
  content: refusal('the policy "read-only" of this service does not permit container:write')
}
const unknown: Answer = { description: 'There is none by that id.', content: refusal('container not found: hello:2') }
const mislabelled: Answer = {
  description: "The image's bytes are proven to be another architecture's; force=true gives it all the same.",
  content: refusal('the image for arm64 of hello:1 is proven to be for amd64: /bin/sh is for amd64; force=true gives it all the same')
}
const missing: Answer = {
  description: 'There is none by that id, or it has no image for that architecture.',
  content: refusal('hello:1 has no image for arm64 (asked as aarch64); it has: amd64')
}
const tooLarge: Answer = {
  description: 'The body is too large.',
  content: refusal('the body is larger than 33554432 bytes, the most that is read here')
}

/** What openapi.yaml says about a route of Mozart's. */
export function descriptionOf({ kind, operation, version }: Pick<MozartRoute, 'kind' | 'operation' | 'version'>): Description {
  return { tags: [`mozart ${version}`], ...operations[operation](kind) }
}

const operations: Record<Operation, (kind: Kind) => Omit<Description, 'tags'>> = {
  list: (kind) => ({
    summary: `List the ids of every ${names[kind]}`,
    response: {
      200: { description: 'The ids.', content: json('ids-reply.json#', { success: true, message: '', result: ['hello:1'] }) },
      503: away
    }
  }),

  add: (kind) => ({
    summary: `Add or replace a ${names[kind]}`,
    description: 'Parameters may stand in the form, in the query, or in a JSON body.',
    consumes: forms,
    body: { $ref: kind === 'container' ? 'container-add.json#' : 'spec-add.json#' },
    response: {
      200: { description: 'It is stored.', content: json('done-reply.json#') },
      400: invalid,
      403: forbidden,
      413: tooLarge,
      503: away
    }
  }),

  info: (kind) => ({
    summary: kind === 'container' ? 'A container; with arch, as a machine of that architecture shall see it' : `A ${names[kind]}`,
    querystring: { $ref: kind === 'container' ? 'container-query.json#' : 'id-query.json#' },
    response: {
      200: { description: 'The document.', content: json(kind === 'container' ? 'container-reply.json#' : 'spec-reply.json#') },
      400: invalid,
      404: kind === 'container' ? missing : unknown,
      ...(kind === 'container' && { 409: mislabelled }),
      503: away
    }
  }),

  remove: (kind) => ({
    summary: `Remove a ${names[kind]}`,
    querystring: { $ref: 'id-query.json#' },
    response: {
      200: { description: 'It is removed.', content: json('done-reply.json#') },
      400: invalid,
      403: forbidden,
      404: unknown,
      503: away
    }
  }),

  resolve: () => ({
    summary: 'The one image that a machine can run',
    querystring: { $ref: 'resolve-query.json#' },
    response: {
      200: { description: 'The image.', content: { ...json('resolution-reply.json#'), ...text('s3://bucket/hello-1-arm64.tar.gz\n') } },
      400: invalid,
      404: missing,
      409: { ...mislabelled, description: `${mislabelled.description} Likewise one that is known to be gone.` },
      503: away
    }
  })
}
