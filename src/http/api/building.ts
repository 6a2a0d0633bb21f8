import type { FastifyRequest } from 'fastify'
import type { JobKind } from '../../catalogue/builds/building.ts'
import { parseArchitecture } from '../../domain/architecture.ts'
import { parseJobWord } from '../../domain/build/job-report.ts'
import { expectedConfigMap, toYamlDocuments } from '../../domain/build/kubernetes.ts'
import { parseStrict } from '../../domain/json/strict.ts'
import { json, yaml } from '../shared/describes.ts'
import { clientOf } from '../shared/trusted-proxies.ts'
import { bodyText } from './input.ts'
import { type ApiParts, answer, type DeclareRoute, share } from './route.ts'
import { sendTagged, withEtag } from './sending.ts'

/** A list of a thousand nodes, each with the images that it holds. */
const nodesLimit = 32 * 1024 * 1024
/** A report with a Containerfile. */
const containerfileLimit = 512 * 1024
const reading = { action: 'container:read', tag: 'assembly' } as const
const change = { action: 'container:write', tag: 'assembly', query: 'dry-run-query.json', headers: 'change-headers.json' } as const

const configMap = toYamlDocuments([
  expectedConfigMap({ container: 'container-hello:v1', architectures: ['amd64', 'arm64'].map(parseArchitecture) })
])

/** The architectures that containers are expected to have. */
export function expectationRoutes(route: DeclareRoute, { building, bounds, largeTexts }: ApiParts): void {
  route('GET /containers/:id/expected', {
    ...reading,
    params: 'id-parameter.json',
    summary: 'The architectures that a container is expected to have',
    description:
      'Those that were said for this container; else those of the first rule whose pattern matches its id; else those that the server expects of every container. The container need not exist yet.',
    query: 'expected-query.json',
    answers: {
      200: { description: 'The architectures, and who expects them.', content: { ...json('expected-view.json#'), ...yaml(configMap) } }
    },
    async handler({ request, reply, params, query: { format, name, namespace } }) {
      const expected = await building.expected(params.id)
      if (!wantsConfigMap(request, format)) return sendTagged(reply, expected)
      const manifest = expectedConfigMap({ ...expected, name: name || undefined, namespace: namespace || undefined })
      return withEtag(reply, expected)
        .type('application/yaml; charset=utf-8')
        .send(toYamlDocuments([manifest]))
    }
  })

  route('PUT /containers/:id/expected', {
    ...change,
    params: 'id-parameter.json',
    summary: 'Say which architectures a container is expected to have',
    description:
      'A list of names; or what `kubectl get nodes -o json` (or `oc`) prints: a cluster that could be mixed but is not then expects one. A container with images for all of them is complete.',
    consumes: ['application/json', 'text/plain'],
    rawBody: { $ref: 'expected-put.json#' },
    answers: { 200: answer('They are expected now.', 'expected-answer.json') },
    async handler({ request, reply, params, change }) {
      const text = await bodyText(request, { ...bounds, limit: nodesLimit })
      const architectures = await largeTexts.run('expected', text)
      return sendTagged(reply, await building.expect({ id: params.id, ...change, architectures }))
    }
  })

  route('DELETE /containers/:id/expected', {
    ...change,
    params: 'id-parameter.json',
    summary: 'Leave it to the rules and the server again',
    answers: { 200: answer('The architectures that are expected now.', 'expected-answer.json') },
    handler: async ({ reply, params, change }) =>
      sendTagged(reply, await building.expect({ id: params.id, ...change, architectures: null }))
  })
}

/** The status of a container's builds and tests. */
export function jobRoutes(route: DeclareRoute, parts: ApiParts): void {
  routesOfJobs(route, 'build', parts)
  routesOfJobs(route, 'test', parts)
}

function routesOfJobs(route: DeclareRoute, kind: JobKind, { building, bounds }: ApiParts): void {
  const path = `/containers/:id/${kind}s`
  const reportBounds = kind === 'build' ? { ...bounds, limit: containerfileLimit } : bounds

  route(`GET ${path}`, {
    ...reading,
    summary: `The ${kind}s of a container`,
    params: 'id-parameter.json',
    answers: {
      200: answer('One for each architecture.', 'job-list.json'),
      404: `There is no such container, and no ${kind} of it was reported.`
    },
    async handler({ reply, params }) {
      const { items, revision } = await building.jobs(params.id, kind)
      return withEtag(reply, { revision }).send({ container: params.id, items })
    }
  })

  route(`GET ${path}/:architecture`, {
    ...reading,
    summary: `The ${kind} of one architecture`,
    params: 'image-parameters.json',
    answers: {
      200: answer('The latest report.', 'job.json'),
      404: `No ${kind} was reported for this architecture: \`available\` lists those that have one.`
    },
    async handler({ reply, params: { id, architecture } }) {
      const { revision, ...job } = await building.job(id, { kind, architecture })
      return withEtag(reply, { revision }).send(job)
    }
  })

  route(`PUT ${path}/:architecture`, {
    ...change,
    summary: `Report the ${kind} of one architecture`,
    description: `The latest report counts: one that failed makes the container degraded, until a later one succeeds or a newer image arrives. One that is running and falls silent becomes stale after a while: send the report again as a sign of life. A ${kind} may be reported before its container exists.`,
    params: 'image-parameters.json',
    rawBody: { $ref: 'job-put.json#' },
    consumes: ['application/json'],
    answers: {
      200: answer('The report is stored.', 'job-answer.json'),
      201: answer('The report is stored; it is the first one for this architecture.', 'job-answer.json')
    },
    async handler({ request, reply, params: { id, architecture }, change }) {
      const word = parseJobWord(parseStrict(await bodyText(request, reportBounds), { what: 'the body' }), kind)
      const { job, created, unchanged, revision } = await building.report({ id, kind, architecture, ...change, word })
      return withEtag(reply, { revision })
        .code(created ? 201 : 200)
        .send({ ...job, unchanged })
    }
  })
}

function wantsConfigMap(request: FastifyRequest, format: string | undefined): boolean {
  if (format !== undefined) return format === 'configmap'
  return /^\s*(?:application|text)\/(?:x-)?yaml\s*(?:[,;]|$)/i.test(request.headers.accept ?? '')
}

/** The long poll. */
export function waitRoutes(route: DeclareRoute, { app, waiting }: ApiParts): void {
  const waiters = new Set<AbortController>()
  // this runs before the server waits for the requests under way
  app.addHook('preClose', async () => {
    for (const waiter of waiters) waiter.abort()
  })

  route('GET /containers/:id/wait', {
    action: 'container:read',
    tag: 'assembly',
    summary: 'Wait until a container is complete',
    description:
      'Answers as soon as it is complete, or when the time is up: then with 200, `reached: false`, and which architectures are missing and why. The container need not exist yet. `settled` is complete or degraded, for clients that want to know at once that a build failed.',
    params: 'id-parameter.json',
    query: 'wait-query.json',
    answers: { 200: answer('The goal is reached, or the time is up: `reached` tells which.', 'wait-answer.json'), 429: share },
    async handler({ request, reply, params: { id }, query: { for: goal, architecture, timeout } }) {
      const waiter = new AbortController()
      reply.raw.once('close', () => waiter.abort())
      waiters.add(waiter)
      const wanted = { id, goal, architecture, withinMs: timeout * 1000, signal: waiter.signal }
      const waited = await waiting.wait({ ...wanted, client: clientOf(request) }).finally(() => waiters.delete(waiter))
      return reply.header('cache-control', 'no-store').send(waited)
    }
  })
}
