import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { appLayer, baseLayer, newDockerSave, sha256 } from '../../support/images.ts'
import { tar } from '../../support/tar.ts'
import { startWithTarballs, tarball } from '../../support/tarballs.ts'
import { tusClient } from '../../support/tus.ts'

const amd64 = tarball()
const arm64 = tarball({ architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] })
/** Said to be for arm64 by its configuration, with programs for amd64. */
const mislabelled = tarball({ architecture: 'arm64' })
const images = '/api/v1/containers/container-hello%3Av1/images'
/** As a browser does. */
async function sendForm(app: FastifyInstance, parts: [string, string | Blob][], query = '') {
  const form = new FormData()
  for (const [name, value] of parts) {
    if (typeof value === 'string') form.append(name, value)
    else form.append(name, value, 'hello.tar.gz')
  }
  const { headers, body } = new Request('http://x', { method: 'POST', body: form })
  const payload = Buffer.from(await new Response(body).arrayBuffer())
  return app.inject({ method: 'POST', url: `${images}${query}`, headers: Object.fromEntries(headers), payload })
}

const octets = { 'content-type': 'application/octet-stream' }

t.test('a tarball is stored, proven and registered in one request', async (t) => {
  const { app, everything } = await startWithTarballs(t)

  const reply = await app.inject({ method: 'PUT', url: `${images}/arm64`, headers: octets, payload: arm64 })

  t.equal(reply.statusCode, 201)
  const key = `containers/container-hello-v1/${sha256(arm64).slice(0, 12)}/container-hello-v1-arm64.tar.gz`
  const { container, image, unchanged } = reply.json()
  t.match(image, { architecture: 'arm64', verdict: 'match', proven: 'arm64', sha256: sha256(arm64), size: arm64.length, status: 'present' })
  t.equal(image.url, `http://127.0.0.1:0/storage/${key}`)
  t.match(image.config, /^sha256:[0-9a-f]{64}$/)
  t.equal(unchanged, false)
  t.match(container, { id: 'container-hello:v1', version: 'v1', digest: image.config, images: { arm64: image } })
  t.equal(reply.headers.etag, `"${container.revision}"`)
  t.strictSame(await everything(), [key])
  const resolved = await app.inject('/container/resolve?id=container-hello:v1&arch=aarch64')
  t.match(resolved.json().result, { url: image.url, verdict: 'match' })
})

t.test('architectures that arrive at once from several machines stand beside each other', async (t) => {
  const { app } = await startWithTarballs(t)

  const replies = await Promise.all([
    app.inject({ method: 'PUT', url: `${images}/arm64`, headers: octets, payload: arm64 }),
    app.inject({ method: 'PUT', url: `${images}/x86_64`, headers: octets, payload: amd64 })
  ])

  t.strictSame(
    replies.map(({ statusCode }) => statusCode),
    [201, 201]
  )
  const { images: both, digest, url } = (await app.inject('/api/v1/containers/container-hello%3Av1')).json()
  t.strictSame(Object.keys(both), ['amd64', 'arm64'])
  t.strictSame([both.amd64.verdict, both.arm64.verdict], ['match', 'match'])
  t.equal(digest, both.amd64.config, "the record's digest is the amd64 image's, whichever came last")
  t.equal(url, both.amd64.url)
})

t.test('each image is fetched back by the URL that stands in the record', async (t) => {
  const { app } = await startWithTarballs(t)
  await app.inject({ method: 'PUT', url: `${images}/amd64`, headers: octets, payload: amd64 })
  await app.inject({ method: 'PUT', url: `${images}/arm64`, headers: octets, payload: arm64 })
  const { urls } = (await app.inject('/container/info?id=container-hello:v1')).json().result

  for (const [machine, bytes] of Object.entries({ x86_64: amd64, aarch64: arm64 })) {
    const fetched = await app.inject(new URL(JSON.parse(urls)[machine]).pathname)
    t.equal(fetched.statusCode, 200, machine)
    t.ok(fetched.rawPayload.equals(bytes), machine)
  }
})

