import { type PublicAddress, wayTo } from '../shared/public-url.ts'
import { answer, type DeclareRoute } from './route.ts'

const links = {
  containers: '/api/v1/containers',
  deleted: '/api/v1/deleted',
  architectures: '/api/v1/architectures',
  events: '/api/v1/events',
  uploads: '/api/v1/uploads',
  openapi: '/openapi.yaml',
  docs: '/docs'
}

/** Leads a client that knows only the address of the API to everything else. */
export function startRoute(route: DeclareRoute, { address }: { address: PublicAddress }): void {
  for (const [path, hide] of [
    ['', false],
    ['/', true]
  ] as const) {
    route({
      method: 'GET',
      path,
      action: 'container:read',
      tag: 'operations',
      summary: 'Where to begin',
      hide,
      answers: { 200: answer('Links to the rest.', 'api-start.json') },
      async handler({ request }) {
        const ways = Object.entries(links).map(([name, to]) => [name, wayTo(to, { request, address })])
        return { name: 'leporello', links: Object.fromEntries(ways) }
      }
    })
  }
}
