import type { FastifyInstance } from 'fastify'
import { type Description, json } from '../shared/describes.ts'
import { type PublicAddress, wayTo } from '../shared/public-url.ts'
import { invalid } from './descriptions.ts'
import { strictQuery } from './input.ts'

/** Where to go on, and what describes it all. */
const links = {
  containers: '/api/v1/containers',
  deleted: '/api/v1/deleted',
  architectures: '/api/v1/architectures',
  events: '/api/v1/events',
  uploads: '/api/v1/uploads',
  openapi: '/openapi.yaml',
  docs: '/docs'
}

const describes: Description = {
  summary: 'Where to begin',
  tags: ['operations'],
  response: {
    200: { description: 'Ways to the rest.', content: json('api-start.json#', { name: 'leporello', links }) },
    400: invalid
  }
}

/** Who follows the address of the API finds the way. */
export function startRoute(app: FastifyInstance, { address }: { address: PublicAddress }): void {
  for (const [url, hide] of [
    ['/api/v1', false],
    ['/api/v1/', true]
  ] as const) {
    app.route({
      method: ['GET', 'HEAD'],
      url,
      config: { action: 'container:read', describes: { ...describes, hide } },
      handler: async (request) => {
        strictQuery(request, [])
        const ways = Object.entries(links).map(([name, path]) => [name, wayTo(path, { request, address })])
        return { name: 'leporello', links: Object.fromEntries(ways) }
      }
    })
  }
}
