import { clientOf } from '../shared/trusted-proxies.ts'
import { type ApiParts, answer, type DeclareRoute, share } from './route.ts'

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
