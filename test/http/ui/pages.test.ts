import t, { type Test } from 'tap'
import { startWithTarballs, type TarballOptions, tarball } from '../../support/tarballs.ts'

const now = () => new Date()
const container = (id: string) => `/api/v1/containers/${encodeURIComponent(id)}`
const pageOf = (id: string) => `/ui/containers/${encodeURIComponent(id)}`
const log = 'https://ci.example.org/4711'

async function start(t: Test, options: TarballOptions = {}) {
  const server = await startWithTarballs(t, { now, ...options })
  const { app } = server
  async function send(method: 'PUT' | 'POST' | 'DELETE', url: string, payload?: object) {
    const octets = Buffer.isBuffer(payload) && { 'content-type': 'application/octet-stream' }
    const reply = await app.inject({ method, url, ...(payload && { payload }), headers: { 'x-reason': 'nightly', ...octets } })
    if (reply.statusCode >= 300) throw new Error(`${method} ${url}: ${reply.body}`)
  }
  return {
    ...server,
    send,
    async page(url: string, status = 200): Promise<string> {
      const reply = await app.inject(url)
      t.equal(reply.statusCode, status, url)
      t.equal(reply.headers['content-type'], 'text/html; charset=utf-8', url)
      return reply.body
    },
    bring: (id: string, architecture: string, image = tarball()) => send('PUT', `${container(id)}/images/${architecture}`, image)
  }
}

/** The row of an architecture in the table of a container. */
const rowOf = (page: string, architecture: string): string =>
  page.split('<tr role="row" ').find((row) => row.startsWith(`data-architecture="${architecture}"`))!

