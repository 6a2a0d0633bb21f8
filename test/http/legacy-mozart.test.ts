import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, request } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { logLines } from '../support/log-lines.ts'
import { startServer } from '../support/start-server.ts'

/** An old Mozart that answers as a test says, and where it is. */
async function oldMozart(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

interface Sent {
  method?: string
  headers?: Record<string, string | string[]>
  body?: string | Buffer
}

function send(url: string, { method = 'GET', headers = {}, body }: Sent = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const length: Record<string, number> =
      body === undefined || headers['transfer-encoding'] ? {} : { 'content-length': Buffer.byteLength(body) }
    request(url, { method, headers: { ...headers, ...length } }, resolve)
      .on('error', reject)
      .end(body)
  })
}

/** Answers what it was asked, as JSON. */
const echo: RequestListener = async (request, reply) => {
  const body = (await buffer(request)).toString()
  reply.writeHead(200, { 'content-type': 'application/json' })
  reply.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }))
}

t.test('unknown paths go to the old Mozart with their query and body, whatever the method; ours do not', async (t) => {
  const { url } = await startServer(t, { listen: true, legacyMozartUrl: `${await oldMozart(t, echo)}/base/` })
  const form = { 'content-type': 'application/x-www-form-urlencoded' }

  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
    const asked = await send(`${url}/api/v0.1/job/submit?a=%20b`, { method, headers: form, body: 'type=job-x' })

    t.match(JSON.parse(await text(asked)), { method, url: '/base/api/v0.1/job/submit?a=%20b', headers: form, body: 'type=job-x' })
  }
  t.match(JSON.parse(await text(await send(`${url}/api/v0.1/%zz`))), { url: '/base/api/v0.1/%zz', body: '' })
  t.strictSame(JSON.parse(await text(await send(`${url}/container/list`))).result, [])
  t.equal((await send(`${url}/container/list`, { method: 'PUT' })).statusCode, 405)
})

t.test('a chunked body of any size passes, also with GET', async (t) => {
  const { url } = await startServer(t, { listen: true, legacyMozartUrl: await oldMozart(t, echo) })
  const body = 'x'.repeat(3_000_000)

  for (const method of ['GET', 'POST']) {
    const reply = await send(`${url}/job/submit`, { method, headers: { 'transfer-encoding': 'chunked' }, body })
    t.equal(JSON.parse(await text(reply)).body.length, body.length)
  }
})

t.test('what belongs to one connection stays there, and the old server learns who asks', async (t) => {
  const { url } = await startServer(t, { listen: true, host: '0.0.0.0', prefix: '/mozart', legacyMozartUrl: await oldMozart(t, echo) })

  const reply = await send(`${url}/mozart/job/list`, {
    headers: {
      host: 'ops.example',
      connection: 'close, X-Secret-Hop',
      'x-secret-hop': '1',
      te: 'trailers',
      'x-forwarded-for': '10.0.0.1',
      'x-request-id': 'abc',
      cookie: 'a=b'
    }
  })

  const { url: path, headers } = JSON.parse(await text(reply))
  t.equal(path, '/job/list')
  t.match(headers, {
    cookie: 'a=b',
    'x-forwarded-for': '10.0.0.1, 127.0.0.1',
    'x-forwarded-host': 'ops.example',
    'x-forwarded-proto': 'http',
    'x-script-name': '/mozart',
    'x-request-id': 'abc'
  })
  t.notOk('x-secret-hop' in headers)
  t.notOk('te' in headers)
  t.match(headers.host, /^127\.0\.0\.1:/)
})

t.test('the answer comes back as it is: redirects, repeated headers, no second CORS header', async (t) => {
  const legacyMozartUrl = await oldMozart(t, (_request, reply) => {
    reply.writeHead(302, [
      ['Location', '/elsewhere'],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['Access-Control-Allow-Origin', 'https://ui.example'],
      ['Connection', 'close, X-Hop'],
      ['X-Hop', '1']
    ])
    reply.end('moved')
  })
  const { url } = await startServer(t, { listen: true, legacyMozartUrl })

  const reply = await send(`${url}/job/list`, { headers: { origin: 'https://ui.example', 'x-request-id': 'r1' } })

  t.equal(reply.statusCode, 302)
  t.match(reply.headers, {
    location: '/elsewhere',
    'set-cookie': ['a=1', 'b=2'],
    'access-control-allow-origin': 'https://ui.example',
    'x-request-id': 'r1'
  })
  t.notOk('x-hop' in reply.headers)
  t.equal(await text(reply), 'moved')
})

t.test('an answer is handed on while it is still being written', async (t) => {
  let finish = () => {}
  const legacyMozartUrl = await oldMozart(t, (_request, reply) => {
    reply.write('first')
    finish = () => reply.end('second')
  })
  const { url } = await startServer(t, { listen: true, legacyMozartUrl })

  const reply = await send(`${url}/event/stream`)
  const first = await new Promise((resolve) => reply.once('data', resolve))
  finish()

  t.equal(String(first), 'first')
  t.equal(await text(reply), 'second')
})

