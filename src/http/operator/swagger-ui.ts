import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import { undescribed } from '../shared/describes.ts'

/** Swagger UI's files as its plugin ships them; the plugin itself takes 2.5 MB of memory, and its absolute links break behind a proxy. */
const folder = new URL('./static/', import.meta.resolve('@fastify/swagger-ui'))

const assets: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png'
}

type SwaggerPage = (typeof pages)[number]

/** `toRoot` leads from the page's own address to the root of this server, and `describedBy` from there to the description. */
const pages = [
  { url: '/docs', title: 'Leporello', toRoot: './', describedBy: 'openapi.json' },
  { url: '/docs/', title: 'Leporello', toRoot: '../', describedBy: 'openapi.json' },
  ...['v0.1', 'v0.2'].flatMap((version) => {
    const page = { title: `Leporello: Mozart's API ${version}`, describedBy: `api/${version}/swagger.json` }
    return [
      { ...page, url: `/api/${version}/`, toRoot: '../../' },
      { ...page, url: `/api/${version}/doc/`, toRoot: '../../../' }
    ]
  })
]

export function swaggerUiRoutes(app: FastifyInstance): void {
  const route = { method: ['GET', 'HEAD'], config: { action: 'operations:read' as const, describes: undescribed } }
  for (const page of pages) {
    app.route({ ...route, url: page.url, handler: async (_request, reply) => reply.headers(pageHeaders(page)).send(html(page)) })
  }
  for (const [name, type] of Object.entries(assets)) {
    app.route({
      ...route,
      url: `/docs/${name}`,
      handler: async (_request, reply) =>
        reply.headers({ 'content-type': type, 'cache-control': 'max-age=3600' }).send(await readFile(new URL(name, folder)))
    })
  }
}

const start = ({ toRoot, describedBy }: SwaggerPage): string =>
  `SwaggerUIBundle({ url: '${toRoot}${describedBy}', dom_id: '#swagger-ui', deepLinking: true, tryItOutEnabled: true })`

/** What the page may do: run its own scripts, ask this server, and be no part of another page. Swagger UI has styles and images inside. */
const pageHeaders = (page: SwaggerPage) => ({
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    "default-src 'none'",
    `script-src 'self' 'sha256-${createHash('sha256').update(start(page)).digest('base64')}'`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  // its own writes by GET are told from those of other pages by it
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY'
})

/** All links are relative to the page, so they lead back through whatever proxies there are. */
const html = (page: SwaggerPage) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title}</title>
<link rel="stylesheet" href="${page.toRoot}docs/swagger-ui.css">
<link rel="icon" type="image/png" href="${page.toRoot}docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="${page.toRoot}docs/swagger-ui-bundle.js"></script>
<script>${start(page)}</script>
</body>
</html>
`
