import t from 'tap'
import { appLayer, baseLayer, inChunks, sha256 } from '../../support/images.ts'
import { startWithTarballs, tarball } from '../../support/tarballs.ts'

const amd64 = tarball()
const arm64 = tarball({ architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] })
const base = '/api/v1/containers/container-hello%3Av1'
const octets = { 'content-type': 'application/octet-stream' }

t.test('an image is registered by its URL, and the others stay', async (t) => {
  const { app } = await startWithTarballs(t)
  const first = await app.inject({ method: 'PUT', url: `${base}/images/aarch64`, payload: { url: 's3://b/arm.tar', digest: 'sha256:arm' } })
  const second = await app.inject({ method: 'PUT', url: `${base}/images/amd64`, payload: { url: 's3://b/x.tar', digest: 'sha256:x' } })

  t.equal(first.statusCode, 201)
  t.match(first.json().image, { architecture: 'arm64', url: 's3://b/arm.tar', digest: 'sha256:arm', verdict: 'unverified', size: null })
  t.equal(second.statusCode, 201)
  const { images, digest } = (await app.inject(base)).json()
  t.equal(digest, 'sha256:x')
  t.match(images, { amd64: { url: 's3://b/x.tar', digest: 'sha256:x' }, arm64: { url: 's3://b/arm.tar' } })
  const info = await app.inject('/container/info?id=container-hello:v1')
  t.match(info.json().result, { url: 's3://b/x.tar', version: 'v1', digest: 'sha256:x' })

  const again = await app.inject({ method: 'PUT', url: `${base}/images/amd64`, payload: { url: 's3://b/x.tar', digest: 'sha256:x' } })
  t.equal(again.statusCode, 200)
  t.equal(again.json().unchanged, true)
})

