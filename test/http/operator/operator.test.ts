import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { CatalogueError } from '../../../src/domain/errors.ts'
import type { Stores } from '../../../src/stores/document-store.ts'
import { operatorOptions } from '../../support/operator-options.ts'
import { openStores, startServer } from '../../support/start-server.ts'

const hello = { id: 'hello/world:1', digest: 'sha256:0', url: 's3://b/hello.tar.gz', version: '1' }
const armOnly = { ...hello, id: 'arm:1', urls: '{"arm64": "s3://b/arm.tar.gz", "aarch64": "s3://b/arm.tar.gz"}' }

async function started(t: Test, change: (stores: Stores) => Stores = (stores) => stores) {
  const stores = change(await openStores(t))
  return startServer(t, { stores, operator: operatorOptions(stores) })
}

t.test('a probe is told that the process lives, and whether requests can be answered', async (t) => {
  const { app } = await started(t)

  t.strictSame((await app.inject('/health/live')).json(), { live: true })
  const ready = await app.inject('/health/ready')
  t.equal(ready.statusCode, 200)
  t.strictSame(ready.json(), { ready: true, checks: { store: { ok: true } } })
})

t.test('a store that is not well is a 503 that says why', async (t) => {
  const { app } = await started(t, (stores) => ({ ...stores, health: async () => ({ ok: false, reason: 'red: containers' }) }))

  const reply = await app.inject('/health/ready')

  t.equal(reply.statusCode, 503)
  t.strictSame(reply.json(), { ready: false, checks: { store: { ok: false, reason: 'red: containers' } } })
})

t.test('/version names program, commit, store and engine, and null for an engine that is away', async (t) => {
  const { app } = await started(t)
  const away = await started(t, (stores) => ({ ...stores, engine: () => Promise.reject(new CatalogueError('store_unavailable', 'away')) }))

  t.match((await app.inject('/version')).json(), { version: '1.2.3', commit: 'abcdef0', store: 'embedded', engine: /^sqlite \d/ })
  t.strictSame((await away.app.inject('/version')).json(), { version: '1.2.3', commit: 'abcdef0', store: 'embedded', engine: null })
})

t.test('/metrics is served as Prometheus reads it', async (t) => {
  const { app } = await started(t)

  const reply = await app.inject('/metrics')

  t.match(reply, { statusCode: 200, headers: { 'content-type': /^text\/plain; version=0\.0\.4/ }, body: 'leporello_resolves_total 1\n' })
})

