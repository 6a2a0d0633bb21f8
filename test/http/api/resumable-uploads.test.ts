import { once } from 'node:events'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { Upload } from 'tus-js-client'
import { openLocalBlobs } from '../../../src/blobs/local/local-blobs.ts'
import { CatalogueError } from '../../../src/domain/errors.ts'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { sha256 } from '../../support/images.ts'
import { openStores } from '../../support/start-server.ts'
import { startWithTarballs, type TarballOptions, tarball } from '../../support/tarballs.ts'
import { metadata, piece, tusClient, version } from '../../support/tus.ts'
import { rawConnection } from '../dav/exchange.ts'
import { resumableContract } from './resumable-contract.ts'

resumableContract('local', async (t) => {
  const directory = temporaryDirectory(t)
  return () => openLocalBlobs({ directory })
})

const id = 'container-hello:v1'
const bytes = tarball()

async function start(t: Test, options: TarballOptions = {}) {
  const started = await startWithTarballs(t, { ...options, listen: true })
  return { ...started, client: tusClient(started.url) }
}

t.test('a tus client uploads as it would anywhere, with pieces of any size, and with the first one at once', async (t) => {
  const { url, client } = await start(t)
  for (const uploadDataDuringCreation of [false, true]) {
    const upload = await new Promise<Upload>((resolve, reject) => {
      const made: Upload = new Upload(Readable.from([bytes]) as never, {
        endpoint: `${url}/api/v1/uploads`,
        chunkSize: 700,
        uploadSize: bytes.length,
        metadata: { id, filename: 'hello.tar.gz' },
        uploadDataDuringCreation,
        retryDelays: null,
        onError: reject,
        onSuccess: () => resolve(made)
      })
      made.start()
    })

    const ended = await (await client.ask(new URL(upload.url!).pathname)).json()
    t.match(ended, { state: 'registered', result: { sha256: sha256(bytes), unchanged: uploadDataDuringCreation } })
  }
})

t.test('a tus client that is interrupted goes on where it was', async (t) => {
  const { url, client } = await start(t)
  const options = { endpoint: `${url}/api/v1/uploads`, metadata: { id }, retryDelays: null, chunkSize: 700 }
  const first = await new Promise<string>((resolve, reject) => {
    const upload = new Upload(bytes as never, {
      ...options,
      onError: reject,
      onChunkComplete: () => void upload.abort().then(() => resolve(upload.url!))
    })
    upload.start()
  })

  const offsets: number[] = []
  await new Promise<void>((resolve, reject) => {
    new Upload(bytes as never, {
      ...options,
      uploadUrl: first,
      onProgress: (sent) => offsets.push(sent),
      onError: reject,
      onSuccess: () => resolve()
    }).start()
  })

  t.ok(offsets[0]! >= 700)
  t.match(await (await client.ask(new URL(first).pathname)).json(), { state: 'registered' })
})