t.test('the same tarball a second time changes nothing', async (t) => {
  const { app } = await startWithTarballs(t)
  const put = () => app.inject({ method: 'PUT', url: `${images}/amd64`, headers: octets, payload: amd64 })
  const first = await put()

  const second = await put()

  t.equal(second.statusCode, 200)
  t.equal(second.json().unchanged, true)
  t.equal(second.headers.etag, first.headers.etag)
})

t.test('mislabelled bytes are kept and marked, and machines are refused them', async (t) => {
  const { app } = await startWithTarballs(t)

  const reply = await app.inject({ method: 'PUT', url: `${images}/arm64`, headers: octets, payload: mislabelled })
  const resolved = await app.inject('/container/resolve?id=container-hello:v1&arch=arm64')

  t.equal(reply.statusCode, 201)
  t.match(reply.json().image, { verdict: 'mislabelled', proven: 'amd64' })
  t.equal(resolved.statusCode, 409)
  t.match(resolved.json().message, /^the image for arm64 of container-hello:v1 is proven to be for amd64: /)
})

t.test('a strict site refuses what is not proven, and keeps nothing of it', async (t) => {
  const { app, everything } = await startWithTarballs(t, { strict: true })

  const wrong = await app.inject({ method: 'PUT', url: `${images}/arm64`, headers: octets, payload: mislabelled })
  const broken = await app.inject({ method: 'PUT', url: `${images}/arm64`, headers: octets, payload: amd64.subarray(0, 1000) })
  const right = await app.inject({ method: 'PUT', url: `${images}/amd64`, headers: octets, payload: amd64 })

  t.equal(wrong.statusCode, 409)
  t.match(wrong.json(), { code: 'image_mislabelled', detail: /LEPORELLO_STRICT/ })
  t.equal(broken.statusCode, 422)
  t.match(broken.json(), { code: 'image_refused' })
  t.equal(right.statusCode, 201)
  t.equal((await everything()).length, 1)
})

t.test('a tarball that is not what its digest says is refused, and nothing is left', async (t) => {
  const { app, everything } = await startWithTarballs(t)
  const wrong = 'ab'.repeat(32)
  const base64 = Buffer.from(wrong, 'hex').toString('base64')
  const put = (query: string, headers = {}) =>
    app.inject({ method: 'PUT', url: `${images}/amd64${query}`, headers: { ...octets, ...headers }, payload: amd64 })

  for (const reply of [
    await put(`?digest=sha256:${wrong}`),
    await put('', { 'repr-digest': `sha-256=:${base64}:` }),
    await put('', { 'content-digest': `sha-256=:${base64}:` })
  ]) {
    t.equal(reply.statusCode, 400)
    t.match(reply.json(), { code: 'digest_mismatch', status: 400 })
  }
  t.strictSame(await everything(), [])
  t.equal((await app.inject('/container/info?id=container-hello:v1')).statusCode, 404)
  t.equal((await put(`?digest=sha256:${sha256(amd64)}`)).statusCode, 201)
})

t.test('an upload that is cut off leaves nothing', async (t) => {
  const plain = tar(newDockerSave())
  const { url, everything, stores } = await startWithTarballs(t, { listen: true })
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write(
    `PUT ${images}/amd64 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-tar\r\nContent-Length: ${plain.length}\r\n\r\n`
  )
  socket.write(plain.subarray(0, 2000))
  await until(async () => (await everything()).length > 0)

  socket.destroy()

  await until(async () => (await everything()).length === 0)
  t.equal(await stores.containers.get('container-hello:v1'), undefined)
})

