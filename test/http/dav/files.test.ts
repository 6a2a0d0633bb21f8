import { createHash } from 'node:crypto'
import { once } from 'node:events'
import t from 'tap'
import { drain, from, sha256, someBytes } from '../../blobs/bytes.ts'
import { startDav } from './exchange.ts'

const bytes = someBytes(300_000)
const etag = `"${sha256(bytes)}"`
const base64 = (algorithm: string) => createHash(algorithm).update(bytes).digest('base64')

t.test('what was put is got back whole, with what proves it', async (t) => {
  const { ask } = await startDav(t)

  const put = await ask('containers/hello-1/hello:v1.tar.gz', { method: 'PUT', body: bytes })
  const again = await ask('containers/hello-1/hello%3Av1.tar.gz', { method: 'PUT', body: bytes })
  const got = await ask('containers/hello-1/hello:v1.tar.gz')
  const head = await ask('containers/hello-1/hello:v1.tar.gz', { method: 'HEAD' })

  t.equal(put.status, 201)
  t.equal(again.status, 204)
  for (const { headers } of [put, again, got, head]) t.equal(headers.get('etag'), etag)
  for (const { status, headers } of [got, head]) {
    t.equal(status, 200)
    t.equal(headers.get('content-length'), '300000')
    t.equal(headers.get('content-type'), 'application/gzip')
    t.equal(headers.get('content-encoding'), null)
    t.equal(headers.get('accept-ranges'), 'bytes')
    t.equal(headers.get('repr-digest'), `sha-256=:${base64('sha256')}:`)
    t.ok(Math.abs(Date.parse(headers.get('last-modified')!) - Date.now()) < 60_000)
  }
  t.strictSame(Buffer.from(await got.arrayBuffer()), bytes)
  t.equal(await head.text(), '')
})

t.test('a body without a length is taken, and so is one without bytes', async (t) => {
  const { ask, blobs } = await startDav(t)

  const chunked = await ask('chunked', { method: 'PUT', body: from(bytes), duplex: 'half' })
  const empty = await ask('empty', { method: 'PUT' })

  t.equal(chunked.status, 201)
  t.match(await blobs.head('chunked'), { size: 300_000, sha256: sha256(bytes) })
  t.equal(empty.status, 201)
  t.equal((await (await ask('empty')).arrayBuffer()).byteLength, 0)
})

t.test('a part of a file is got by range, and the whole when the file is another by then', async (t) => {
  const { ask } = await startDav(t)
  await ask('f', { method: 'PUT', body: bytes })
  const part = async (headers: Record<string, string>) => {
    const answer = await ask('f', { headers })
    return { status: answer.status, range: answer.headers.get('content-range'), body: Buffer.from(await answer.arrayBuffer()) }
  }

  t.strictSame(await part({ range: 'bytes=10-19' }), { status: 206, range: 'bytes 10-19/300000', body: bytes.subarray(10, 20) })
  t.match(await part({ range: 'bytes=299990-' }), { status: 206, body: bytes.subarray(299_990) })
  t.match(await part({ range: 'bytes=-5' }), { status: 206, range: 'bytes 299995-299999/300000', body: bytes.subarray(-5) })
  t.match(await part({ range: 'bytes=0-0', 'if-range': etag }), { status: 206 })
  t.match(await part({ range: 'bytes=0-0', 'if-range': '"other"' }), { status: 200, range: null, body: bytes })
  for (const range of ['bytes=5-2', 'bytes=1-2,4-5', 'lines=1-2', 'bytes=-', 'bytes=a-b']) {
    t.match(await part({ range }), { status: 200, range: null, body: bytes }, range)
  }
  const beyond = await part({ range: 'bytes=300000-' })
  t.match({ ...beyond, body: String(beyond.body) }, { status: 416, range: 'bytes */300000', body: /^f has 300000 bytes/ })
})