t.test('what the protocol refuses is refused by its statuses', async (t) => {
  const { client } = await start(t)
  const path = await client.begin({ id, filename: 'h.tar.gz' }, bytes.length)
  const none = '/api/v1/uploads/ffffffffffffffffffffffffffffffff'

  const options = await client.ask('/api/v1/uploads', { method: 'OPTIONS' })
  t.equal(options.status, 204)
  t.match(Object.fromEntries(options.headers), {
    'tus-resumable': '1.0.0',
    'tus-version': '1.0.0',
    'tus-extension': 'creation,creation-with-upload,termination,expiration',
    'tus-max-size': /^\d+$/
  })
  const head = await client.head(path)
  t.match(Object.fromEntries(head.headers), {
    'upload-offset': '0',
    'upload-length': String(bytes.length),
    'upload-metadata': metadata({ id, filename: 'h.tar.gz' }),
    'cache-control': 'no-store'
  })

  const requests: [status: number, code: string, path: string, method: string, headers: Record<string, string>][] = [
    [412, 'precondition_failed', path, 'PATCH', { ...piece, 'upload-offset': '0', 'tus-resumable': '0.2.2' }],
    [412, 'precondition_failed', path, 'DELETE', {}],
    [415, 'error', path, 'PATCH', { ...piece, 'upload-offset': '0', 'content-type': 'application/octet-stream' }],
    [400, 'parameter_missing', path, 'PATCH', piece],
    [400, 'parameter_invalid', path, 'PATCH', { ...piece, 'upload-offset': '-1' }],
    [409, 'upload_conflict', path, 'PATCH', { ...piece, 'upload-offset': '1' }],
    [404, 'upload_unknown', none, 'PATCH', { ...piece, 'upload-offset': '0' }],
    [404, 'upload_unknown', '/api/v1/uploads/..%2F..%2Fstate', 'PATCH', { ...piece, 'upload-offset': '0' }],
    [404, 'upload_unknown', none, 'DELETE', version]
  ]
  for (const [status, code, at, method, headers] of requests) {
    const reply = await client.ask(at, { method, headers, ...(method === 'PATCH' && { body: 'x' }) })
    t.equal(reply.status, status, `${method} ${code}`)
    t.equal(reply.headers.get('tus-resumable'), '1.0.0')
    t.match(await reply.json(), { status, code })
    if (status === 412) t.equal(reply.headers.get('tus-version'), '1.0.0')
  }
  t.equal((await client.ask(path, { method: 'HEAD' })).status, 412)
  t.equal((await client.head(none)).status, 404)
  const more = await client.patch(path, 0, Buffer.concat([bytes, bytes]))
  t.match(await more.json(), { status: 400, code: 'size_mismatch' })
})

t.test('an upload is refused at once for what can be known at once', async (t) => {
  const { client, everything } = await start(t)
  const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64')
  const cases: [header: string | undefined, size: string, status: number, detail: RegExp][] = [
    [undefined, '10', 400, /must name the container as id; it has: nothing/],
    ['', '10', 400, /must name/],
    ['id', '10', 400, /id has no value/],
    ['id !!!!', '10', 400, /id is not in base64/],
    [`id ${base64('x')},id ${base64('y')}`, '10', 400, /id is given more than once/],
    [`id ${base64('x')} ${base64('y')}`, '10', 400, /more than one value/],
    [`id ${base64(Buffer.from([0xff, 0xfe]))}`, '10', 400, /id is not UTF-8/],
    [`id ${base64('..')}`, '10', 400, /id is "\.\."/],
    [`id ${base64('i'.repeat(513))}`, '10', 400, /513 bytes/],
    [`id ${base64(id)},sha265 ${base64('x')}`, '10', 400, /sha265 is not known here; did you mean sha256/],
    [`id ${base64(id)},Arch ${base64('arm64')}`, '10', 400, /did you mean architecture/],
    [`id ${base64(id)},name !!`, '10', 400, /name is not in base64/],
    [`id ${base64(id)},type eA==,type eA==`, '10', 400, /type is given more than once/],
    [`id ${base64(id)},relativePath ${base64('p'.repeat(1000))}`, '10', 400, /at most 1024/],
    [`id ${base64(id)},architecture ${base64('arm 64')}`, '10', 400, /not the name of an architecture/],
    [`id ${base64(id)},sha256 ${base64('abc')}`, '10', 400, /expected 64 hexadecimal digits/],
    [`id ${base64(id)},version ${base64('v'.repeat(1025))}`, '10', 400, /version has 1025 bytes/],
    [`id ${base64(id)},filename ${base64('n'.repeat(256))}`, '10', 400, /filename has 256 bytes/],
    [`id ${base64('untagged')}`, '10', 400, /version must be supplied: untagged has no tag/],
    [metadata({ id }), '0', 400, /expected a whole number from 1 to 274877906944/],
    [metadata({ id }), '-5', 400, /expected a whole number from 1 to/],
    [metadata({ id }), '1e9', 400, /expected a whole number from 1 to/],
    [metadata({ id }), '999999999999999', 413, /Tus-Max-Size/]
  ]
  for (const [header, size, status, detail] of cases) {
    const headers = { ...version, 'upload-length': size, ...(header !== undefined && { 'upload-metadata': header }) }
    const reply = await client.ask('/api/v1/uploads', { method: 'POST', headers })
    t.equal(reply.status, status, String(detail))
    t.match(await reply.json(), { detail })
  }
  t.match(
    await (await client.ask('/api/v1/uploads', { method: 'POST', headers: { ...version, 'upload-metadata': metadata({ id }) } })).json(),
    {
      code: 'parameter_missing',
      detail: /Upload-Length is missing/
    }
  )
  t.strictSame(await everything(), [])
  t.same(await (await client.ask('/api/v1/uploads')).json(), { items: [] })
})