t.test('a form that is cut off leaves nothing', async (t) => {
  const { url, everything, stores } = await startWithTarballs(t, { listen: true })
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  const head = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.tar.gz"\r\nContent-Type: application/gzip\r\n\r\n'
  socket.write(
    `POST ${images} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n${head}`
  )
  socket.write(amd64.subarray(0, 2000))
  await until(async () => (await everything()).length > 0)

  socket.destroy()

  await until(async () => (await everything()).length === 0)
  t.equal(await stores.containers.get('container-hello:v1'), undefined)
})

t.test('a full disk refuses an upload', async (t) => {
  const { app, everything } = await startWithTarballs(t, { reserve: Number.MAX_SAFE_INTEGER })

  const reply = await app.inject({ method: 'PUT', url: `${images}/amd64`, headers: octets, payload: amd64 })

  t.equal(reply.statusCode, 507)
  t.equal(reply.json().code, 'store_full')
  t.strictSame(await everything(), [])
})

t.test('a form may say what it is behind the file, or leave the architecture to the bytes', async (t) => {
  const { app } = await startWithTarballs(t)
  const send = (parts: [string, string | Blob][]) => sendForm(app, parts)
  const file = new Blob([new Uint8Array(arm64)])

  const found = await send([['file', file]])
  t.equal(found.statusCode, 201)
  t.match(found.json().image, { architecture: 'arm64', verdict: 'match' })

  const said = await send([
    ['file', file],
    ['version', 'v2'],
    ['digest', `sha256:${sha256(arm64)}`],
    ['architecture', 'amd64']
  ])
  t.match(said.json(), { container: { version: 'v2' }, image: { architecture: 'amd64', verdict: 'mislabelled', proven: 'arm64' } })

  const wrong = await send([
    ['digest', `sha256:${'0'.repeat(64)}`],
    ['file', file]
  ])
  t.equal(wrong.json().code, 'digest_mismatch')
  t.match((await send([['version', 'v1']])).json(), { code: 'parameter_missing' })
  const two = await send([
    ['file', file],
    ['file', file]
  ])
  t.match(two.json(), { status: 400, code: 'parameter_invalid', detail: /more than one file; nothing was stored/ })
  const twice = await send([
    ['version', 'v1'],
    ['version', 'v2'],
    ['file', file]
  ])
  t.match(twice.json(), { status: 400, code: 'parameter_invalid', detail: /version is given more than once/ })
  const many = await send([...Array.from({ length: 40 }, (): [string, string] => ['version', 'v1']), ['file', file]])
  t.match(many.json(), { status: 400, code: 'parameter_invalid', detail: /given more than once|too many parts/ })
  t.match(
    (
      await send([
        ['file', file],
        ['colour', 'red']
      ])
    ).json(),
    { code: 'parameter_invalid', errors: [{ path: 'colour' }] }
  )
})

t.test('a tarball in a form is named for its container, whatever its file is called: workers cache by the name', async (t) => {
  const { app } = await startWithTarballs(t)

  const reply = await sendForm(app, [['file', new Blob([new Uint8Array(arm64)])]])

  t.match(reply.json().image.url, /\/containers\/container-hello-v1\/[0-9a-f]{12}\/container-hello-v1-arm64\.tar\.gz$/)
})

t.test('the name that an upload was given stands in its URL', async (t) => {
  const { app } = await startWithTarballs(t)
  const put = (query: string) => app.inject({ method: 'PUT', url: `${images}/arm-v7?${query}`, headers: octets, payload: amd64 })

  const named = await put('filename=my%20tool-v3.tgz&version=v3')
  const plain = await put('version=v3')

  t.match(named.json(), { container: { version: 'v3' }, image: { architecture: 'arm/v7', url: /\/my%20tool-v3-arm-v7\.tar\.gz$/ } })
  t.match(plain.json().image.url, /\/container-hello-v3-arm-v7\.tar\.gz$/)
})

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('it did not come to pass within 10 s')
}

