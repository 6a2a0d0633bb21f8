import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { limitMs } from '../support/speed.ts'
import { fakeNames, sourcesFor, startSite, startSocket, textOf } from './sites.ts'

/** Of nobody, for the name files.test, until 2126. */
const selfSigned = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5gNR76Q9w4pgwQsc
d002/Nz6z2UNZ8TSMyuV1HSaKaWhRANCAAQqoUSFyhqLh0KPXr3ntvVcFK4EzO3J
bagIMcaZmav7BItwMQgPFS/PZdYiVYqnnqPPHrhdJyqngnxVp6bis3kX
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBgTCCASegAwIBAgIUXpiz0yrpG3F9zkozpn7G8ZPf1NswCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKZmlsZXMudGVzdDAgFw0yNjExMjEwMjQ2MzNaGA8yMTI2MTAy
ODAyNDYzM1owFTETMBEGA1UEAwwKZmlsZXMudGVzdDBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABCqhRIXKGouHQo9evee29VwUrgTM7cltqAgxxpmZq/sEi3AxCA8V
L89l1iJViqeeo88euF0nKqeCfFWnpuKzeRejUzBRMB0GA1UdDgQWBBS26KrEH10v
BpQL7eywqo5UF3/SLDAfBgNVHSMEGDAWgBS26KrEH10vBpQL7eywqo5UF3/SLDAP
BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQCQtbgAsGMUxM4Gcu35
P59CQPv4aSGKXHcDQEUBxwOVLwIgZB1ltitlhKJPvuE4299Y/A6i8GI9W2vyresV
cd0bcyA=
-----END CERTIFICATE-----
`
}

const any = ['127.0.0.1:*']

t.test('a tarball comes as its bytes, with what the server says of it', async (t) => {
  const { port, requests } = await startSite(t, (_request, response) =>
    response.writeHead(200, { etag: '"v1"', 'last-modified': 'Tue, 01 Sep 2026 10:00:00 GMT' }).end('tarball')
  )

  const { stream, ...info } = await sourcesFor({ hosts: any }).open(`http://127.0.0.1:${port}/a/b.tar?X-Amz-Signature=swordfish`)

  t.equal(await textOf(stream), 'tarball')
  t.match(info, { etag: '"v1"', modified: '2026-09-01T10:00:00.000Z', via: `http://127.0.0.1:${port}/a/b.tar?X-Amz-Signature=***` })
  t.match(requests, [{ method: 'GET', url: '/a/b.tar?X-Amz-Signature=swordfish', headers: { 'accept-encoding': 'identity' } }])
})

t.test('ten megabytes arrive whole, also when they are read slowly', async (t) => {
  const bytes = randomBytes(10_000_000)
  const { port } = await startSite(t, (_request, response) => response.end(bytes))
  const { stream, size } = await sourcesFor({ hosts: any }, { patience: { connectMs: limitMs(5000), idleMs: limitMs(500) } }).open(
    `http://127.0.0.1:${port}/`
  )
  const hash = createHash('sha256')

  let pauses = 0
  for await (const chunk of stream) {
    hash.update(chunk)
    // longer than the server may be silent: it is not the silent one
    if (pauses++ === 0) await new Promise((resolve) => setTimeout(resolve, limitMs(1200)))
  }

  t.equal(size, bytes.length)
  t.equal(hash.digest('hex'), createHash('sha256').update(bytes).digest('hex'))
})

