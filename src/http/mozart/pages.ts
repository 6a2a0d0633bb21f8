import type { FastifyInstance, FastifyReply } from 'fastify'
import { type PublicAddress, requestUrl, scriptName } from '../shared/public-url.ts'

const services = Buffer.from('{"content":"HySDS job orchestration/worker library","success":true}\n')

/** The pages of Mozart's site: redirects to its documentation, which the operator face serves, and /services. */
export function pageRoutes(app: FastifyInstance, address: PublicAddress): void {
  const config = { action: 'operations:read' } as const
  const route = { method: ['GET', 'HEAD'], config }

  app.route({
    ...route,
    url: '/',
    // a browser goes to the pages for people; other clients, as with Mozart, to the description of its API
    handler: (request, reply) => {
      const page = /\btext\/html\b/.test(request.headers.accept ?? '') ? '/ui/' : '/api/v0.1/doc/'
      return redirect(reply.code(302), `${scriptName(request, address)}${page}`)
    }
  })
  for (const url of ['/api/v0.1', '/api/v0.2', '/api/v0.1/doc', '/api/v0.2/doc']) {
    app.route({
      ...route,
      url,
      handler: (request, reply) => {
        const query = request.url.slice(url.length)
        return redirect(reply.code(308), `${requestUrl(request, address)}${url}/${query}`)
      }
    })
  }
  app.route({ ...route, url: '/services', handler: (_request, reply) => reply.header('content-type', 'application/json').send(services) })
}

/** Redirects with Werkzeug's page, byte for byte. */
function redirect(reply: FastifyReply, location: string): FastifyReply {
  const target = location.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
  const page = `<!doctype html>
<html lang=en>
<title>Redirecting...</title>
<h1>Redirecting...</h1>
<p>You should be redirected automatically to the target URL: <a href="${target}">${target}</a>. If not, click the link.
`
  return reply.headers({ location, 'content-type': 'text/html; charset=utf-8' }).send(page)
}