t.test('what holds nothing is no image, on any site and by any way; what is broken is taken in and marked', async (t) => {
  const { app, url, everything } = await startWithTarballs(t, { listen: true })
  const client = tusClient(url)
  const put = (payload: Buffer) => app.inject({ method: 'PUT', url: `${images}/amd64`, headers: octets, payload })

  for (const nothing of [Buffer.alloc(0), gzipSync(''), tar([]), gzipSync(tar([]))]) {
    const reply = await put(nothing)
    t.equal(reply.statusCode, 422)
    t.match(reply.json(), { code: 'image_refused', detail: /nothing in them.*; nothing was stored/ })
  }
  const form = await sendForm(app, [['file', new Blob([])]])
  t.match(form.json(), { status: 422, code: 'image_refused' })
  const path = await client.begin({ id: 'container-hello:v1', architecture: 'amd64' }, tar([]).length)
  t.equal((await client.patch(path, 0, tar([]))).status, 422)
  t.strictSame(await everything(), [])
  t.equal((await app.inject('/api/v1/containers/container-hello%3Av1')).statusCode, 404)

  const broken = await put(amd64.subarray(0, 300))
  t.equal(broken.statusCode, 201)
  t.match(broken.json(), { image: { verdict: 'unreadable' }, container: { state: 'degraded' } })
})

t.test('a dry run reads a tarball, tells what would be stored and registered, and keeps nothing', async (t) => {
  const { app, everything, stores } = await startWithTarballs(t)
  const written = async () =>
    (await Promise.all([stores.containers, stores.facts, stores.journal].map((one) => one.list({ limit: 10 })))).map(
      ({ items }) => items.length
    )
  const put = (query: string, payload: Buffer) => app.inject({ method: 'PUT', url: `${images}/arm64${query}`, headers: octets, payload })

  const rehearsed = await put('?dryRun=true', arm64)
  t.equal(rehearsed.statusCode, 201)
  const said = await sendForm(app, [['file', new Blob([new Uint8Array(arm64)])]], '?dryRun=true')
  t.match(said.json(), { image: { architecture: 'arm64', verdict: 'match', size: arm64.length } })
  const wrong = (await put('?dryRun=true', mislabelled)).json()
  t.match(wrong, { image: { verdict: 'mislabelled' }, container: { state: 'degraded', revision: null } })
  t.match((await put(`?dryRun=true&digest=sha256:${'0'.repeat(64)}`, arm64)).json(), { status: 400, code: 'digest_mismatch' })
  t.match((await put('?dryRun=true', Buffer.alloc(0))).json(), { status: 422, code: 'image_refused' })
  t.match((await put('?dryRun=maybe', arm64)).json(), { status: 400, code: 'parameter_invalid' })
  t.strictSame(await everything(), [])
  t.strictSame(await written(), [0, 0, 0])

  const { image, container } = rehearsed.json()
  const done = (await put('', arm64)).json()
  t.strictSame(done.image, image, 'what was told is what comes')
  const yet = { revision: null, fingerprint: null, created: null, updated: null }
  t.strictSame({ ...done.container, ...yet }, { ...container, ...yet })
  const again = await put('?dryRun=true', mislabelled)
  t.match(again.json(), { unchanged: false, container: { images: { arm64: { verdict: 'mislabelled' } } } })
  t.strictSame((await app.inject(`${images}/arm64`)).json().verdict, 'match')
  t.equal((await everything()).length, 1)
})

t.test('a strict site, a full disk and a precondition refuse a rehearsal as they would the upload', async (t) => {
  const strict = await startWithTarballs(t, { strict: true })
  const full = await startWithTarballs(t, { reserve: Number.MAX_SAFE_INTEGER })
  const put = ({ app }: typeof strict, headers = {}) =>
    app.inject({ method: 'PUT', url: `${images}/arm64?dryRun=true`, headers: { ...octets, ...headers }, payload: mislabelled })

  t.match((await put(strict)).json(), { status: 409, code: 'image_mislabelled' })
  t.match((await put(full)).json(), { status: 507, code: 'store_full' })
  t.match((await put(strict, { 'if-match': '"1"' })).json(), { status: 412 })
})