t.test('bytes are never decompressed, whatever coding the server claims', async (t) => {
  const zipped = gzipSync('tarball')
  const { port } = await startSite(t, (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(zipped))

  const { stream } = await sourcesFor({ hosts: any }).open(`http://127.0.0.1:${port}/a.tar.gz`)

  t.strictSame(Buffer.concat(await stream.toArray()), zipped)
})

t.test('dav sends the password of its URL, which no message shows', async (t) => {
  const { port } = await startSite(t, ({ headers }, response) => {
    const right = headers.authorization === `Basic ${Buffer.from('user:sword:fish').toString('base64')}`
    response.writeHead(right ? 200 : 401).end('tarball')
  })
  const sources = sourcesFor({ hosts: any })

  const { stream, via } = await sources.open(`dav://user:sword%3Afish@127.0.0.1:${port}/x`)

  t.equal(await textOf(stream), 'tarball')
  t.notMatch(via, 'sword')
  await t.rejects(sources.open(`dav://user:goldfish@127.0.0.1:${port}/x`), {
    code: 'source_unavailable',
    message: /^(?!.*goldfish).* answered 401/
  })
})

t.test('each status has its own refusal', async (t) => {
  const { port } = await startSite(t, ({ url }, response) => response.writeHead(Number(url!.slice(1))).end())
  const sources = sourcesFor({ hosts: any })
  const codes = { 404: 'source_gone', 410: 'source_gone', 202: 'source_unavailable', 401: 'source_unavailable', 403: 'source_unavailable' }

  for (const [status, code] of [
    ...Object.entries(codes),
    ['429', 'source_unavailable'],
    ['500', 'source_unavailable'],
    ['304', 'source_unavailable']
  ]) {
    const refused = { code, message: new RegExp(`127\\.0\\.0\\.1.*${status}`) }
    await t.rejects(sources.open(`http://127.0.0.1:${port}/${status}`), refused, `open ${status}`)
    await t.rejects(sources.probe(`http://127.0.0.1:${port}/${status}`), refused, `probe ${status}`)
  }
})

t.test('a part is refused where the whole was requested', async (t) => {
  const { port } = await startSite(t, (_request, response) => {
    response.writeHead(206, { 'content-range': 'bytes 3-5/10', 'content-length': 3 }).end('345')
  })

  await t.rejects(sourcesFor({ hosts: any }).open(`http://127.0.0.1:${port}/x`), { code: 'source_unsupported', message: /answered 206/ })
})

t.test('a probe asks with HEAD, and for one byte where a server knows no HEAD', async (t) => {
  const { port, requests } = await startSite(t, ({ url, method, headers }, response) => {
    if (url === '/signed' && method === 'HEAD') response.writeHead(403).end()
    else if (url === '/empty' && method === 'HEAD') response.writeHead(405).end()
    else if (url === '/empty') response.writeHead(416, { 'content-range': 'bytes */0' }).end()
    else if (headers.range) response.writeHead(206, { 'content-range': 'bytes 0-0/7', etag: '"v2"' }).end('t')
    else response.writeHead(200, { 'content-length': 7, etag: '"v1"' }).end()
  })
  const sources = sourcesFor({ hosts: any })

  t.match(await sources.probe(`http://127.0.0.1:${port}/plain`), { size: 7, etag: '"v1"' })
  t.match(await sources.probe(`http://127.0.0.1:${port}/signed`), { size: 7, etag: '"v2"' })
  t.match(await sources.probe(`http://127.0.0.1:${port}/empty`), { size: 0 })
  t.strictSame(
    requests.map(({ method, headers }) => `${method} ${headers.range ?? ''}`),
    ['HEAD ', 'HEAD ', 'GET bytes=0-0', 'HEAD ', 'GET bytes=0-0']
  )
})

t.test('a stalled, a cut and a broken answer each say how far they came', async (t) => {
  const patience = { connectMs: limitMs(5000), idleMs: limitMs(500) }
  const answers: Record<string, string> = {
    stalled: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234',
    cut: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234',
    'cut chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n',
    'wrong chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\nzz\r\n'
  }
  const readWhole = async (kind: string) => {
    const { port } = await startSocket(t, (socket) => {
      socket.write(answers[kind]!)
      if (kind.startsWith('cut')) socket.end()
    })
    const { stream } = await sourcesFor({ hosts: any }, { patience }).open(`http://127.0.0.1:${port}/x`)
    return await textOf(stream)
  }

  await t.rejects(readWhole('stalled'), { code: 'source_unavailable', message: `sent nothing for ${limitMs(500) / 1000} s, after 5 bytes` })
  await t.rejects(readWhole('cut'), { code: 'source_unavailable', message: /broke off after 5 bytes of 10/ })
  await t.rejects(readWhole('cut chunk'), { code: 'source_unavailable', message: /broke off after 5 bytes/ })
  await t.rejects(readWhole('wrong chunk'), { code: 'source_unavailable', message: /broke off/ })
})

t.test('no answer, no HTTP, endless headers and a shut port are each told apart', async (t) => {
  const patience = { connectMs: limitMs(5000), idleMs: limitMs(500) }
  const openAt = (port: number) => sourcesFor({ hosts: any }, { patience }).open(`http://127.0.0.1:${port}/x`)
  const silent = await startSocket(t, () => {})
  const other = await startSocket(t, (socket) => socket.end('SSH-2.0-OpenSSH\r\n'))
  const endless = await startSocket(t, (socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`))
  const hinting = await startSocket(t, (socket) => {
    const timer = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 20)
    socket.once('close', () => clearInterval(timer))
  })

  await t.rejects(openAt(silent.port), { code: 'source_unavailable', message: `no answer within ${limitMs(500) / 1000} s` })
  await t.rejects(openAt(hinting.port), { code: 'source_unavailable', message: `no answer within ${limitMs(500) / 1000} s` })
  await t.rejects(openAt(other.port), { code: 'source_unavailable', message: /did not answer in HTTP/ })
  await t.rejects(openAt(endless.port), { code: 'source_unavailable', message: /more than 16384 bytes of headers/ })
  await t.rejects(openAt(1), { code: 'source_unavailable', message: /could not be reached \(ECONNREFUSED\)/ })
})

t.test('a server that takes the connection and never shakes hands is given up', async (t) => {
  const silent = await startSocket(t, () => {})
  const sources = sourcesFor({ hosts: any }, { patience: { connectMs: limitMs(500), idleMs: limitMs(5000) } })

  await t.rejects(sources.open(`https://127.0.0.1:${silent.port}/x`), {
    code: 'source_unavailable',
    message: `no connection within ${limitMs(500) / 1000} s`
  })
})

t.test('a certificate that nobody vouches for is named, and what would make it known', async (t) => {
  const server = createServer(selfSigned, (_request, response) => response.end('tarball')).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const sources = sourcesFor({ hosts: ['files.test:*'] }, { resolve: fakeNames({ 'files.test': ['127.0.0.1'] }) })

  await t.rejects(sources.open(`davs://files.test:${port}/x`), {
    code: 'source_unavailable',
    message: /certificate was not accepted \(DEPTH_ZERO_SELF_SIGNED_CERT\); NODE_EXTRA_CA_CERTS/
  })
})

t.test('a name that does not resolve may do so later', async (t) => {
  const sources = sourcesFor({ hosts: ['files.test'] }, { resolve: fakeNames({}) })

  await t.rejects(sources.open('http://files.test/x'), {
    code: 'source_unavailable',
    message: /files.test could not be resolved \(ENOTFOUND\)/
  })
})

t.test('more bytes than are read at all are refused, said beforehand or not', async (t) => {
  const { port } = await startSite(t, ({ url }, response) => {
    if (url === '/said') response.writeHead(200, { 'content-length': 2_000_000 })
    response.write('x'.repeat(1_000_000))
    response.end('x'.repeat(1_000_000))
  })
  const sources = sourcesFor({ hosts: any }, { maxBytes: 1_500_000 })

  await t.rejects(sources.open(`http://127.0.0.1:${port}/said`), { code: 'too_large', message: /has 2000000 bytes; at most 1500000/ })
  const { stream } = await sources.open(`http://127.0.0.1:${port}/unsaid`)
  await t.rejects(textOf(stream), { code: 'too_large' })
})

t.test('a signal ends a connection and a stream', async (t) => {
  const left: string[] = []
  const { port } = await startSite(t, ({ url }, response) => {
    response.once('close', () => left.push(url!))
    if (url !== '/silent') response.write('01234')
  })
  const sources = sourcesFor({ hosts: any })
  const at = `http://127.0.0.1:${port}`
  const reason = new Error('the server is stopping')

  await t.rejects(sources.open(`${at}/silent`, { signal: AbortSignal.abort(reason) }), reason)
  const waiting = new AbortController()
  setTimeout(() => waiting.abort(reason), 50)
  await t.rejects(sources.open(`${at}/silent`, { signal: waiting.signal }), reason)
  const controller = new AbortController()
  const stopped = await sources.open(`${at}/stopped`, { signal: controller.signal })
  setTimeout(() => controller.abort(reason), 50)
  await t.rejects(textOf(stopped.stream), reason)
  while (!left.includes('/stopped')) await new Promise((resolve) => setTimeout(resolve, 10))
})

t.test('a stream that is let go of lets go of its connection', async (t) => {
  const closed = deferred()
  const { port } = await startSite(t, (_request, response) => {
    response.once('close', closed.resolve)
    response.write('x'.repeat(100_000))
  })

  const { stream } = await sourcesFor({ hosts: any }).open(`http://127.0.0.1:${port}/x`)
  stream.destroy()

  await closed.promise
  t.ok(stream.destroyed)
})

function deferred() {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