t.test('a name that would lead elsewhere leads nowhere', async (t) => {
  const { client, everything } = await start(t)
  for (const filename of ['../../../etc/passwd.tar.gz', '.hidden', 'a\u0000b\r\nc.tar', '\u202egnp.tar.gz']) {
    const path = await client.begin({ id, filename }, bytes.length)
    t.equal((await client.patch(path, 0, bytes)).status, 204)
  }
  for (const key of await everything()) t.match(key, /^containers\/container-hello-v1\/[0-9a-f]{12}\/[^/.][^/]*$/)
})

t.test('where there is no room an upload is refused before a byte of it was sent', async (t) => {
  const { url, client, everything } = await start(t, { reserve: Number.MAX_SAFE_INTEGER })
  const images = '/api/v1/containers/container-hello%3Av1/images'
  const tus = `${Object.entries(version).map(([name, value]) => `${name}: ${value}`)}\r\nUpload-Metadata: ${metadata({ id })}`

  t.match(await (await client.create({ id }, 1000)).json(), { status: 507, code: 'store_full' })
  for (const head of [
    `PUT ${images}/amd64 HTTP/1.1\r\nContent-Type: application/x-tar`,
    `POST ${images} HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b`,
    `POST /api/v1/uploads HTTP/1.1\r\nUpload-Length: 1000\r\n${tus}\r\nContent-Type: application/offset+octet-stream`
  ]) {
    const connection = await rawConnection(t, url)
    connection.socket.write(`${head}\r\nHost: localhost\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n`)
    await once(connection.socket, 'close')
    t.match(connection.said(), /^HTTP\/1\.1 507 /, head.slice(0, 60))
    t.match(connection.said(), /store_full/)
  }
  t.strictSame(await everything(), [])
})

t.test('who waits for 100 Continue is told to send on: a tarball, a form and JSON', async (t) => {
  const { url } = await start(t)
  const images = '/api/v1/containers/container-hello%3Av1/images'
  const json = JSON.stringify({ url: 's3://bucket/hello.tar.gz', digest: 'sha256:1' })
  const boundary = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.tar.gz"\r\n\r\n'
  const form = Buffer.concat([Buffer.from(boundary), bytes, Buffer.from('\r\n--b--\r\n')])
  for (const [head, body] of [
    [`PUT ${images}/amd64 HTTP/1.1\r\nContent-Type: application/x-tar`, bytes],
    [`PUT ${images}/arm64 HTTP/1.1\r\nContent-Type: application/json`, Buffer.from(json)],
    [`POST ${images} HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b`, form]
  ] as const) {
    const { socket, says } = await rawConnection(t, url)
    socket.write(`${head}\r\nHost: localhost\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`)
    await says(/100 Continue/)
    socket.write(body)
    await says(/HTTP\/1\.1 20[01] /)
  }
  t.pass('each was answered')
})

t.test('a policy that permits no writes permits no uploads', async (t) => {
  const { client } = await start(t, { policy: 'read-only' })

  t.match(await (await client.create({ id }, 10)).json(), { status: 403, code: 'forbidden' })
  t.equal((await client.ask('/api/v1/uploads')).status, 200)
})

t.test('a store that is away at the end refuses nothing for good', async (t) => {
  const stores = await openStores(t)
  let away = true
  const put: typeof stores.facts.put = async (...args) => {
    if (away) throw new CatalogueError('store_unavailable', 'it is away')
    return stores.facts.put(...args)
  }
  const { client } = await start(t, { stores: { ...stores, facts: { ...stores.facts, put } } })
  const path = await client.begin({ id }, bytes.length)

  const first = await client.patch(path, 0, bytes)
  const between = await (await client.ask(path)).json()
  away = false
  const second = await client.patch(path, bytes.length, Buffer.alloc(0))

  t.equal(first.status, 503)
  t.match(between, { state: 'proving', offset: bytes.length })
  t.strictSame([second.status, second.headers.get('upload-state')], [204, 'registered'])
})

