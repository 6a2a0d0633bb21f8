import { badgeSvg } from '../../domain/releases/badge.ts'
import { json, textContent } from '../shared/describes.ts'
import type { ApiParts, DeclareRoute } from './route.ts'

/** Long enough for the proxies of pages that are read often, and short for a badge that changes. */
const caching = 'public, max-age=300'

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
        reply.header('etag', etag).header('cache-control', caching).header('content-security-policy', "default-src 'none'")
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
