import t from 'tap'
import { operatorOptions } from '../support/operator-options.ts'
import { openStores } from '../support/start-server.ts'
import { startWithTarballs, tarball } from '../support/tarballs.ts'

/** What every object has without having it of its own. */
const inherited = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']

t.test('names that every object inherits are names like any other', async (t) => {
  const stores = await openStores(t)
  const { app } = await startWithTarballs(t, { stores, operator: operatorOptions(stores) })
  const ask = async (
    method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'PATCH',
    url: string,
    payload?: object | string,
    headers: Record<string, string> = {}
  ) => {
    const reply = await app.inject({ method, url, headers, ...(payload !== undefined && { payload }) })
    t.not(reply.statusCode, 500, `${method} ${url}: ${reply.body}`)
    return { status: reply.statusCode, body: reply.body.startsWith('{') ? reply.json() : reply.body }
  }
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  await ask('PUT', '/api/v1/containers/plain%3A1', { digest: 'd', images: { amd64: 's3://b/x' } })

  for (const name of inherited) {
    const architecture = name.toLowerCase()
    const urls = `{"${name}": "s3://b/${name}", "x86_64": "s3://b/x"}`
    const path = `/api/v1/containers/${name}`
    const image = `/api/v1/containers/plain%3A1/images/${name}`

    // as an id
    t.match(await ask('GET', path), { status: 404, body: { code: 'container_unknown' } }, name)
    t.match(await ask('GET', `/container/info?id=${name}`), { status: 404, body: { success: false } }, name)
    t.match(await ask('GET', `/api/v1/containers/${name}/history`), { status: 404 }, name)
    t.match(
      await ask('POST', '/container/add', { name, version: '1', digest: 'd', url: 's3://b/x' }),
      { status: 200, body: { result: name } },
      name
    )
    t.match(await ask('GET', path), { status: 200, body: { id: name } }, name)
    t.match(await ask('DELETE', path), { status: 200 }, name)
    // as an architecture that a container lacks
    for (const [method, url] of [
      ['GET', image],
      ['DELETE', image],
      ['GET', `${image}/report`],
      ['GET', `${image}/download`],
      ['POST', `${image}/verify`],
      ['GET', `/api/v1/containers/plain%3A1/resolve?arch=${name}`],
      ['GET', `/api/v1/containers/plain%3A1/builds/${name}`],
      ['GET', `/container/resolve?id=plain:1&arch=${name}`],
      ['GET', `/unavailable/plain%3A1/${name}`]
    ] as const) {
      t.match(await ask(method, url), { status: 404 }, `${method} ${url}`)
    }
    // and as one that it has
    t.match(await ask('POST', '/container/add', { name: 'own:1', version: '1', digest: 'd', url: '', urls }), { status: 200 }, name)
    const { body } = await ask('GET', '/api/v1/containers/own%3A1')
    t.ok(Object.hasOwn(body.images, architecture), `${name} is an image of its own`)
    t.match(await ask('GET', `/api/v1/containers/own%3A1/images/${name}`), { status: 200, body: { url: `s3://b/${name}` } }, name)
    t.match(await ask('GET', `/api/v1/containers/own%3A1/resolve?arch=${name}`), { status: 200, body: { url: `s3://b/${name}` } }, name)
    t.match(await ask('PUT', `/api/v1/containers/own%3A1/builds/${name}`, { status: 'failed', source: JSON.parse(`{"${name}": "1"}`) }), {
      status: /201|400/
    })
    // as a member, a parameter, a field
    t.match(await ask('PUT', '/api/v1/containers/own%3A1', `{"digest":"d","${name}":1,"images":{"amd64":"s3://b/x"}}`), {
      status: 400,
      body: { detail: RegExp(name) }
    })
    t.match(await ask('GET', `/api/v1/containers?${name}=1`), { status: 400, body: { detail: RegExp(name) } }, name)
    t.match(await ask('GET', `/api/v1/containers?fields=${name}`), { status: 400 }, name)
    t.match(await ask('POST', '/container/add', `${name}=1&name=x`, form), { status: 400 }, name)
    t.match(await ask('POST', '/container/add', { [name]: 1 }), { status: 400 }, name)
    t.match(await ask('GET', '/api/v1/containers/own%3A1', undefined, { [architecture]: name }), { status: 200 }, name)
    t.match(await ask('POST', '/api/v1/plan', `{"container":"own:1","source":{"${name}":"1"}}`), { status: /200|400/ }, name)
    const nodes = `{"kind":"Node","apiVersion":"v1","metadata":{"name":"${name}","labels":{"${name}":"x","kubernetes.io/arch":"arm64"}},"status":{"nodeInfo":{"architecture":"arm64"}}}`
    t.match(await ask('PUT', '/api/v1/containers/own%3A1/expected', nodes), { status: 200 }, name)
    // as a specification, and in an image
    t.match(await ask('GET', `/job_spec/type?id=${name}`), { status: 404 }, name)
    t.match(await ask('POST', '/job_spec/add', { spec: `{"id":"${name}","${name}":{"${name}":1}}` }), { status: 200 }, name)
    t.match(await ask('GET', `/job_spec/type?id=${name}`), { status: 200, body: { result: { id: name } } }, name)
    const upload = await app.inject({
      method: 'PUT',
      url: `/api/v1/containers/up%3A1/images/${name}?version=1`,
      payload: tarball({ architecture }),
      headers: { 'content-type': 'application/gzip' }
    })
    t.ok([200, 201, 409, 422].includes(upload.statusCode), upload.body)
  }
  t.strictSame(Object.keys(Object.prototype), [])
  t.equal(({} as Record<string, unknown>)['url'], undefined, 'nothing was written into what all objects inherit')
})