t.test('the page of a container tells all of each architecture: there, proven by which files, built and tested where', async (t) => {
  const { page, bring, send } = await start(t)
  await bring('hello:1', 'amd64')
  await send('PUT', `${container('hello:1')}/expected`, { architectures: ['amd64', 'arm64'] })
  const machine = { name: 'builder-3', architecture: 'amd64' }
  await send('PUT', `${container('hello:1')}/builds/amd64`, { status: 'succeeded', log, machine, source: { commit: '9c0e1f2' } })
  await send('PUT', `${container('hello:1')}/tests/amd64`, { status: 'failed', reason: 'exit 1', log })

  const body = await page(pageOf('hello:1'))

  const amd64 = rowOf(body, 'amd64')
  t.match(amd64, /data-state="failed".*entrypoint<\/small> <code>\/app\/hello<\/code>: amd64 executable/s)
  t.match(amd64, /<code>\/bin\/sh<\/code> → <code>\/usr\/bin\/dash<\/code>/)
  t.match(amd64, /succeeded.*on <bdi>builder-3<\/bdi>.*from <code>9c0e1f2<\/code>.*href="https:\/\/ci\.example\.org\/4711"/s)
  t.match(amd64, /failed<\/span>.*exit 1/s)
  t.match(amd64, 'href="../../ui/containers/hello%3A1/images/amd64"')
  t.match(rowOf(body, 'arm64'), /data-state="missing".*<td role="cell">yes<\/td>.*no image/s)
  t.match(body, /data-code="test_failed" data-architecture="amd64".*read the log of the test/s)
  t.match(body, /data-code="missing" data-architecture="arm64".*Build it, bring its tarball/s)
  t.match(body, /Expected: amd64, arm64 \(set for this container by/)
})

t.test('it has commands to copy, for whatever address the client used', async (t) => {
  const { app, bring } = await start(t, { prefix: '/mozart' })
  await bring('hysds/hello:1', 'amd64')

  const { body } = await app.inject({ url: `/mozart${pageOf('hysds/hello:1')}`, headers: { host: 'localhost:8888' } })

  t.match(body, 'docker pull localhost:8888/hysds/hello:1')
  t.match(body, 'skopeo copy --all --src-tls-verify=false docker://localhost:8888/hysds/hello:1')
  t.match(body, 'http://localhost:8888/mozart/api/v0.1/container/resolve?id=hysds%2Fhello%3A1&amp;format=text&amp;arch=$(uname -m)')
  t.match(body, 'http://localhost:8888/mozart/api/v1/containers/hysds%2Fhello%3A1/images/amd64/download')
  t.match(body, 'leporello show hysds/hello:1 --url http://localhost:8888/mozart')
  t.match(body, '&quot;mediaType&quot;: &quot;application/vnd.oci.image.index.v1+json&quot;')
})

t.test('it tells what names a container: channels, releases and job specifications', async (t) => {
  const { page, bring, send, app } = await start(t)
  await bring('hello:1', 'amd64')
  await send('PUT', '/api/v1/channels/current', { set: ['hello:1'] })
  await send('POST', '/api/v1/releases', { name: '2026.1', channel: 'current' })
  const spec = JSON.stringify({ id: 'job-hello:1', container: 'hello:1' })
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  await app.inject({ method: 'POST', url: '/job_spec/add', headers: form, payload: new URLSearchParams({ spec }).toString() })

  const body = await page(pageOf('hello:1'))

  t.match(body, 'channel <a href="../../ui/channels/current">')
  t.match(body, 'release <a href="../../ui/releases/2026.1">')
  t.match(body, 'job <bdi>job-hello:1</bdi>')
})

t.test('the history says who, when and why; any two revisions stand side by side', async (t) => {
  const { page, send } = await start(t)
  const images = (url: string) => ({ version: '1', digest: 'd', images: { amd64: url } })
  await send('PUT', container('hello:1'), images('s3://b/one.tar'))
  await send('PUT', container('hello:1'), images('s3://b/two.tar'))

  const body = await page(`${pageOf('hello:1')}/history`)
  t.match(body, /<b>changed<\/b>.*from s3:\/\/b\/one\.tar to s3:\/\/b\/two\.tar.*nightly/s)
  const revisions = [...body.matchAll(/name="from" value="([^"]+)"/g)].map(([, revision]) => revision!)
  t.ok(revisions.length >= 2)

  const side = /href="([^"]*compare[^"]*)"/.exec(body)![1]!.replaceAll('&amp;', '&')
  const compared = await page(new URL(side, `http://host${pageOf('hello:1')}/history`).href.replace('http://host', ''))
  t.match(
    compared,
    /image for amd64.*<td class="before"><code>s3:\/\/b\/one\.tar<\/code><\/td><td class="after"><code>s3:\/\/b\/two\.tar<\/code>/s
  )
  t.match(await page(`${pageOf('hello:1')}/compare?from=${revisions[0]}&to=current`), 'Both mean the same')
  t.match(await page(`${pageOf('hello:1')}/compare?from=${revisions[0]}`, 400), 'From and to are needed')
})

t.test('of a removed container the history is left; of one that never was, a page says so', async (t) => {
  const { page, bring, send } = await start(t)
  await bring('hello:1', 'amd64')
  await send('DELETE', container('hello:1'))

  t.match(await page(pageOf('hello:1')), /It was removed.*<b>removed<\/b>/s)
  t.match(await page(pageOf('nothing:1'), 404), 'There is no container nothing:1')
})

t.test('a container of twelve architectures, and one that names none', async (t) => {
  const { page, send } = await start(t)
  const twelve = ['amd64', 'arm64', 'arm/v7', 'arm/v6', 'arm/v5', '386', 'ppc64le', 's390x', 'riscv64', 'mips64le', 'loong64', 'sw64']
  await send('PUT', `${container('many:1')}/expected`, { architectures: twelve })
  await send('PUT', `${container('many:1')}/builds/arm-v7`, { status: 'running' })
  await send('PUT', container('legacy:1'), { version: '1', digest: 'd', url: 's3://b/legacy.tar' })

  const many = await page(pageOf('many:1'))
  t.strictSame(
    twelve.map((name) => /data-state="([\w-]+)"/.exec(rowOf(many, name))![1]),
    twelve.map((name) => (name === 'arm/v7' ? 'building' : 'missing'))
  )
  t.match(rowOf(await page(pageOf('legacy:1')), 'amd64'), /data-state="claimed".*s3:\/\/b\/legacy\.tar/s)
})

t.test('the page of an image says what its bytes are, and answers for one path', async (t) => {
  const { page, bring, send } = await start(t)
  await bring('hello:1', 'amd64', tarball({ config: { Labels: { name: '<b>hello</b>', url: 'javascript:alert(1)' } } }))
  await send('PUT', container('claimed:1'), { digest: 'd', images: { 'arm/v7': 's3://b/claimed.tar' } })

  const body = await page(`${pageOf('hello:1')}/images/x86_64`)
  t.match(body, /data-architecture="amd64" data-verdict="match"/)
  t.match(body, /entry point<\/dt><dd><code>\/app\/hello<\/code>/)
  t.match(body, /<code>step 0<\/code>.*<code>step 1<\/code>/s, 'layers')
  t.match(body, /<tr data-architecture="amd64"><th scope="row">amd64<\/th><td class="number">\d+<\/td><td><code>\//, 'census with paths')
  t.match(body, '<bdi>&lt;b&gt;hello&lt;/b&gt;</bdi>')
  t.notMatch(body, 'href="javascript')

  const asked = await page(`${pageOf('hello:1')}/images/amd64?path=/lib/x86_64-linux-gnu/libc.so.6`)
  t.match(asked, /class="files answer">.*libc\.so\.6<\/code>.*amd64 shared/s)
  t.match(await page(`${pageOf('claimed:1')}/images/arm-v7`), /data-verdict="unverified".*Nobody has read its bytes/s)
  t.match(await page(`${pageOf('claimed:1')}/images/amd64`, 404), 'no image for amd64')
  t.match(await page(`${pageOf('claimed:1')}/images/a%20b`, 400), 'is not the name of an architecture')
})

t.test('channels: the set, its promotions, and what differs between two, or from another channel', async (t) => {
  const { page, bring, send } = await start(t)
  t.match(await page('/ui/channels'), 'There is no channel yet')
  for (const id of ['hello:1', 'hello:2', 'more:1']) await bring(id, 'amd64', tarball({ config: { Labels: { id } } }))
  await send('PUT', '/api/v1/channels/current', { set: ['hello:1'], reason: 'first' })
  await send('PUT', '/api/v1/channels/current', { set: ['hello:2', 'more:1'], reason: 'second' })
  await send('PUT', '/api/v1/channels/tested', { set: ['hello:1'] })

  t.match(await page('/ui/channels'), /href="\.\.\/ui\/channels\/current".*second/s)
  const channel = await page('/ui/channels/current')
  t.match(channel, /data-container="hello:current".*containers\/hello%3A2/s)
  t.match(channel, /data-number="2".*second.*diff\?from=1&amp;to=2.*data-number="1".*first/s)
  const differences = (body: string) =>
    [...body.matchAll(/data-change="(\w+)"><th scope="row"><bdi>([^<]*)/g)].map(([, change, name]) => `${name} ${change}`)
  t.strictSame(differences(await page('/ui/channels/current/diff')), ['hello changed', 'more added'])
  t.strictSame(differences(await page('/ui/channels/current/diff?with=tested')), ['hello changed', 'more removed'])
  t.match(await page('/ui/channels/tested/diff'), 'Both sets have the same images')
  t.match(await page('/ui/channels/nothing', 404), 'no channel')
  t.match(await page('/ui/channels/current/diff?from=x', 400), 'expected the number of a promotion')
})

t.test('the page of a release is what testers are sent: the frozen link, commands, formats, and what is in it', async (t) => {
  const { app, page, bring, send } = await start(t)
  t.match(await page('/ui/releases'), 'Nothing is frozen yet')
  await bring('hello:1', 'amd64')
  await send('POST', '/api/v1/releases', { name: '2026.1', set: ['hello:1'], reason: 'for the testers' })

  t.match(await page('/ui/releases'), /href="\.\.\/ui\/releases\/2026\.1".*for the testers/s)
  const body = await page('/ui/releases/2026.1')
  t.match(body, /curl -fsS &#39;http:\/\/localhost:80\/api\/v1\/releases\/2026\.1\?format=sh&#39; \| sh/)
  t.match(body, /hello<\/bdi>.*amd64.*data-state="proven"/s)
  for (const [, link] of body.matchAll(/href="([^"]*api\/v1\/releases[^"]*)"/g)) {
    const { pathname, search } = new URL(link!, 'http://host/ui/releases/2026.1')
    t.equal((await app.inject(pathname + search)).statusCode, 200, String(link))
  }
  t.match(await page('/ui/releases/nothing', 404), 'no release nothing')
})

t.test('hostile names, reasons, logs and labels stay text on every page, and secrets are masked', async (t) => {
  const { page, send } = await start(t)
  const hostile = '<img src=x onerror=alert(1)>\u202e&:"1"'
  await send('PUT', container(hostile), {
    version: '<b>',
    digest: '"><script>alert(2)</script>',
    images: { amd64: 'https://user:hunter2@b/x.tar?X-Amz-Signature=cafe' }
  })
  const report = { status: 'failed', reason: '<script>alert(3)</script>', machine: { name: '<i>m</i>' } }
  for (const [architecture, log] of [
    ['amd64', 'javascript:alert(4)'],
    ['arm64', 'https://ci/?token=hunter2'],
    ['s390x', ' data:text/html,<script>alert(5)</script>']
  ])
    await send('PUT', `${container(hostile)}/builds/${architecture}`, { ...report, log })

  for (const below of ['', '/history', '/images/amd64']) {
    const body = await page(`${pageOf(hostile)}${below}`)
    t.notMatch(body, /<img src=x|<script>|<b>"|<i>m|hunter2|cafe|\u202e(?=.*<\/h1>)/, below)
    for (const [, link] of body.matchAll(/href="([^"]*)"/g)) t.match(link!, /^(?:\.\.?\/|#|\?)/, String(link))
  }
  t.match(await page(pageOf(hostile)), '\\u202e', 'what would turn the line around is shown as what it is')
})

t.test('whoever may not read is told so, on every page', async (t) => {
  const { app } = await start(t, { policy: 'none' })

  for (const url of ['/ui/', pageOf('x'), `${pageOf('x')}/history`, '/ui/channels', '/ui/releases/x', '/ui/nothing']) {
    const reply = await app.inject(url)
    t.match(reply, { statusCode: 401, headers: { 'content-type': 'text/html; charset=utf-8' } }, url)
  }
})