t.test('behind a proxy that shows us under a path, a client comes back the way it came', async (t) => {
  const { app } = await start(t)
  const headers = { ...version, 'upload-length': '10', 'upload-metadata': metadata({ id }), 'x-script-name': '/mozart' }

  const reply = await app.inject({ method: 'POST', url: '/api/v1/uploads', headers })

  t.match(reply.headers.location, /^\/mozart\/api\/v1\/uploads\/[0-9a-f]{32}$/)
  const forwarded = { ...headers, 'x-script-name': '', 'x-forwarded-prefix': '/mozart/' }
  t.match(
    (await app.inject({ method: 'POST', url: '/api/v1/uploads', headers: forwarded })).headers.location,
    /^\/mozart\/api\/v1\/uploads\//
  )
  t.equal((await app.inject({ url: '/mozart/api/v1/uploads', headers: { 'x-forwarded-prefix': '/mozart' } })).statusCode, 200)
})

t.test('a proxy that says nothing of its path is in the public URL, and the way back leads through it', async (t) => {
  const { app, client } = await start(t, { publicUrl: 'https://host/mozart/' })
  const shown = 'https://host/mozart/api/v1/uploads'

  const begun = await client.create({ id, architecture: 'amd64' }, bytes.length)
  const upload = new URL(begun.headers.get('location')!, shown)
  t.match(upload.href, /^https:\/\/host\/mozart\/api\/v1\/uploads\/[0-9a-f]{32}$/)
  const ended = await client.patch(upload.pathname.replace('/mozart', ''), 0, bytes)

  const image = new URL(ended.headers.get('content-location')!, upload)
  t.equal(image.href, 'https://host/mozart/api/v1/containers/container-hello%3Av1/images/amd64')
  t.equal((await app.inject(image.pathname.replace('/mozart', ''))).statusCode, 200)
})

t.test('what browsers tell of a file is no reason to refuse it, and is given back', async (t) => {
  const { client } = await start(t)
  const said = `${metadata({ id, filename: 'hello.tar.gz' })},name aGVsbG8udGFyLmd6,type ,filetype YXBwbGljYXRpb24vZ3ppcA==,relativePath bnVsbA==`
  const headers = { ...version, 'upload-length': String(bytes.length), 'upload-metadata': said }

  const begun = await client.ask('/api/v1/uploads', { method: 'POST', headers })
  const path = begun.headers.get('location')!

  t.equal(begun.status, 201)
  t.equal((await client.head(path)).headers.get('upload-metadata'), said.replace('type ,', 'type,'))
  t.equal((await client.patch(path, 0, bytes)).status, 204)
})

t.test(
  'a POST that names another method in X-HTTP-Method-Override is taken for it, for clients behind proxies that let no PATCH through',
  async (t) => {
    const { client } = await start(t)
    const path = await client.begin({ id }, 10)
    const post = (method: string, headers: Record<string, string> = {}) =>
      client.ask(path, { method: 'POST', headers: { ...version, 'x-http-method-override': method, ...headers } })

    const patched = await client.ask(path, {
      method: 'POST',
      headers: { ...piece, 'upload-offset': '0', 'x-http-method-override': 'PATCH' },
      body: '01234'
    })
    const head = await post('HEAD')
    const plain = await client.ask(path, { method: 'POST', headers: version })
    const removed = await post('delete')

    t.match([patched.status, patched.headers.get('upload-offset')], [204, '5'])
    t.match([head.status, head.headers.get('upload-offset')], [200, '5'])
    t.equal(plain.status, 405)
    t.equal(removed.status, 204)
    t.equal((await client.head(path)).status, 404)
  }
)

t.test('metadata without a value and names that are not ours have no effect and are given back', async (t) => {
  const { client } = await start(t)
  const sent = `${metadata({ id, filename: 'x.tar' })},version,is_confidential,os bGludXg=,project ${Buffer.from('sds').toString('base64')}`

  const created = await client.create({}, 10, { headers: { 'upload-metadata': sent } })
  const head = await client.head(created.headers.get('location')!)

  t.equal(created.status, 201)
  t.match(head.headers.get('upload-metadata'), /is_confidential,os bGludXg=,project c2Rz/)
})