t.test("the operator's curl verification works on our port", async (t) => {
  const { app, stores } = await started(t)
  await stores.containers.put(hello.id, JSON.stringify(hello))

  const plain = await app.inject('/containers/_doc/hello%2Fworld%3A1')
  const pretty = await app.inject('/containers/_doc/hello%2Fworld%3A1?pretty')
  const head = await app.inject({ method: 'HEAD', url: '/containers/_doc/hello%2Fworld%3A1' })

  t.match(plain.json(), { _index: 'containers', _id: hello.id, _version: 1, found: true, _source: hello })
  t.notMatch(plain.body, '\n')
  t.match(pretty.body, /^\{\n {2}"_index" : "containers"/)
  t.strictSame(pretty.json(), plain.json())
  t.match(head, { statusCode: 200, body: '', headers: { 'content-length': plain.headers['content-length'] } })
})

t.test('a document that is not there is a 404 with found: false, in each of the three indices', async (t) => {
  const { app } = await started(t)

  for (const index of ['containers', 'job_specs', 'hysds_ios-mozart']) {
    const reply = await app.inject(`/${index}/_doc/nowhere`)
    t.equal(reply.statusCode, 404)
    t.strictSame(reply.json(), { _index: index, _id: 'nowhere', found: false })
  }
})

t.test("no other path of the engine's is served, and none takes a write", async (t) => {
  const { app } = await started(t)

  for (const url of ['/containers/_search', '/_cat/indices', '/containers', '/secrets/_doc/1']) {
    t.equal((await app.inject(url)).statusCode, 404, url)
  }
  for (const method of ['PUT', 'DELETE', 'POST'] as const) {
    t.not(Math.floor((await app.inject({ method, url: '/containers/_doc/x' })).statusCode / 100), 2, method)
  }
})

t.test('a guard URL answers 404 and says what there is, in JSON and in text', async (t) => {
  const { app, stores } = await started(t)
  await stores.containers.put(armOnly.id, JSON.stringify(armOnly))

  const json = await app.inject('/unavailable/arm%3A1/amd64')
  const text = await app.inject({ url: '/unavailable/arm%3A1/amd64', headers: { accept: 'text/plain' } })

  const message = 'arm:1 has no image for amd64; it has: arm64'
  t.equal(json.statusCode, 404)
  t.strictSame(json.json(), { message, container: 'arm:1', architecture: 'amd64', available: ['arm64'] })
  t.equal(text.statusCode, 404)
  t.equal(text.body, `${message}\n`)
})

t.test('a guard URL of a container that is gone, that has the image by now, or of no architecture, says so', async (t) => {
  const { app, stores } = await started(t)
  await stores.containers.put(armOnly.id, JSON.stringify(armOnly))
  await stores.containers.put('one:1', JSON.stringify({ ...hello, id: 'one:1' }))
  const message = async (path: string) => {
    const reply = await app.inject(`/unavailable/${path}`)
    t.equal(reply.statusCode, 404)
    return reply.json().message
  }

  t.equal(await message('nowhere/amd64'), 'container not found: nowhere')
  t.equal(await message('arm%3A1/aarch64'), 'arm:1 has an image for aarch64 by now; read the container again')
  t.equal(await message('one%3A1/arm64'), 'one:1 names no architectures now, only one image; read the container again')
  t.match(await message('arm%3A1/a%20b'), /^"a b" is not the name of an architecture/)
})

t.test('a store that is away is a 503 on documents and guard URLs', async (t) => {
  const refuse = () => Promise.reject(new CatalogueError('store_unavailable', 'the store does not answer'))
  const { app } = await started(t, (stores) => ({ ...stores, containers: { ...stores.containers, get: refuse, describe: refuse } }))

  for (const url of ['/containers/_doc/x', '/unavailable/x/amd64']) {
    t.match(
      await app.inject(url),
      { statusCode: 503, headers: { 'retry-after': '5' }, body: '{"message":"the store does not answer"}' },
      url
    )
  }
})

t.test('the description is served as JSON and YAML, and its addresses begin where a proxy shows us', async (t) => {
  const { app } = await started(t)
  const headers = { 'x-script-name': '/mozart' }

  const json = await app.inject('/openapi.json')
  const yaml = await app.inject('/openapi.yaml')
  const behind = await app.inject({ url: '/mozart/openapi.json', headers })

  t.equal(json.json().openapi, '3.1.0')
  t.strictSame(json.json().servers, [{ url: '/' }])
  t.strictSame(parse(yaml.body), json.json())
  t.strictSame(behind.json().servers, [{ url: '/mozart' }])
})

t.test("each version of Mozart's API has its own part", async (t) => {
  const { app } = await started(t)

  const part = (await app.inject({ url: '/api/v0.2/swagger.json', headers: { 'x-script-name': '/mozart' } })).json()

  t.strictSame(part.servers, [{ url: '/mozart/api/v0.2' }])
  t.ok(part.paths['/container/info'].get)
  t.notOk(Object.keys(part.paths).some((path) => path.includes('v0.') || path.includes('health')))
})

t.test('Swagger UI works behind any prefix: every link of every page is relative and leads to something', async (t) => {
  const { app } = await started(t)

  for (const url of ['/docs', '/docs/', '/api/v0.1/', '/api/v0.1/doc/', '/api/v0.2/', '/api/v0.2/doc/']) {
    const page = await app.inject(url)
    t.match(page, { statusCode: 200, headers: { 'content-type': 'text/html; charset=utf-8' } }, url)
    const links = [...page.body.matchAll(/(?:href="|src="|url: ')([^"']+)/g)].map(([, link]) => link!)
    t.equal(links.length, 4)
    for (const link of links) {
      t.ok(link.startsWith('.'), link)
      const { pathname } = new URL(link, `http://host${url}`)
      const reply = await app.inject(pathname)
      t.equal(reply.statusCode, 200, pathname)
      t.ok(Number(reply.headers['content-length']) > 100, pathname)
    }
  }
})
