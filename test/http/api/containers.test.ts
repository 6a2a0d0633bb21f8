import t from 'tap'
import { startWithTarballs } from '../../support/tarballs.ts'

const url = '/api/v1/containers/container-hello%3Av1'
const images = { amd64: 's3://b/x.tar', aarch64: { url: 's3://b/arm.tar', digest: 'sha256:arm' } }
const payload = { digest: 'sha256:x', images }

t.test('a whole container is put, and the record is one that every worker understands', async (t) => {
  const { app } = await startWithTarballs(t)

  const reply = await app.inject({ method: 'PUT', url, payload })

  t.equal(reply.statusCode, 201)
  const { container, unchanged } = reply.json()
  t.equal(unchanged, false)
  t.equal(reply.headers.etag, `"${container.revision}"`)
  t.match(container, { id: 'container-hello:v1', version: 'v1', url: 's3://b/x.tar', images: { arm64: { digest: 'sha256:arm' } } })
  const { result } = (await app.inject('/container/info?id=container-hello:v1')).json()
  t.strictSame(JSON.parse(result.urls), {
    amd64: 's3://b/x.tar',
    aarch64: 's3://b/arm.tar',
    x86_64: 's3://b/x.tar',
    arm64: 's3://b/arm.tar'
  })
})

t.test('the same meaning in another order, under other aliases, writes nothing', async (t) => {
  const { app } = await startWithTarballs(t)
  const first = await app.inject({ method: 'PUT', url, payload })
  const other = { images: { arm64: 's3://b/arm.tar', x86_64: 's3://b/x.tar' }, version: 'v1', url: 's3://b/x.tar', digest: 'sha256:x' }

  const again = await app.inject({ method: 'PUT', url, payload: other })

  t.equal(again.statusCode, 200)
  t.equal(again.json().unchanged, true)
  t.equal(again.headers.etag, first.headers.etag)
})

t.test('a patch changes what it names; null takes an image away, but not the last', async (t) => {
  const { app } = await startWithTarballs(t)
  await app.inject({ method: 'PUT', url, payload })

  const patched = await app.inject({ method: 'PATCH', url, payload: { version: 'v2', images: { arm64: null, s390x: 's3://b/z.tar' } } })
  const twice = await app.inject({ method: 'PATCH', url, payload: { images: { arm64: 's3://b/1', aarch64: 's3://b/2' } } })
  const none = await app.inject({ method: 'PATCH', url, payload: { images: { amd64: null, s390x: null } } })
  const absent = await app.inject({ method: 'PATCH', url, payload: { images: { arm64: null } } })

  t.equal(patched.statusCode, 200)
  t.strictSame(Object.keys(patched.json().container.images), ['amd64', 's390x'])
  t.equal(patched.json().container.version, 'v2')
  t.match(twice.json(), { status: 400, detail: 'images names arm64 twice, as arm64 and as aarch64; say it once' })
  t.match(none.json(), { status: 422, code: 'image_refused' })
  t.match(absent.json(), { unchanged: true, container: { images: { amd64: {}, s390x: {} } } }, 'as RFC 7396 says')
})

t.test('without its amd64 image a container has a guard, never another image, as its url', async (t) => {
  const { app } = await startWithTarballs(t)
  await app.inject({ method: 'PUT', url, payload })

  const reply = await app.inject({ method: 'DELETE', url: `${url}/images/x86_64` })

  t.equal(reply.statusCode, 200)
  t.equal(reply.json().container.url, null)
  const { result } = (await app.inject('/container/info?id=container-hello:v1')).json()
  t.match(result.url, /\/unavailable\//)
  t.match((await app.inject({ method: 'DELETE', url: `${url}/images/arm64` })).json(), { status: 422, code: 'image_refused' })
})

t.test('who read another revision is refused, and a dry run writes nothing', async (t) => {
  const { app } = await startWithTarballs(t)
  const put = (headers: Record<string, string>, more = '') =>
    app.inject({ method: 'PUT', url: `${url}${more}`, payload: { ...payload, version: more || 'v1' }, headers })

  t.equal((await put({ 'if-match': '*' })).statusCode, 412)
  const dry = await put({}, '?dryRun=true')
  t.equal(dry.statusCode, 201)
  t.equal((await app.inject(url)).statusCode, 404)
  const first = await put({ 'if-none-match': '*' })
  t.equal(first.statusCode, 201)
  t.equal((await put({ 'if-none-match': '*' })).statusCode, 412)
  t.match((await put({ 'if-match': '"x.1.1"' })).json(), { code: 'precondition_failed', detail: /is at revision/ })
  t.equal((await put({ 'if-match': `"x.1.1", ${first.headers.etag}` })).statusCode, 200)
  t.match((await put({ 'if-match': 'x.1.1' })).json(), { status: 400, code: 'parameter_invalid' })
})

t.test('a removal tells the job specs that name the container', async (t) => {
  const { app, stores } = await startWithTarballs(t)
  await app.inject({ method: 'PUT', url, payload })
  await stores.jobSpecs.put('job-a', '{"id": "job-a", "container": "container-hello:v1"}')
  await stores.jobSpecs.put('job-b', '{"id": "job-b", "dependency_images": [{"container_image_name": "container-hello:v1"}]}')
  await stores.jobSpecs.put('job-c', '{"id": "job-c", "container": "container-hello:v2", "dependency_images": "none"}')

  const dry = await app.inject({ method: 'DELETE', url: `${url}?dryRun=true` })
  const reply = await app.inject({ method: 'DELETE', url })

  t.equal(dry.json().removed, false)
  t.match(reply.json(), {
    removed: true,
    container: { version: 'v1' },
    warnings: [{ code: 'named_by_job_specs', ids: ['job-a', 'job-b'] }]
  })
  t.equal((await app.inject(url)).statusCode, 404)
  t.equal((await app.inject({ method: 'DELETE', url })).statusCode, 404)
})

t.test('everything that is wrong in a body is told at once, with its path and without its secrets', async (t) => {
  const { app } = await startWithTarballs(t)
  const wrong = { version: 5, images: { 'arm/v7': { uri: 's3://key:secret@b/x' }, amd64: '' }, state: 'complete' }

  const { errors } = (await app.inject({ method: 'PUT', url, payload: wrong })).json()

  t.match(errors, [
    { path: 'state', message: 'is unknown; expected version, digest, url, images' },
    { path: 'version', message: 'is 5; expected string' }
  ])
  t.ok(errors.some(({ path }: { path: string }) => path === 'images["arm/v7"].url'))
  t.notMatch(JSON.stringify(errors), 'secret')
  t.match((await app.inject({ method: 'PUT', url, payload: '{', headers: { 'content-type': 'application/json' } })).json(), {
    code: 'json_invalid'
  })
  t.match((await app.inject({ method: 'PUT', url: '/api/v1/containers/new', payload })).json(), {
    code: 'parameter_missing',
    detail: /version/
  })
})