t.test('conditions of a request are kept', async (t) => {
  const { ask, blobs } = await startDav(t)
  await ask('f', { method: 'PUT', body: bytes })
  const tomorrow = new Date(Date.now() + 86_400_000).toUTCString()
  const longAgo = new Date(0).toUTCString()
  const status = async (method: string, headers: Record<string, string>, path = 'f') =>
    (await ask(path, { method, headers, ...(method === 'PUT' && { body: 'new' }) })).status

  t.equal(await status('GET', { 'if-none-match': etag }), 304)
  t.equal(await status('HEAD', { 'if-none-match': `"other", W/${etag}` }), 304)
  t.equal(await status('GET', { 'if-none-match': '"other"' }), 200)
  t.equal(await status('GET', { 'if-modified-since': tomorrow }), 304)
  t.equal(await status('GET', { 'if-modified-since': longAgo }), 200)
  t.equal(await status('GET', { 'if-match': '"other"' }), 412)
  t.equal(await status('GET', { 'if-unmodified-since': longAgo }), 412)
  t.equal(await status('PUT', { 'if-none-match': '*' }), 412)
  t.equal(await status('PUT', { 'if-match': '"other"' }), 412)
  t.equal(await status('PUT', { 'if-match': '*' }, 'absent'), 412)
  t.equal(await status('DELETE', { 'if-match': '"other"' }), 412)
  t.match(await blobs.head('f'), { sha256: sha256(bytes) }, 'untouched')
  t.equal(await status('PUT', { 'if-match': etag }), 204)
  t.equal(await status('PUT', { 'if-none-match': '*' }, 'absent'), 201)
})

t.test('of two that add one file at once, one is told that it came second', async (t) => {
  const { ask, blobs } = await startDav(t)
  const put = (body: string) => ask('f', { method: 'PUT', body, headers: { 'if-none-match': '*' } })

  const answers = await Promise.all([put('one'), put('two')])

  t.strictSame(answers.map(({ status }) => status).sort(), [201, 412])
  t.match(await blobs.head('f'), { size: 3 })
})

t.test('bytes that are not what they are said to be are not stored', async (t) => {
  const { ask, blobs } = await startDav(t)
  const put = async (headers: Record<string, string>) => {
    const answer = await ask('f', { method: 'PUT', body: bytes, headers })
    return { status: answer.status, said: await answer.text(), stored: (await blobs.head('f')) !== undefined }
  }
  const other = createHash('sha256').update('other').digest('base64')

  for (const name of ['content-digest', 'repr-digest']) {
    t.match(await put({ [name]: `sha-256=:${other}:` }), { status: 400, said: /^expected sha256:.*nothing was stored\n$/, stored: false })
    t.match(await put({ [name]: 'sha-256=:short:' }), { status: 400, said: /32 bytes in base64/, stored: false })
  }
  t.match(await put({ 'content-md5': base64('sha1') }), { status: 400, said: /^Content-MD5 is .*nothing was stored\n$/, stored: false })
  t.match(await put({ 'content-range': 'bytes 0-299999/600000' }), { status: 400, said: /^Content-Range/, stored: false })
  t.match(await put({ 'content-encoding': 'gzip' }), { status: 400, said: /^Content-Encoding/, stored: false })
  t.match(await put({ 'content-digest': `sha-512=:AA==:, sha-256=:${base64('sha256')}:`, 'content-md5': base64('md5') }), {
    status: 201,
    stored: true
  })
})

t.test('who has begun to read keeps the old bytes, and the next reader gets the new ones', async (t) => {
  const { blobs, app } = await startDav(t)
  const old = someBytes(8_000_000, 3)
  await blobs.put('f', from(old))
  const { port } = app.server.address() as { port: number }
  const { request } = await import('node:http')
  const answer = request({ port, path: '/storage/f' }).end()
  const [reading] = await once(answer, 'response')
  await once(reading, 'readable')

  await app.inject({ method: 'PUT', url: '/storage/f', payload: 'new' })
  await app.inject({ method: 'DELETE', url: '/storage/f' })
  t.equal((await app.inject('/storage/f')).statusCode, 404)
  await app.inject({ method: 'PUT', url: '/storage/f', payload: 'newer' })

  t.equal(sha256(await drain({ stream: reading })), sha256(old))
  t.equal((await app.inject('/storage/f')).body, 'newer')
})

t.test('nothing that is stored runs in a browser as a page of ours', async (t) => {
  const { ask } = await startDav(t)
  for (const name of ['a.html', 'a.svg', 'a.js', 'a.xml', 'a']) {
    await ask(name, { method: 'PUT', body: '<script>alert(1)</script>' })
    const { headers } = await ask(name)
    t.equal(headers.get('content-type'), 'application/octet-stream', name)
    t.equal(headers.get('x-content-type-options'), 'nosniff')
  }
})
