import t from 'tap'
import { startServer } from '../../support/start-server.ts'
import { startWithTarballs } from '../../support/tarballs.ts'

const urls = '{"x86_64": "s3://b/hello.tar.gz", "arm64": "s3://b/hello-arm64.tar.gz"}'
const hello = { name: 'hello:1', version: 'v1', digest: 'sha256:1', url: 's3://b/hello.tar.gz', urls }

const query = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString()

t.test('an added container is answered in the style of Python, byte for byte', async (t) => {
  const { app } = await startServer(t)
  const { urls: _, ...old } = hello

  const added = await app.inject({ method: 'POST', url: `/api/v0.1/container/add?${query({ ...old, name: 'héllo-😀:1' })}` })
  const info = await app.inject(`/api/v0.1/container/info?${query({ id: 'héllo-😀:1' })}`)

  t.equal(
    added.body,
    '{"success": true, "message": "h\\u00e9llo-\\ud83d\\ude00:1 added to index containers", "result": "h\\u00e9llo-\\ud83d\\ude00:1"}\n'
  )
  t.equal(
    info.body,
    '{"success": true, "message": "", "result": {"id": "h\\u00e9llo-\\ud83d\\ude00:1", "digest": "sha256:1", "url": "s3://b/hello.tar.gz", "version": "v1"}}\n'
  )
})

t.test('a document that another program wrote keeps its digits, order and nulls', async (t) => {
  const { app, stores } = await startServer(t)
  await stores.containers.put('foreign', '{"z":null,"10":1.0,"9":12345678901234567,"e":1e3,"u":"é\u2028","id":"foreign"}')

  const { body } = await app.inject('/container/info?id=foreign')

  t.equal(
    body,
    '{"success": true, "message": "", "result": {"z": null, "10": 1.0, "9": 12345678901234567, "e": 1e3, "u": "\\u00e9\\u2028", "id": "foreign"}}\n'
  )
})

t.test('the version in the path decides the words, under both families of paths', async (t) => {
  const { app } = await startServer(t)
  const answer = async (method: 'GET' | 'DELETE', url: string) => {
    const { statusCode, body } = await app.inject({ method, url })
    return [statusCode, body.trim()]
  }
  const unknown = '{"success": false, "message": "container not found: none", "result": null}'
  const wordless = '{"success": false, "message": "", "result": null}'
  const without = '{"success": false, "message": "container not found: none"}'

  for (const url of ['/container/info?id=none', '/api/v0.1/container/info?id=none', '/api/v0.1/container?id=none', '/container?id=none']) {
    t.strictSame(await answer('GET', url), [404, wordless], url)
  }
  for (const url of ['/api/v0.2/container/info?id=none', '/api/v0.2/container?id=none']) {
    t.strictSame(await answer('GET', url), [404, unknown], url)
  }
  t.strictSame(await answer('GET', '/api/v0.1/container/remove?id=none'), [404, without])
  t.strictSame(await answer('DELETE', '/api/v0.1/container?id=none'), [404, without])
  t.strictSame(await answer('GET', '/api/v0.2/container/remove?id=none'), [404, unknown])
  t.strictSame(await answer('DELETE', '/api/v0.2/container'), [400, '{"success": false, "message": "id must be supplied", "result": null}'])
  t.strictSame(await answer('GET', '/container/remove?id='), [400, '{"success": false, "message": "id must be supplied"}'])
})

t.test('each machine is given its own image', async (t) => {
  const { app } = await startServer(t)
  await app.inject({ method: 'POST', url: '/container/add', query: hello })
  const stored = await app.inject('/container/info?id=hello:1')

  const info = await app.inject('/api/v0.2/container/info?id=hello:1&arch=aarch64')
  const resolved = await app.inject('/container/resolve?id=hello:1&arch=linux%2FAMD64')

  const resolution = {
    architecture: 'arm64',
    requested: 'aarch64',
    url: 's3://b/hello-arm64.tar.gz',
    source: 'urls',
    verdict: 'unverified'
  }
  const { result } = info.json()
  t.strictSame(result, { ...stored.json().result, url: resolution.url, resolved: resolution })
  t.strictSame(Object.keys(result), ['id', 'digest', 'url', 'version', 'urls', 'resolved'])
  t.strictSame(Object.keys(result.resolved), Object.keys(resolution))
  t.equal(
    resolved.body,
    '{"success": true, "message": "", "result": {"architecture": "amd64", "requested": "linux/AMD64", "url": "s3://b/hello.tar.gz", "source": "urls", "verdict": "unverified"}}\n'
  )
})

