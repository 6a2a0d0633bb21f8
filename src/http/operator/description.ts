import { readFile } from 'node:fs/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { json, textContent } from '../shared/describes.ts'
import { type PublicAddress, scriptName } from '../shared/public-url.ts'

type OpenApi = { info: { title: string }; servers: { url: string }[]; paths: Record<string, unknown> }

interface DocumentRoute {
  summary: string
  content: ReturnType<typeof json>
  handler(request: FastifyRequest, reply: FastifyReply): Promise<object>
}

/** Under which openapi.yaml has Mozart's routes. */
const described = '/api/v0.1'

/** The description of all faces, read at each request because it is large and seldom requested; its addresses have the proxy's prefix. */
export function descriptionRoutes(app: FastifyInstance, { address, description }: { address: PublicAddress; description: URL }): void {
  const route = (url: string, { summary, content, handler }: DocumentRoute) => {
    const describes = { summary, tags: ['operations'], response: { 200: { description: 'OpenAPI 3.1.', content } } }
    app.route({ method: ['GET', 'HEAD'], url, config: { action: 'operations:read', describes }, handler })
  }
  const read = async (request: FastifyRequest) => {
    const { parse } = await import('yaml')
    const document: OpenApi = parse(await readFile(description, 'utf8'))
    return { ...document, servers: [{ url: scriptName(request, address) || '/' }] }
  }

  route('/openapi.json', {
    summary: 'This description, as JSON',
    content: json('openapi-document.json#'),
    handler: read
  })

  route('/openapi.yaml', {
    summary: 'This description, as YAML',
    content: textContent('openapi: 3.1.0', 'application/yaml'),
    async handler(request, reply) {
      const { stringify } = await import('yaml')
      const text = stringify(await read(request), { aliasDuplicateObjects: false })
      return reply.header('content-type', 'application/yaml; charset=utf-8').send(text)
    }
  })

  for (const version of ['v0.1', 'v0.2']) {
    route(`/api/${version}/swagger.json`, {
      summary: `The description of Mozart's API ${version}`,
      content: json('openapi-document.json#'),
      handler: async (request) => partOf(await read(request), version)
    })
  }
}

/** Mozart's routes, described once, as one version of its API: relative to that version's base path, as Mozart writes them. */
function partOf(document: OpenApi, version: string): OpenApi {
  const base = `/api/${version}`
  const paths = Object.entries(document.paths)
    .filter(([path]) => path.startsWith(`${described}/`))
    .map(([path, operations]) => [path.slice(described.length), operations])
  return {
    ...document,
    info: { ...document.info, title: `${document.info.title}: Mozart's API ${version}` },
    servers: document.servers.map(({ url }) => ({ url: `${url.replace(/\/$/, '')}${base}` })),
    paths: Object.fromEntries(paths)
  }
}
