import type { RequestListener } from 'node:http'
import t, { type Test } from 'tap'
import { limitMs } from '../support/speed.ts'
import { fakeNames, sourcesFor, startSite, startSocket, textOf } from './sites.ts'

/** What S3 says no with. */
const refuse =
  (code: string, status: number): RequestListener =>
  (_request, response) =>
    response
      .writeHead(status, { 'content-type': 'application/xml' })
      .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>swordfish</Message></Error>`)

/** As much of S3 as one object needs; the real one is met in test:all. */
const object: RequestListener = ({ method }, response) => {
  const body = '0123456789'
  response.writeHead(200, { etag: '"v1"', 'last-modified': 'Tue, 01 Sep 2026 10:00:00 GMT', 'content-length': body.length })
  response.end(method === 'HEAD' ? undefined : body)
}

async function startS3(t: Test, answer: RequestListener) {
  const site = await startSite(t, answer)
  const sources = sourcesFor({ buckets: [`http://127.0.0.1:${site.port}/images`] })
  return { ...site, sources, at: `s3://AKIATEST:sword%2Ffish@127.0.0.1:${site.port}/images` }
}

t.test('an object on a listed server comes with the keys in its URL, which nothing shows', async (t) => {
  const { sources, at, requests, port } = await startS3(t, object)

  const { stream, ...info } = await sources.open(`${at}/hello/a b+ü.tar`)

  t.equal(await textOf(stream), '0123456789')
  t.strictSame(info, { size: 10, etag: '"v1"', modified: '2026-09-01T10:00:00.000Z', via: `s3://127.0.0.1:${port}/images/hello/a b+ü.tar` })
  t.match(requests, [
    { method: 'GET', url: /^\/images\/hello\/a%20b%2B%C3%BC.tar(\?|$)/, headers: { authorization: /Credential=AKIATEST\// } }
  ])
  t.strictSame(await sources.probe(`${at}/hello/a b+ü.tar`), info)
  t.equal(requests[1]?.method, 'HEAD')
})

t.test('what S3 refuses has its own refusal, without the words of the server', async (t) => {
  const cases: [string, number, object][] = [
    ['NoSuchKey', 404, { code: 'source_gone' }],
    ['NoSuchBucket', 404, { code: 'source_gone' }],
    ['AccessDenied', 403, { code: 'source_unavailable', message: /keys \(AccessDenied\)/ }],
    ['InvalidObjectState', 403, { code: 'source_unavailable', message: /archived/ }],
    ['PermanentRedirect', 301, { code: 'source_unavailable', message: /another region/ }],
    ['SlowDown', 503, { code: 'source_unavailable', message: /503 SlowDown/ }],
    ['InternalError', 500, { code: 'source_unavailable' }]
  ]

  for (const [name, status, expected] of cases) {
    const { sources, at, requests } = await startS3(t, refuse(name, status))
    const error = await sources.open(`${at}/x`).catch((error) => error)
    t.match(error, expected, name)
    t.notMatch(error.message, /sword|fish/)
    t.equal(requests.length, 1, 'asked once')
  }
})

t.test('a probe of an object that is not there, or not to be seen, says so though HEAD has no words', async (t) => {
  const gone = await startS3(t, (_request, response) => response.writeHead(404).end())
  const hidden = await startS3(t, (_request, response) => response.writeHead(403).end())

  await t.rejects(gone.sources.probe(`${gone.at}/x`), { code: 'source_gone' })
  await t.rejects(hidden.sources.probe(`${hidden.at}/x`), { code: 'source_unavailable' })
})

t.test('a bucket or a server that is not listed is not asked', async (t) => {
  const { sources, at, port, requests } = await startS3(t, object)
  const elsewhere = await startSite(t, object, { address: '127.0.0.2', port })

  const refused = (url: string, message: RegExp) => t.rejects(sources.open(url), { code: 'source_forbidden', message }, url)
  await refused(`${at.replace('/images', '/others')}/x`, /LEPORELLO_VERIFY_BUCKETS=https:\/\/127.0.0.1:\d+\/others .*would allow/)
  await refused(`s3://127.0.0.2:${port}/images/x`, /127.0.0.2/)
  await refused(`s3s://127.0.0.1:${port}/images/x`, /would allow/)
  await refused('s3://images/x', /LEPORELLO_VERIFY_BUCKETS=images would allow it/)
  await refused('s3://s3-us-west-2.amazonaws.com/images/x', /LEPORELLO_VERIFY_BUCKETS=images would allow it/)
  t.strictSame([...requests, ...elsewhere.requests], [])
})

t.test('osaka’s form asks AWS in that region, and never where metadata is', async (t) => {
  const resolve = fakeNames({ 'images.s3.us-west-2.amazonaws.com': ['169.254.169.254'] })
  const sources = sourcesFor({ buckets: ['images'] }, { resolve })

  await t.rejects(sources.open('s3://AKIATEST:swordfish@s3-us-west-2.amazonaws.com/images/x'), {
    code: 'source_forbidden',
    message: /leads to 169.254.169.254/
  })
  t.strictSame(resolve.asked, ['images.s3.us-west-2.amazonaws.com'])
})

t.test('a listed server that stands at a metadata address is not asked', async (t) => {
  const sources = sourcesFor({ buckets: ['http://169.254.169.254/images'] })

  await t.rejects(sources.open('s3://k:s@169.254.169.254/images/x'), { code: 'source_forbidden', message: /nothing is ever read/ })
})

t.test('an object that breaks off, falls silent or never begins says so', async (t) => {
  const patience = { connectMs: limitMs(250), idleMs: limitMs(500) }
  const open = (port: number) =>
    sourcesFor({ buckets: [`http://127.0.0.1:${port}/images`] }, { patience }).open(`s3://k:s@127.0.0.1:${port}/images/x`)
  const half = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234'
  const cut = await startSocket(t, (socket) => socket.end(half))
  const stalled = await startSocket(t, (socket) => socket.write(half))
  const silent = await startSocket(t, () => {})

  await t.rejects(
    open(cut.port).then(({ stream }) => textOf(stream)),
    { code: 'source_unavailable', message: /broke off after 5 bytes of 10/ }
  )
  await t.rejects(
    open(stalled.port).then(({ stream }) => textOf(stream)),
    { code: 'source_unavailable', message: `sent nothing for ${patience.idleMs / 1000} s` }
  )
  await t.rejects(open(silent.port), {
    code: 'source_unavailable',
    message: `no answer within ${(patience.connectMs + patience.idleMs) / 1000} s`
  })
  await t.rejects(open(1), { code: 'source_unavailable', message: /could not be reached \(ECONNREFUSED\)/ })
})