t.test('an image of another container is registered with what is known of it', async (t) => {
  const { app } = await startWithTarballs(t)
  await app.inject({ method: 'PUT', url: `${base}-arm/images/arm64`, headers: octets, payload: arm64 })

  const reply = await app.inject({ method: 'PUT', url: `${base}/images/arm64`, payload: { from: 'container-hello:v1-arm' } })
  const absent = await app.inject({ method: 'PUT', url: `${base}/images/amd64`, payload: { from: 'container-hello:v1-arm' } })

  t.equal(reply.statusCode, 201)
  t.match(reply.json().image, { verdict: 'match', sha256: sha256(arm64), url: /\/container-hello-v1-arm\// })
  t.equal(absent.statusCode, 404)
  t.match(absent.json(), { code: 'image_missing', available: ['arm64'] })
})

t.test('a refusal is a problem that a program can read', async (t) => {
  const { app } = await startWithTarballs(t)
  await app.inject({ method: 'PUT', url: `${base}/images/arm64`, payload: { url: 's3://b/arm.tar', digest: 'd' } })

  const missing = await app.inject(`${base}/images/s390x`)

  t.equal(missing.statusCode, 404)
  t.equal(missing.headers['content-type'], 'application/problem+json')
  t.strictSame(missing.json(), {
    type: 'urn:leporello:problem:image_missing',
    title: 'image missing',
    status: 404,
    detail: 'container-hello:v1 has no image for s390x; it has: arm64',
    instance: `${base}/images/s390x`,
    code: 'image_missing',
    errors: [],
    available: ['arm64']
  })
  t.match((await app.inject('/api/v1/containers/nowhere')).json(), { status: 404, code: 'container_unknown' })
  t.match((await app.inject(`${base}/images/no%20name`)).json(), { status: 400, code: 'architecture_invalid' })
})

t.test('JSON that is sent as something else, as curl -d does, is not taken for a tarball', async (t) => {
  const { app, blobs } = await startWithTarballs(t)
  await app.inject({ method: 'PUT', url: `${base}/images/arm64`, headers: octets, payload: arm64 })
  const form = { 'content-type': 'application/x-www-form-urlencoded' }

  const reply = await app.inject({ method: 'PUT', url: `${base}/images/arm64`, headers: form, payload: '{"url": "s3://b/x.tar"}' })

  t.match(reply.json(), { status: 400, code: 'parameter_invalid', detail: /send Content-Type: application\/json; nothing was stored/ })
  t.match((await app.inject(`${base}/images/arm64`)).json(), { sha256: sha256(arm64), verdict: 'match' })
  t.equal((await blobs.list({ limit: 10 })).items.length, 1)
  const binary = await app.inject({ method: 'PUT', url: `${base}/images/arm64`, headers: form, payload: arm64 })
  t.match(binary.json(), { unchanged: true }, 'as curl --data-binary sends a tarball')
})

t.test('what is expected to stand at the path of an image is that image, not its container', async (t) => {
  const { app } = await startWithTarballs(t)
  const put = (name: string, headers: Record<string, string>) =>
    app.inject({ method: 'PUT', url: `${base}/images/${name}`, payload: { url: `s3://b/${name}.tar`, digest: 'd' }, headers })

  t.equal((await put('amd64', { 'if-match': '*' })).statusCode, 412)
  t.equal((await put('amd64', { 'if-none-match': '*' })).statusCode, 201)
  t.equal((await put('arm64', { 'if-none-match': '*' })).statusCode, 201, 'another image is none of its business')
  t.match((await put('aarch64', { 'if-none-match': '*' })).json(), { status: 412, detail: /has an image for arm64, but none was expected/ })
  t.match((await put('s390x', { 'if-match': '*' })).json(), { status: 412, detail: /has no image for s390x, but one was expected/ })
  t.equal((await put('arm64', { 'if-match': '*' })).statusCode, 200)
  const gone = await app.inject({ method: 'DELETE', url: `${base}/images/s390x`, headers: { 'if-match': '*' } })
  t.equal(gone.statusCode, 412)
  t.strictSame(Object.keys((await app.inject(base)).json().images), ['amd64', 'arm64'])
})

t.test('what a route does not know is refused by name', async (t) => {
  const { app } = await startWithTarballs(t)
  const put = (payload: object | string, query = '') =>
    app.inject({ method: 'PUT', url: `${base}/images/amd64${query}`, headers: { 'content-type': 'application/json' }, payload })

  t.match((await put({ url: 's3://b/x', digest: 'd', colour: 'red' })).json(), { code: 'parameter_invalid', errors: [{ path: 'colour' }] })
  t.match((await put({ url: 5, digest: 'd' })).json(), { code: 'parameter_invalid', errors: [{ path: 'url' }] })
  t.match((await put({ url: 's3://b/x', from: 'other' })).json(), { code: 'parameter_invalid' })
  t.match((await put({ url: 's3://b/x', digest: 'd' }, '?merge=true')).json(), { code: 'parameter_invalid', errors: [{ path: 'merge' }] })
  t.match((await put({ url: 's3://b/x', digest: 'd' }, '?dryRun=true&dryRun=false')).json(), {
    code: 'parameter_invalid',
    errors: [{ path: 'dryRun', message: 'is given more than once; give it once' }]
  })
  t.match((await put('{"url"')).json(), { code: 'json_invalid' })
  t.match((await put('[]')).json(), { code: 'parameter_invalid' })
  t.match((await put({ url: 's3://b/x' })).json(), { code: 'parameter_missing', detail: /digest/ })
  t.equal((await app.inject('/container/info?id=container-hello:v1')).statusCode, 404)
})

t.test('a variant may stand in a path in either spelling', async (t) => {
  const { app } = await startWithTarballs(t)
  await app.inject({ method: 'PUT', url: `${base}/images/arm-v7`, payload: { url: 's3://b/v7.tar', digest: 'd' } })

  t.equal((await app.inject(`${base}/images/arm%2Fv7`)).json().architecture, 'arm/v7')
  t.equal((await app.inject(`${base}/images/armv7l`)).json().url, 's3://b/v7.tar')
  for (const name of ['dash-', '-dash', 'one-two', '-'])
    t.match((await app.inject(`${base}/images/${name}`)).json(), { code: 'image_missing' }, `${name} is a name all the same`)
})

t.test('the report tells what was proven, and of one path when it is asked', async (t) => {
  const { app } = await startWithTarballs(t)
  await app.inject({ method: 'PUT', url: `${base}/images/arm64`, headers: octets, payload: arm64 })
  const alone = await app.inject(`${base}/images/arm64/report`)
  await app.inject({ method: 'PUT', url: `${base}/images/amd64`, payload: { url: 's3://b/x.tar', digest: 'd' } })

  const report = await app.inject(`${base}/images/arm64/report`)
  const path = await app.inject(`${base}/images/arm64/report?path=/bin/sh`)

  t.match(report.json(), { verdict: 'match', claimed: 'arm64', tarball: { sha256: sha256(arm64), size: arm64.length } })
  t.match(alone.json().digest, { matches: [{ what: 'config', architecture: 'arm64' }] }, 'the digest of the record')
  for (const { digest } of [report.json(), path.json()]) t.strictSame(digest, { given: 'd', matches: [] }, 'is another one by now')
  t.match(path.json().files, [{ path: '/usr/bin/dash', architecture: 'arm64' }])
  const unread = await app.inject(`${base}/images/amd64/report`)
  t.equal(unread.statusCode, 404)
  t.match(unread.json(), { code: 'image_unproven', detail: /verify/ })
  const forbidden = await app.inject(`${base}/images/amd64/report?path=/bin/sh`)
  t.equal(forbidden.statusCode, 403)
  t.match(forbidden.json(), { code: 'source_forbidden' })
})

t.test('a tarball is handed out whole and in parts, under its name', async (t) => {
  const { app } = await startWithTarballs(t)
  await app.inject({ method: 'PUT', url: `${base}/images/arm64`, headers: octets, payload: arm64 })
  const url = `${base}/images/arm64/download`

  const whole = await app.inject(url)
  const part = await app.inject({ url, headers: { range: 'bytes=10-19' } })
  const head = await app.inject({ method: 'HEAD', url })

  t.ok(whole.rawPayload.equals(arm64))
  t.equal(whole.headers['repr-digest'], `sha-256=:${Buffer.from(sha256(arm64), 'hex').toString('base64')}:`)
  t.match(whole.headers['content-disposition'], 'filename="container-hello-v1-arm64.tar.gz"')
  t.equal(part.statusCode, 206)
  t.equal(part.headers['content-range'], `bytes 10-19/${arm64.length}`)
  t.ok(part.rawPayload.equals(arm64.subarray(10, 20)))
  t.equal(head.headers['content-length'], String(arm64.length))
  const beyond = await app.inject({ url, headers: { range: `bytes=${arm64.length}-` } })
  t.equal(beyond.statusCode, 416)
  t.equal(beyond.headers['content-range'], `bytes */${arm64.length}`)
})

t.test('who has a tarball already is not sent it again, and a part of one is not taken for the whole', async (t) => {
  const { app, everything } = await startWithTarballs(t)
  const put = { method: 'PUT', url: `${base}/images/arm64`, payload: arm64 } as const

  const half = await app.inject({ ...put, headers: { ...octets, 'content-range': `bytes 0-${arm64.length - 1}/${2 * arm64.length}` } })
  t.equal(half.statusCode, 400)
  t.strictSame(await everything(), [])
  await app.inject({ ...put, headers: octets })
  const ask = (headers: Record<string, string>) => app.inject({ url: `${base}/images/arm64/download`, headers })
  const etag = `"${sha256(arm64)}"`
  const known = await ask({ 'if-none-match': etag })
  const other = await ask({ 'if-match': '"other"' })

  t.match(known, { statusCode: 304, body: '', headers: { etag } })
  t.match(other.json(), { status: 412, code: 'precondition_failed' })
  t.equal((await ask({ 'if-none-match': '"other"', 'if-match': etag })).statusCode, 200)
})

t.test('a tarball elsewhere is handed out by sending there who can go', async (t) => {
  const { app } = await startWithTarballs(t)
  await app.inject({ method: 'PUT', url: `${base}/images/amd64`, payload: { url: 'https://files.example/x.tar', digest: 'd' } })
  await app.inject({ method: 'PUT', url: `${base}/images/arm64`, payload: { url: 's3://b/arm.tar', digest: 'd' } })
  await app.inject({ method: 'PUT', url: `${base}/images/s390x`, payload: { url: 'davs://files.example/z.tar', digest: 'd' } })

  const sent = await app.inject(`${base}/images/amd64/download`)
  const byDav = await app.inject(`${base}/images/s390x/download`)
  const stuck = await app.inject(`${base}/images/arm64/download`)

  t.equal(sent.statusCode, 307)
  t.equal(sent.headers.location, 'https://files.example/x.tar')
  t.equal(byDav.headers.location, 'https://files.example/z.tar')
  t.equal(stuck.statusCode, 422)
})

t.test('an image that was registered by a URL of ours is read without a network', async (t) => {
  const { app, blobs } = await startWithTarballs(t)
  await blobs.put('by-hand/arm.tar.gz', inChunks(arm64))
  const register = (host: string) =>
    app.inject({ method: 'PUT', url: `${base}/images/amd64`, payload: { url: `${host}/storage/by-hand/arm.tar.gz`, digest: 'd' } })

  for (const host of ['http://127.0.0.1:0', 'dav://127.0.0.1:0']) {
    await register(host)
    const verified = await app.inject({ method: 'POST', url: `${base}/images/amd64/verify` })
    t.equal(verified.statusCode, 200, host)
    t.match(verified.json().image, { verdict: 'mislabelled', proven: 'arm64', digest: 'd' }, host)
  }
  await blobs.remove('by-hand/arm.tar.gz')
  const gone = await app.inject({ method: 'POST', url: `${base}/images/amd64/verify` })
  t.equal(gone.statusCode, 422)
  t.equal(gone.json().code, 'source_gone')
})

t.test('an image that is found to be gone by who asks for a verification is refused to machines from then on', async (t) => {
  const { app, blobs } = await startWithTarballs(t)
  await blobs.put('by-hand/x.tar.gz', inChunks(amd64))
  const payload = { url: 'http://127.0.0.1:0/storage/by-hand/x.tar.gz', digest: 'd' }
  await app.inject({ method: 'PUT', url: `${base}/images/amd64`, payload })
  const verify = (query = '') => app.inject({ method: 'POST', url: `${base}/images/amd64/verify${query}` })
  t.equal((await verify()).statusCode, 200)
  await blobs.remove('by-hand/x.tar.gz')

  t.equal((await verify('?dryRun=true')).statusCode, 422)
  t.match((await app.inject(`${base}/images/amd64`)).json(), { verdict: 'match', status: 'present' }, 'a rehearsal writes nothing down')
  t.equal((await verify()).statusCode, 422)

  t.match((await app.inject(`${base}/images/amd64`)).json(), { verdict: 'match', status: 'gone' })
  t.match((await app.inject(base)).json(), { state: 'degraded', reasons: [{ code: 'gone', architecture: 'amd64' }] })
  t.equal((await app.inject('/container/resolve?id=container-hello:v1&arch=x86_64')).statusCode, 409)
})

t.test('relabel puts a mislabelled image where it belongs', async (t) => {
  const { app } = await startWithTarballs(t)
  await app.inject({ method: 'PUT', url: `${base}/images/amd64`, headers: octets, payload: arm64 })
  t.equal((await app.inject('/container/resolve?id=container-hello:v1&arch=x86_64')).statusCode, 409)

  const rehearsed = await app.inject({ method: 'POST', url: `${base}/images/amd64/relabel?dryRun=true` })
  t.match(rehearsed.json(), { image: { architecture: 'arm64', verdict: 'match' }, container: { images: { arm64: {} } } })
  t.match((await app.inject(base)).json().images, { amd64: { verdict: 'mislabelled' } }, 'a rehearsal changes nothing')
  const reply = await app.inject({ method: 'POST', url: `${base}/images/amd64/relabel` })

  t.equal(reply.statusCode, 200)
  t.match(reply.json(), { image: { architecture: 'arm64', verdict: 'match' } })
  t.strictSame(Object.keys(reply.json().container.images), ['arm64'])
  t.match((await app.inject('/container/resolve?id=container-hello:v1&arch=aarch64')).json().result, { verdict: 'match' })
  t.equal((await app.inject('/container/resolve?id=container-hello:v1&arch=x86_64')).statusCode, 404)
})

t.test('relabel moves nothing that is right, unread, or would take the place of another', async (t) => {
  const { app } = await startWithTarballs(t)
  const relabel = (architecture: string) => app.inject({ method: 'POST', url: `${base}/images/${architecture}/relabel` })
  await app.inject({ method: 'PUT', url: `${base}/images/arm64`, headers: octets, payload: arm64 })
  t.match((await relabel('arm64')).json(), { code: 'image_refused' })

  await app.inject({ method: 'PUT', url: `${base}/images/s390x`, payload: { url: 's3://b/z.tar', digest: 'd' } })
  t.match((await relabel('s390x')).json(), { code: 'image_unproven' })

  await app.inject({ method: 'PUT', url: `${base}/images/s390x`, headers: octets, payload: amd64 })
  await app.inject({ method: 'PUT', url: `${base}/images/amd64`, payload: { url: 's3://b/x.tar', digest: 'd' } })
  const taken = await relabel('s390x')
  t.equal(taken.statusCode, 409)
  t.match(taken.json(), { code: 'already_exists' })
  t.match((await app.inject(`${base}/images/s390x`)).json(), { verdict: 'mislabelled' }, 'what is known of it stays')
})

t.test('a read-only site takes no image', async (t) => {
  const { app } = await startWithTarballs(t, { policy: 'read-only' })

  const put = await app.inject({ method: 'PUT', url: `${base}/images/amd64`, headers: octets, payload: amd64 })

  t.equal(put.statusCode, 403)
  t.match(put.json(), { code: 'forbidden' })
})

t.test('an image that nobody has looked for is not said to be there', async (t) => {
  const { app } = await startWithTarballs(t)
  await app.inject({ method: 'PUT', url: `${base}/images/arm64`, payload: { url: 's3://b/arm.tar', digest: `sha256:${'1'.repeat(64)}` } })

  const image = (await app.inject(`${base}/images/arm64`)).json()

  t.match(image, { digest: `sha256:${'1'.repeat(64)}`, verdict: 'unverified', status: 'unknown', checked: null })
})

t.test('a rehearsed verification tells what the bytes are, and writes nothing down', async (t) => {
  const { app, blobs } = await startWithTarballs(t)
  await blobs.put('by-hand/arm.tar.gz', inChunks(arm64))
  await app.inject({
    method: 'PUT',
    url: `${base}/images/amd64`,
    payload: { url: 'http://127.0.0.1:0/storage/by-hand/arm.tar.gz', digest: 'd' }
  })

  const rehearsed = await app.inject({ method: 'POST', url: `${base}/images/amd64/verify?dryRun=true` })

  t.match(rehearsed.json(), { image: { verdict: 'mislabelled', proven: 'arm64' }, container: { state: 'degraded' } })
  t.match((await app.inject(base)).json(), { images: { amd64: { verdict: 'unverified' } }, state: 'complete' })
})

t.test('where the configuration lies about the programs, relabelling does not help, and only that is not advised', async (t) => {
  const { app } = await startWithTarballs(t)
  // its configuration says arm64, its programs are for amd64
  await app.inject({ method: 'PUT', url: `${base}/images/arm64`, headers: octets, payload: tarball({ architecture: 'arm64' }) })
  const relabel = (architecture: string) => app.inject({ method: 'POST', url: `${base}/images/${architecture}/relabel` })

  const moved = await relabel('arm64')
  t.match(moved.json(), {
    image: {
      architecture: 'amd64',
      proven: 'amd64',
      verdict: 'mislabelled',
      summary: /configuration says arm64; its programs are for amd64/
    }
  })
  const again = await relabel('amd64')
  t.match(again.json(), { status: 422, detail: /configuration says arm64.*only building it again changes what is inside/ })
})
