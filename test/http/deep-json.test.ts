import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { startWithTarballs } from '../support/tarballs.ts'

const depth = 5000
const lists = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const objects = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
const [list, object] = [lists(depth), objects(depth)]
/** With the members that routes look for, so that what reads them comes upon the depth. */
const within = (value: string) => {
  const named = ['urls', 'spec', 'images', 'expected', 'architectures', 'sources', 'report'].map((name) => `"${name}":${value}`)
  return `{"id":"x","name":"x","version":"1","digest":"d","url":"u","items":[${value}],${named.join()}}`
}

interface KnownRoute {
  method: string
  path: string
  /** Whether it is described as one that takes JSON. */
  takesJson: boolean
}

async function openRoutes(t: Test): Promise<{ app: FastifyInstance; routes: KnownRoute[] }> {
  const routes: KnownRoute[] = []
  const before = async (app: FastifyInstance) => {
    app.addHook('onRoute', ({ method, url, config }) => {
      const path = url.replace(':architecture', 'arm64').replace(/:\w+/g, 'hello%3A1')
      const takesJson = config?.describes?.consumes?.includes('application/json') === true
      for (const one of [method].flat()) routes.push({ method: one, path, takesJson })
    })
  }
  const { app } = await startWithTarballs(t, { before })
  return { app, routes }
}

for (const [name, payload] of Object.entries({
  ...{ 'a list of lists': list, 'an object of objects': object },
  // together no larger than what routes read
  ...{ 'lists in all members': within(lists(1100)), 'objects in all members': within(objects(1100)) }
})) {
  t.test(`JSON nested deeply (${name}) is never a fault of ours, and 400 where JSON is taken`, async (t) => {
    const { app, routes } = await openRoutes(t)
    const writing = routes.filter(({ method }) => ['PUT', 'POST', 'PATCH', 'DELETE'].includes(method))

    for (const { method, path, takesJson } of writing) {
      const reply = await app.inject({ method: method as 'PUT', url: path, headers: { 'content-type': 'application/json' }, payload })

      if (takesJson) t.equal(reply.statusCode, 400, `${method} ${path}`)
      else t.ok(reply.statusCode < 500, `${method} ${path}: ${reply.statusCode}`)
    }
    t.ok(writing.length > 50 && writing.filter(({ takesJson }) => takesJson).length > 10, `${writing.length} routes`)
  })
}

t.test('form values and queries that hold JSON nested deeply are 400, and so is a cursor', async (t) => {
  const { app, routes } = await openRoutes(t)
  const adding = routes.filter(({ method, path }) => method === 'POST' && /(container|job_spec|hysds_io)(\/add)?$/.test(path))
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }

  for (const { path } of adding.filter(({ path }) => !path.startsWith('/api/v1'))) {
    for (const value of [list, object, `{"id": "x", "a": ${list}}`]) {
      const payload = new URLSearchParams({ name: 'x', version: '1', digest: 'd', url: 'u', urls: value, spec: value }).toString()
      t.equal((await app.inject({ method: 'POST', url: path, headers, payload })).statusCode, 400, path)
    }
  }
  const cursor = Buffer.from(list).toString('base64url')
  for (const path of ['/api/v1/containers', '/api/v1/deleted', '/api/v1/containers/hello%3A1/history']) {
    t.ok((await app.inject(`${path}?cursor=${cursor}`)).statusCode < 500, path)
  }
  t.equal(adding.length, 18)
})

t.test('an image list nested deeply is refused, in whatever way it is nested', async (t) => {
  const { app } = await openRoutes(t)
  const lines = Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')

  for (const payload of [list, object, `# "\n${list}`, '- '.repeat(depth), '? '.repeat(depth), lines]) {
    const headers = { 'content-type': 'application/yaml' }
    const reply = await app.inject({ method: 'POST', url: '/api/v1/image-list/discover', headers, payload })
    t.match(reply.json(), { status: 400, detail: /nested deeper than 50 levels/ })
  }
})