t.test('a machine without an image is told which images there are', async (t) => {
  const { app } = await startServer(t)
  await app.inject({ method: 'POST', url: '/container/add', query: hello })

  const info = await app.inject('/container/info?id=hello:1&arch=ppc64le')
  const resolved = await app.inject('/api/v0.1/container/resolve?id=hello:1&arch=ppc64el')

  t.equal(info.statusCode, 404)
  t.equal(info.json().message, 'hello:1 has no image for ppc64le; it has: amd64, arm64')
  t.equal(resolved.statusCode, 404)
  t.equal(resolved.json().message, 'hello:1 has no image for ppc64le (asked as ppc64el); it has: amd64, arm64')
})

t.test('a record without architectures is resolved to its url, and says that nobody vouches for it', async (t) => {
  const { app, stores } = await startServer(t)
  await stores.containers.put('old', '{"id": "old", "url": "s3://b/old", "urls": null}')

  const { body } = await app.inject('/container/info?id=old&arch=arm64')

  t.equal(
    body,
    '{"success": true, "message": "", "result": {"id": "old", "url": "s3://b/old", "urls": null, "resolved": {"architecture": null, "requested": "arm64", "url": "s3://b/old", "source": "url", "verdict": "unverified"}}}\n'
  )
})

t.test('shell scripts get plain text, refusals too', async (t) => {
  const { app } = await startServer(t)
  await app.inject({ method: 'POST', url: '/container/add', query: hello })
  const text = (url: string, accept = '*/*') => app.inject({ url: `/api/v0.2/container/resolve?${url}`, headers: { accept } })

  const byFormat = await text('id=hello:1&arch=arm64&format=text')
  const byAccept = await text('id=hello:1&arch=arm64&force=true', 'text/plain; q=0.9, application/json')
  const refused = await text('id=hello:1&arch=s390x&format=text')
  const unknown = await text('id=none&arch=s390x', 'text/plain')
  const browser = await text('id=hello:1&arch=arm64', 'text/html, text/plain')
  const asked = await text('id=hello:1&arch=arm64&format=json', 'text/plain')

  t.match(byFormat, { statusCode: 200, body: 's3://b/hello-arm64.tar.gz\n', headers: { 'content-type': 'text/plain; charset=utf-8' } })
  t.equal(byAccept.body, 's3://b/hello-arm64.tar.gz\n')
  t.match(refused, { statusCode: 404, body: 'hello:1 has no image for s390x; it has: amd64, arm64\n' })
  t.match(unknown, { statusCode: 404, body: 'container not found: none\n' })
  t.equal(browser.headers['content-type'], 'application/json')
  t.equal(asked.headers['content-type'], 'application/json')
})

t.test('what cannot be meant is refused by name', async (t) => {
  const { app } = await startServer(t)
  const message = async (method: 'GET' | 'POST', url: string) => {
    const reply = await app.inject({ method, url })
    t.equal(reply.statusCode, 400, url)
    return reply.json().message
  }

  t.match(await message('GET', '/container/info?id=x&arch='), /^arch must be supplied: /)
  t.match(await message('GET', '/container/resolve?id=x'), /^arch must be supplied: /)
  t.equal(await message('GET', '/container/resolve?arch=arm64'), 'id must be supplied')
  t.equal(await message('GET', '/container/resolve?id=x&arch=arm64&force=yes'), 'force is "yes"; expected true or false')
  t.equal(await message('GET', '/container/resolve?id=x&arch=arm64&format=xml'), 'format is "xml"; expected text or json')
  t.equal(await message('POST', `/container/add?${query({ ...hello, merge: '1' })}`), 'merge is "1"; expected true or false')
  t.equal(
    await message('POST', `/container/add?${query({ ...hello, url: '', urls: '{}' })}`),
    'Parameters (name, url, version, digest) must be supplied'
  )
})

