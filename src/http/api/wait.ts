import type { FastifyInstance } from 'fastify'
import { goals, type Waiting } from '../../catalogue/lists/waiting.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { type Description, json } from '../shared/describes.ts'
import { problem } from './container-descriptions.ts'
import { architectureInPath, strictQuery } from './input.ts'

const longestS = 300
const usualS = 30

const example = {
  container: 'container-hello:v1',
  for: 'complete',
  architecture: null,
  reached: false,
  state: 'partial',
  expected: ['amd64', 'arm64'],
  missing: ['arm64'],
  reasons: [
    {
      code: 'missing',
      architecture: 'arm64',
      message: 'there is no image for arm64 yet: its build is running since 2026-01-02T03:00:01.000Z',
      since: '2026-01-02T03:00:00.000Z'
    }
  ],
  revision: '9f86d081.12.1'
}

const describes: Description = {
  summary: 'Wait until a container is complete',
  description:
    'Answers as soon as it is so; else when time is up, with 200 and `reached: false`, and tells which architectures are missing and why. It may be asked before there is a container. `settled` is complete or degraded: for whoever wants to know at once that a build failed.',
  tags: ['assembly'],
  params: { $ref: 'id-parameter.json#' },
  querystring: { $ref: 'wait-query.json#' },
  response: {
    200: { description: 'It is so, or time is up: `reached` tells.', content: json('wait-answer.json#', example) },
    400: problem('Something in the request is wrong, or not known here.'),
    503: problem('A store does not answer, or too many are waiting; try again.')
  }
}

/** The long poll. */
export function waitRoutes(app: FastifyInstance, { waiting }: { waiting: Waiting }): void {
  const waiters = new Set<AbortController>()
  // before the server waits for requests under way
  app.addHook('preClose', async () => {
    for (const waiter of waiters) waiter.abort()
  })

  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/v1/containers/:id/wait',
    config: { action: 'container:read', describes },
    handler: async (request, reply) => {
      const { for: goal = 'complete', architecture, timeout } = strictQuery(request, ['for', 'architecture', 'timeout'])
      const waiter = new AbortController()
      reply.raw.once('close', () => waiter.abort())
      const asked = {
        id: (request.params as { id: string }).id,
        goal: parseGoal(goal),
        architecture: architecture === undefined ? undefined : architectureInPath(architecture),
        withinMs: parseSeconds(timeout) * 1000,
        signal: waiter.signal
      }
      waiters.add(waiter)
      const waited = await waiting.wait(asked).finally(() => waiters.delete(waiter))
      return reply.header('cache-control', 'no-store').send(waited)
    }
  })
}

function parseGoal(text: string) {
  const goal = goals.find((one) => one === text)
  if (goal !== undefined) return goal
  throw new CatalogueError('parameter_invalid', `for is ${JSON.stringify(text.slice(0, 60))}; expected one of ${goals.join(', ')}`)
}

function parseSeconds(text: string | undefined): number {
  if (text === undefined) return usualS
  const seconds = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN
  if (seconds <= longestS) return seconds
  throw new CatalogueError('parameter_invalid', `timeout is ${JSON.stringify(text.slice(0, 60))}; expected seconds, 0 to ${longestS}`)
}
