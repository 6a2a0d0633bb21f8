import { type DescribedAnswer, type Description, json, textContent } from '../shared/describes.ts'
import type { MozartOperation, MozartRoute } from './routes.ts'
import type { DocumentKind } from './words.ts'

const names: Record<DocumentKind, string> = { container: 'container', job_spec: 'job spec', hysds_io: 'hysds-io' }
const forms = ['application/x-www-form-urlencoded', 'multipart/form-data', 'application/json']

const refusal = (description: string, message: string): DescribedAnswer => ({
  description,
  content: json('mozart-refusal.json#', { success: false, message, result: null })
})
const done = (description: string): DescribedAnswer => ({ description, content: json('done-reply.json#') })

const away = refusal('The store does not answer; try again.', 'the store does not answer')
const invalid = refusal('A parameter is missing or wrong.', 'Parameters (name, url, version, digest) must be supplied')
const unknown = refusal('There is none with this id.', 'container not found: hello:2')
const written = {
  400: invalid,
  401: refusal('It needs a token (LEPORELLO_POLICY).', 'container:write needs a token with the scope "register"'),
  403: refusal('The policy, or the token, does not permit it.', 'the token "ci" lacks the scope "register", which container:write needs'),
  503: away
}
const resolved = {
  400: invalid,
  404: refusal(
    'There is none with this id, or it has no image for that architecture.',
    'hello:1 has no image for arm64 (asked as aarch64); it has: amd64'
  ),
  409: refusal(
    "The image's bytes are proven to be for another architecture, or it is gone; force=true gives it all the same.",
    'the image for arm64 of hello:1 is proven to be for amd64: /bin/sh is for amd64; force=true gives it all the same'
  ),
  503: away
}

/** Every route is there three times; openapi.yaml shows the one under v0.1, and says so. */
export function descriptionOf({ kind, operation, url }: Pick<MozartRoute, 'kind' | 'operation' | 'url'>): Description {
  return { tags: ['mozart'], hide: !url.startsWith('/api/v0.1/'), ...operations[operation](kind) }
}

const operations: Record<MozartOperation, (kind: DocumentKind) => Omit<Description, 'tags'>> = {
  list: (kind) => ({
    summary: `List the ids of every ${names[kind]}`,
    response: {
      200: { description: 'The ids.', content: json('ids-reply.json#', { success: true, message: '', result: ['hello:1'] }) },
      503: away
    }
  }),

  add: (kind) => ({
    summary: `Add or replace a ${names[kind]}`,
    description: 'Parameters are taken from the form, the query, or a JSON body.',
    consumes: forms,
    body: { $ref: kind === 'container' ? 'container-add.json#' : 'spec-add.json#' },
    response: {
      200: done('It is stored.'),
      ...written,
      413: refusal('The body is too large.', 'the body is larger than 33554432 bytes, the most that is read here')
    }
  }),

  info: (kind) => ({
    summary: kind === 'container' ? 'A container; with arch, as a machine of that architecture sees it' : `A ${names[kind]}`,
    querystring: { $ref: kind === 'container' ? 'container-query.json#' : 'id-query.json#' },
    response: {
      200: { description: 'The document.', content: json(kind === 'container' ? 'container-reply.json#' : 'spec-reply.json#') },
      ...(kind === 'container' ? resolved : { 400: invalid, 404: unknown, 503: away })
    }
  }),

  remove: (kind) => ({
    summary: `Remove a ${names[kind]}`,
    querystring: { $ref: 'id-query.json#' },
    response: { 200: done('It is removed.'), ...written, 404: unknown }
  }),

  resolve: () => ({
    summary: 'The one image that a machine can run',
    querystring: { $ref: 'resolve-query.json#' },
    response: {
      200: {
        description: 'The image.',
        content: { ...json('resolution-reply.json#'), ...textContent('s3://bucket/hello-1-arm64.tar.gz\n') }
      },
      ...resolved
    }
  })
}