t.test('builds of single architectures are merged into one record, or replace it as Mozart does', async (t) => {
  const { app } = await startServer(t, { publicUrl: 'https://ops.example/registry/' })
  const add = (more: Record<string, string>) => app.inject({ method: 'POST', url: `/container/add?${query({ ...hello, ...more })}` })
  const architectures = async () => Object.keys(JSON.parse((await app.inject('/container/info?id=hello:1')).json().result.urls))

  await add({ urls: '{"amd64": "s3://b/1"}', url: '' })
  await add({ urls: '{"arm64": "s3://b/2"}', url: '', merge: 'true' })
  const merged = await architectures()
  await add({ urls: '{"arm64": "s3://b/2"}', url: '', merge: 'false' })
  const replaced = await app.inject('/container/info?id=hello:1')

  t.strictSame(merged.sort(), ['aarch64', 'amd64', 'arm64', 'x86_64'])
  t.equal(replaced.json().result.url, 'https://ops.example/registry/unavailable/hello%3A1/amd64')
})

t.test('X-Fields leaves members of the envelope out', async (t) => {
  const { app } = await startServer(t)
  const masked = async (mask: string) => (await app.inject({ url: '/container/list', headers: { 'x-fields': mask } })).body

  t.equal(await masked('success,message'), '{"success": true, "message": ""}\n')
  t.equal(await masked('{result}'), '{"result": []}\n')
  t.equal(await masked('*'), '{"success": true, "message": "", "result": []}\n')
})

t.test('a browser of another origin may read every answer', async (t) => {
  const { app } = await startServer(t)
  const origin = 'https://ui.example'

  const refused = await app.inject({ url: '/container/info?id=none', headers: { origin } })
  const preflight = await app.inject({
    method: 'OPTIONS',
    url: '/api/v0.2/container',
    headers: { origin, 'access-control-request-method': 'DELETE', 'access-control-request-headers': 'x-foo, content-type' }
  })

  t.match(refused, { statusCode: 404, headers: { 'access-control-allow-origin': origin, vary: 'Origin' } })
  t.match(preflight, {
    statusCode: 200,
    body: '',
    headers: {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT',
      'access-control-allow-headers': 'content-type, x-foo',
      vary: 'Origin'
    }
  })
  t.notOk('access-control-allow-credentials' in preflight.headers)
})

t.test('a site may lay over what is there by default, and a request may say otherwise', async (t) => {
  const { app } = await startWithTarballs(t, { add: 'merge' })
  const add = (architecture: string, more = '') =>
    app.inject({
      method: 'POST',
      url: `/container/add?name=container-merge:1&version=1&digest=d&urls=${encodeURIComponent(JSON.stringify({ [architecture]: `s3://b/${architecture}` }))}${more}`
    })
  const names = async () => Object.keys((await app.inject('/api/v1/containers/container-merge:1')).json().images)

  await add('amd64')
  await add('arm64')
  t.strictSame(await names(), ['amd64', 'arm64'])
  await add('s390x', '&merge=false')
  t.strictSame(await names(), ['s390x'])
})

t.test('an identical document that is posted again writes nothing; one in another order is stored as it came', async (t) => {
  const { app, stores } = await startServer(t)
  const add = (more = {}) => app.inject({ method: 'POST', url: `/container/add?${query({ ...hello, ...more })}` })
  await add()
  const first = await stores.containers.get('hello:1')

  const again = await add()
  const same = await stores.containers.get('hello:1')
  await add({ urls: '{"arm64": "s3://b/hello-arm64.tar.gz", "x86_64": "s3://b/hello.tar.gz"}' })
  const reordered = await stores.containers.get('hello:1')

  t.equal(again.statusCode, 200)
  t.strictSame(same, first)
  t.not(reordered?.revision, first?.revision)
  t.match(JSON.parse(reordered!.document).urls, /^{"arm64"/)
  t.equal((await stores.journal.list({ limit: 10 })).items.length, 1)
})
