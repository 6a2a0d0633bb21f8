import { once } from 'node:events'
import t from 'tap'
import { limitMs } from '../../support/speed.ts'
import { openBlobs } from '../../support/start-server.ts'
import { rawConnection, startDav } from './exchange.ts'

t.test('a path that cannot be stored is refused by name', async (t) => {
  const { ask } = await startDav(t)
  await ask('a/file', { method: 'PUT', body: 'x' })
  const put = async (path: string) => {
    const answer = await ask(path, { method: 'PUT', body: 'x' })
    return { status: answer.status, said: await answer.text() }
  }

  t.strictSame(await put('a/file/under'), { status: 409, said: 'a/file is a file, not a folder\n' })
  t.strictSame(await put('a'), { status: 409, said: 'a is a folder\n' })
  t.match(await put('b/'), { status: 409, said: /^b is a folder's name/ })
  t.match(await put(''), { status: 409, said: /^the root is a folder's name/ })
  t.match(await put('a//b'), { status: 400, said: /empty segment/ })
  t.match(await put('a/%2e%2e%2f%2e%2e%2fetc'), { status: 400, said: /segment "\.\."/ })
  t.match(await put('a/%00'), { status: 400, said: /control character/ })
  t.match(await put('.leporello-folder'), { status: 400, said: /keeps for itself/ })
  t.match(await put('x'.repeat(300)), { status: 400, said: /300 bytes/ })
})

t.test('a refusal is a line of text, and a problem for who asks for JSON', async (t) => {
  const { ask } = await startDav(t)

  const text = await ask('none')
  const problem = await ask('none', { headers: { accept: 'application/json' } })

  t.equal(text.status, 404)
  t.equal(text.headers.get('content-type'), 'text/plain; charset=utf-8')
  t.equal(await text.text(), 'there is no none\n')
  t.equal(problem.headers.get('content-type'), 'application/problem+json')
  t.strictSame(await problem.json(), {
    type: 'about:blank',
    title: 'Not Found',
    status: 404,
    detail: 'there is no none',
    instance: '/storage/none',
    code: 'blob_unknown'
  })
})

t.test('an upload that is cut off stores nothing, and leaves what was there', async (t) => {
  const { url, blobs, ask } = await startDav(t)
  await ask('old', { method: 'PUT', body: 'old' })

  for (const head of ['content-length: 1000\r\n\r\n', 'transfer-encoding: chunked\r\n\r\n8\r\n']) {
    for (const path of ['new', 'old']) {
      const { socket } = await rawConnection(t, url)
      socket.write(`PUT /storage/${path} HTTP/1.1\r\nhost: localhost\r\n${head}partial!`)
      await until(async () => (await leftovers()) > 0)
      socket.destroy()
      await until(async () => (await leftovers()) === 0)
    }
  }

  t.equal(await blobs.head('new'), undefined)
  t.equal(await (await ask('old')).text(), 'old')

  async function leftovers(): Promise<number> {
    let count = 0
    for await (const _ of blobs.leftovers({ before: new Date(Date.now() + 60_000) })) count++
    return count
  }
})

async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 5))
}

t.test('an upload that stands still ends, one that flows slowly does not', async (t) => {
  const { url, blobs } = await startDav(t, { stallMs: limitMs(2000) })
  const stalled = await rawConnection(t, url)
  const slow = await rawConnection(t, url)

  stalled.socket.write('PUT /storage/stalled HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nabc')
  slow.socket.write('PUT /storage/slow HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n')
  for (const byte of 'slowslowly') {
    await new Promise((resolve) => setTimeout(resolve, 250))
    slow.socket.write(byte)
  }
  await Promise.all([stalled.says(/no byte came .*after 3 bytes; nothing was stored/), slow.says(/^HTTP\/1\.1 201 /)])

  t.match(stalled.said(), /^HTTP\/1\.1 408 [\s\S]*connection: close/i)
  t.equal(await blobs.head('stalled'), undefined)
  t.match(await blobs.head('slow'), { size: 10 })
})

t.test('who waits for 100 Continue is told to send only what will be stored', async (t) => {
  const { url, ask } = await startDav(t)
  await ask('folder/file', { method: 'PUT', body: 'x' })
  const expecting = async (line: string, headers = '') => {
    const connection = await rawConnection(t, url)
    connection.socket.write(`${line} HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 3\r\n${headers}\r\n`)
    return connection
  }

  const refused = await expecting('PUT /storage/folder')
  await once(refused.socket, 'close')
  const taken = await expecting('PUT /storage/taken')
  await taken.says(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
  taken.socket.write('abc')
  await taken.says(/HTTP\/1\.1 201 /)
  const elsewhere = await expecting('POST /container/add', 'content-type: application/x-www-form-urlencoded\r\n')
  await elsewhere.says(/^HTTP\/1\.1 100 Continue\r\n\r\n/)
  elsewhere.socket.end('a=b')
  await elsewhere.says(/HTTP\/1\.1 400 [\s\S]*must be supplied/)

  t.match(refused.said(), /^HTTP\/1\.1 409 /)
  t.equal(await (await ask('taken')).text(), 'abc')
})

t.test('where there is no room, that is said before the bytes have come', async (t) => {
  const { url } = await startDav(t, { blobs: await openBlobs(t, { reserve: 2 ** 60 }) })
  const connection = await rawConnection(t, url)

  connection.socket.write('PUT /storage/big HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 5000000000\r\n\r\n')
  await once(connection.socket, 'close')

  t.match(
    connection.said(),
    /^HTTP\/1\.1 507 [\s\S]*the object store is full: 5000000000 bytes are to be stored, and there is room for 0\n$/
  )
})

t.test('an upload that the store takes long over is answered, however long the server lets a connection rest', async (t) => {
  const blobs = await openBlobs(t)
  const restMs = limitMs(100)
  const busy = async (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  const slow: typeof blobs.put = async (key, source, options) => {
    await busy(4 * restMs)
    const put = await blobs.put(key, source, options)
    await busy(4 * restMs)
    return put
  }
  const { app, ask } = await startDav(t, { blobs: { ...blobs, put: slow } })
  app.server.timeout = restMs

  const answer = await ask('f', { method: 'PUT', body: 'x' })

  t.equal(answer.status, 201)
})

const methods = {
  OPTIONS: 200,
  GET: 200,
  HEAD: 200,
  PROPFIND: 207,
  PUT: 204,
  DELETE: 204,
  MKCOL: 405,
  POST: 405,
  PATCH: 405,
  COPY: 405,
  MOVE: 405,
  LOCK: 405,
  UNLOCK: 405,
  PROPPATCH: 405
}

t.test('every method passes the door: a policy that permits no writing lets none through', async (t) => {
  for (const policy of ['open', 'read-only'] as const) {
    const { app, blobs } = await startDav(t, { policy })
    for (const [method, open] of Object.entries(methods)) {
      await blobs.put('f', (async function* () {})())
      const writes = ['PUT', 'DELETE', 'MKCOL'].includes(method)

      const { statusCode, headers } = await app.inject({ method: method as 'GET', url: '/storage/f', headers: { depth: '0' } })

      t.equal(statusCode, policy === 'read-only' && writes ? 403 : open, `${policy} ${method}`)
      t.ok(await blobs.head('f').then((found) => (found !== undefined) !== (method === 'DELETE' && policy === 'open')))
      if (statusCode === 405 || method === 'OPTIONS') t.equal(headers.allow, 'OPTIONS, GET, HEAD, PUT, DELETE, MKCOL, PROPFIND')
      if (method === 'OPTIONS') t.equal(headers['dav'], '1')
    }
  }
})