t.test('when the client leaves, the old Mozart is let go; when the old Mozart breaks off, so do we', async (t) => {
  const old = new EventEmitter()
  const [asked, left] = [once(old, 'asked'), once(old, 'left')]
  const legacyMozartUrl = await oldMozart(t, (request, reply) => {
    if (request.url === '/broken') return void reply.write('half', () => reply.destroy())
    reply.on('close', () => old.emit('left'))
    old.emit('asked')
  })
  const { url } = await startServer(t, { listen: true, legacyMozartUrl })

  await t.rejects(send(`${url}/broken`).then(text), { message: 'aborted' })
  const leaving = request(`${url}/slow`).on('error', () => {})
  leaving.end()
  await asked
  leaving.destroy()

  await t.resolves(left)
})

t.test('an old Mozart that is away or silent is a JSON 503 with a time to come back', async (t) => {
  const closed = createTcpServer()
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const { port } = closed.address() as AddressInfo
  await new Promise((resolve) => closed.close(resolve))
  const { url } = await startServer(t, { listen: true, legacyMozartUrl: `http://127.0.0.1:${port}` })
  const silent = await startServer(t, { listen: true, legacyTimeoutMs: 50, legacyMozartUrl: await oldMozart(t, () => {}) })

  for (const base of [url, silent.url]) {
    const reply = await send(`${base}/job/submit`, { method: 'POST', body: 'a=b' })

    t.match(reply, {
      statusCode: 503,
      headers: { 'retry-after': '5', 'content-type': 'application/json', 'access-control-allow-origin': '*' }
    })
    t.match(JSON.parse(await text(reply)).message, /^the old Mozart, which serves this path, does not answer/)
  }
})

t.test('credentials in its address are sent to it, and to no log and no client', async (t) => {
  const { report, atLeast } = logLines()
  const seen = await oldMozart(t, echo)
  const { url } = await startServer(t, { listen: true, report, legacyMozartUrl: seen.replace('//', '//ops:se%40cret@') })
  const away = await startServer(t, { listen: true, report, legacyMozartUrl: 'http://ops:se%40cret@127.0.0.1:1' })
  const lone = await startServer(t, { listen: true, legacyMozartUrl: seen.replace('//', '//ops:100%zz@') })

  const { headers } = JSON.parse(await text(await send(`${url}/job/list`, { headers: { authorization: 'Bearer client' } })))
  const { headers: asGiven } = JSON.parse(await text(await send(`${lone.url}/job/list`)))
  const refused = await text(await send(`${away.url}/job/list`))

  t.equal(headers.authorization, `Basic ${Buffer.from('ops:se@cret').toString('base64')}`)
  t.equal(asGiven.authorization, `Basic ${Buffer.from('ops:100%zz').toString('base64')}`, 'what is not percent-encoded is taken as it is')
  const [, outage] = await atLeast(2)
  t.match(outage, { level: 'error', status: 503, path: '/job/list', causes: [{ code: 'ECONNREFUSED' }] })
  t.notMatch(JSON.stringify(await atLeast(2)) + refused, /se(%40|@)cret/)
})

t.test('no other spelling of a path of ours reaches the old Mozart, past our policy', async (t) => {
  const { url } = await startServer(t, { listen: true, policy: 'read-only', legacyMozartUrl: await oldMozart(t, echo) })

  for (const path of ['/container%2Fadd', '/job/../container/add', '/job%2f..%2fcontainer/add', '/api/v0.1//container/add']) {
    t.equal(await statusOf(url, { method: 'POST', path }), 404, path)
  }
  t.equal(await statusOf(url, { method: 'HEAD', path: '/container/%72emove?id=hello' }), 404)
  t.equal(await statusOf(url, { method: 'POST', path: '/job%2Fsubmit' }), 403, 'nobody writes, to the old Mozart neither')
  t.equal(await statusOf(url, { method: 'GET', path: '/job%2Flist' }), 200)
})

t.test('a status line of the old Mozart that cannot be passed on is 503, and the server goes on', async (t) => {
  for (const line of ['099 Odd', '200 a\u0001b']) {
    const broken = createTcpServer((socket) => socket.once('data', () => socket.end(`HTTP/1.1 ${line}\r\ncontent-length: 0\r\n\r\n`)))
    await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve))
    t.teardown(() => broken.close())
    const { url } = await startServer(t, { listen: true, legacyMozartUrl: `http://127.0.0.1:${(broken.address() as AddressInfo).port}` })

    t.equal((await send(`${url}/job/list`)).statusCode, 503)
    t.equal((await send(`${url}/container/list`)).statusCode, 200)
  }
})

/** Of a path that is sent as it stands: a URL would be cleaned first. */
function statusOf(url: string, { method, path }: { method: string; path: string }): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { method, path }, (reply) => resolve(reply.resume().statusCode))
      .on('error', reject)
      .end()
  })
}
