import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { parse } from 'yaml'
import { mozartRoutes } from '../../src/http/mozart/routes.ts'
import { generated } from '../../tools/generated.ts'
import { startWithTarballs } from '../support/tarballs.ts'

t.test('generated files are what the routes and schemas say; npm run generate makes them so', async (t) => {
  const files = await generated()

  t.strictSame(files.map(({ path }) => path).sort(), [
    ...['docs/api.md', 'docs/command-line.md', 'docs/configuration.md'],
    ...['openapi.yaml', 'src/schemas.ts']
  ])
  for (const { path, text } of files) t.equal(await readFile(join(process.cwd(), path), 'utf8'), text, path)
})

t.test('every operation in openapi.yaml has a summary, an answer for when all is well, and no shape that hangs in the air', async (t) => {
  const text = await readFile('openapi.yaml', 'utf8')
  const { paths, components } = parse(text) as Description
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation }))
  )

  t.ok(operations.length > 60, `${operations.length} operations`)
  for (const { name, operation } of operations) {
    const well = name.includes('/unavailable/') ? /^404$/ : /^2/
    t.ok(operation.summary && Object.keys(operation.responses).some((status) => well.test(status)), name)
  }
  const referred = new Set([...text.matchAll(/\$ref: "#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name!))
  t.strictSame(
    [...referred].filter((name) => !(name in components.schemas)),
    []
  )
})

t.test('every route of /api/v1 that a server has stands in openapi.yaml', async (t) => {
  const routes: string[] = []
  const before = async (app: FastifyInstance) => {
    app.addHook('onRoute', ({ method, url }) => {
      if (/^\/api\/v1\/./.test(url)) for (const one of [method].flat()) routes.push(`${one} ${url.replace(/:(\w+)/g, '{$1}')}`)
    })
  }
  await startWithTarballs(t, { before })
  const { paths } = parse(await readFile('openapi.yaml', 'utf8')) as Description
  const described = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((one) => `${one.toUpperCase()} ${path}`))

  const ours = routes.filter((route) => /^(GET|PUT|POST|PATCH|DELETE) /.test(route))
  t.ok(ours.length > 40, `${ours.length} routes`)
  t.strictSame(
    ours.filter((route) => !described.includes(route)),
    []
  )
})

t.test('the base paths, v0.1 and v0.2 have the same routes, and openapi.yaml has them once', async (t) => {
  const { paths } = parse(await readFile('openapi.yaml', 'utf8')) as Description
  const of = (all: readonly string[], prefix: string) =>
    [...new Set(all)]
      .filter((path) => path.startsWith(`${prefix}/`) && /^\/(container|job_spec|hysds_io)(\/|$)/.test(path.slice(prefix.length)))
      .map((path) => path.slice(prefix.length))
      .sort()
  const served = mozartRoutes.map(({ url }) => url)

  t.ok(of(served, '').length > 15)
  t.strictSame(of(served, '/api/v0.1'), of(served, ''))
  t.strictSame(of(served, '/api/v0.2'), of(served, ''))
  t.strictSame(of(Object.keys(paths), '/api/v0.1'), of(served, ''))
  t.strictSame([...of(Object.keys(paths), '/api/v0.2'), ...of(Object.keys(paths), '')], [])
})

interface Description {
  paths: Record<string, Record<string, { summary: string; responses: Record<string, unknown> }>>
  components: { schemas: Record<string, unknown> }
}
