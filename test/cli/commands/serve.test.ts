import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { localCertificate, nextCertificate } from '../../support/certificate.ts'
import { leporello, type Running } from '../command-line.ts'
import { command } from '../in-process.ts'

async function serve(t: Test, environment: Record<string, string> = {}): Promise<{ running: Running; url: string }> {
  const running = leporello(t, { args: ['serve'], environment: { LEPORELLO_PORT: '0', ...environment } })
  const [, url] = await running.says(/listens on (http:\S+)\n[\s\S]*container\/info/)
  return { running, url: url! }
}

t.test('it says on one screen where everything is and what to try, and that works', async (t) => {
  const data = temporaryDirectory(t)

  const { running, url } = await serve(t, { LEPORELLO_DATA: data })
  await running.says(/LEPORELLO_ENGINE_URL/)

  const screen = running.stderr()
  for (const words of [
    `${url}/api/v0.1`,
    `${url}/docs`,
    data,
    'one machine',
    'read the search engine directly',
    'Elasticsearch or OpenSearch'
  ]) {
    t.match(screen, words)
  }
  t.ok(screen.split('\n').length <= 24, 'one screen')
  const [registered, resolved] = [...screen.matchAll(/^ {2}npx leporello (.+)$/gm)].map(([, line]) => line!.split(' '))
  t.match(await leporello(t, { args: registered! }).ended, { status: 0, stdout: /amd64: registered.*\n.*arm64: registered/ })
  t.match(await leporello(t, { args: resolved! }).ended, { status: 0, stdout: 's3://bucket/hello-1-arm64.tar.gz\n' })
  const info = await fetch(/curl -f '([^']+)'/.exec(screen)![1]!)
  t.equal(info.status, 200)
})

t.test('standard output is JSON lines and nothing else', async (t) => {
  const { running, url } = await serve(t)

  await fetch(`${url}/health/live`)
  running.child.kill('SIGTERM')
  const { stdout } = await running.ended

  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.match(lines[0], { level: 'info', msg: 'listening', url })
  t.ok(lines.some(({ path, status }) => path === '/health/live' && status === 200))
  t.match(lines.at(-1), { msg: 'closed' })
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`${signal}: a request under way is finished, one behind it on its connection is answered, then it ends with 0`, async (t) => {
    const { running, url } = await serve(t)
    const body = 'name=slow%3A1&version=1&digest=d&url=u'
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    let answer = ''
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text
    })
    socket.write(
      `POST /container/add HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`
    )
    await (await fetch(`${url}/health/live`)).text()

    running.child.kill(signal)
    await refusesConnections(url)
    socket.write(`${body.slice(5)}GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n`)

    const { status } = await running.ended
    t.equal(status, 0)
    t.match(answer, /^HTTP\/1\.1 200 OK/)
    t.match(answer, 'slow:1 added to index containers')
    t.match(answer, /HTTP\/1\.1 200 OK\r\n(?:(?!\r\n\r\n)[\s\S])*connection: close[\s\S]*"version":/i)
  })
}

t.test('a store that hangs keeps nobody from ending: no new requests at once, and then it waits no longer than for those', async (t) => {
  const held = new Set<Socket>()
  const hanging = createTcpServer((socket) => {
    held.add(socket.on('error', () => {}).on('close', () => held.delete(socket)))
  })
  await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of held) socket.destroy()
    hanging.close()
  })
  const { running, url } = await serve(t, {
    LEPORELLO_OBJECTS: 's3',
    LEPORELLO_S3_BUCKET: 'tarballs',
    LEPORELLO_S3_ENDPOINT: `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`,
    LEPORELLO_S3_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret'
  })
  while (held.size === 0) await sleep(20) // what is done behind requests asks for uploads that are to be completed
  const asked = [...held]

  running.child.kill('SIGTERM')
  await refusesConnections(url)

  t.ok(
    asked.some((socket) => held.has(socket)),
    'while it still waits for the store'
  )
  t.equal((await running.ended).status, 0)
})

async function refusesConnections(url: string): Promise<void> {
  for (;;) {
    try {
      await fetch(`${url}/health/live`)
    } catch {
      return
    }
    await sleep(20)
  }
}

t.test('a port that is in use is one clear sentence and status 1', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  t.teardown(() => other.close())
  const { port } = other.address() as AddressInfo

  const { status, stderr } = await leporello(t, { args: ['serve'], environment: { LEPORELLO_PORT: String(port) } }).ended

  t.equal(status, 1)
  t.equal(stderr, `leporello: 127.0.0.1:${port} is in use by another program; stop that, or set LEPORELLO_PORT\n`)
})

t.test('on every address it starts only when it knows its own, and says what to add; other commands do not ask', async (t) => {
  const environment = { LEPORELLO_PORT: '0', LEPORELLO_HOST: '0.0.0.0' }

  for (const args of [['serve'], ['serve', '--check']]) {
    const { status, stdout, stderr } = await leporello(t, { args, environment }).ended

    t.strictSame({ status, stdout }, { status: 1, stdout: '' })
    t.match(stderr, /^ {2}LEPORELLO_PUBLIC_URL=http:\/\/registry\.example\.org:8888$/m)
    t.match(stderr, '-e LEPORELLO_PUBLIC_URL=http://127.0.0.1:8888\n')
  }
  t.equal((await leporello(t, { args: ['fsck'], environment }).ended).status, 0)
  const { url } = await serve(t, { ...environment, LEPORELLO_PUBLIC_URL: 'http://registry.example.org' })
  t.equal((await fetch(`${url}/container/list`)).status, 200)
})

t.test('with a certificate it speaks https, and commands find it; a certificate without its key is one clear sentence', async (t) => {
  const folder = temporaryDirectory(t)
  const [cert, key, other] = ['cert.pem', 'key.pem', 'other.pem'].map((name) => join(folder, name)) as [string, string, string]
  await Promise.all([writeFile(cert, localCertificate.cert), writeFile(key, localCertificate.key), writeFile(other, nextCertificate.key)])
  const tls = { LEPORELLO_PORT: '0', LEPORELLO_TLS_CERT: cert, LEPORELLO_TLS_KEY: key }
  const running = leporello(t, { args: ['serve'], environment: tls })
  const [, url = ''] = await running.says(/listens on (https:\S+)\n/)
  const run = (args: string[], environment = {}) => leporello(t, { args, environment }).ended

  t.match(await run(['ls', '--url', url, '--ca', cert]), { status: 0, stderr: '' })
  const doctor = await run(['doctor', '--url', url, '--write'], { LEPORELLO_CA: cert })
  t.equal(doctor.status, 0, doctor.stdout)
  t.match(await run(['ls', '--url', url.replace('https', 'http')]), {
    status: 69,
    stderr: /does it speak https\? Then write https:\/\/ in its/
  })
  const plain = await serve(t)
  t.match(await run(['ls', '--url', plain.url.replace('http', 'https')]), { status: 69, stderr: /does not speak https; write http:\/\// })
  t.match(await run(['serve', '--check'], { ...tls, LEPORELLO_TLS_KEY: other }), {
    status: 1,
    stderr: /cert\.pem and .*other\.pem are not a/
  })
  t.match(await run(['serve'], { ...tls, LEPORELLO_TLS_KEY: '' }), {
    status: 1,
    stderr: /LEPORELLO_TLS_CERT is set, but LEPORELLO_TLS_KEY is not; expected both, or neither\n$/
  })
})

t.test('a data directory that another process holds is one clear sentence and status 1', async (t) => {
  const data = temporaryDirectory(t)
  const { running } = await serve(t, { LEPORELLO_DATA: data })

  const { status, stderr } = await leporello(t, { args: ['serve'], environment: { LEPORELLO_PORT: '0', LEPORELLO_DATA: data } }).ended

  t.equal(status, 1)
  t.equal(stderr.trim().split('\n').length, 1)
  t.match(stderr, data)
  t.match(stderr, String(running.child.pid))
})

t.test('serve --check tries the store and ends', async (t) => {
  const well = await command(t, { args: ['serve', '--check'] })
  const json = await command(t, { args: ['serve', '--check', '--json'] })
  const engine = {
    LEPORELLO_STORE: 'elasticsearch',
    LEPORELLO_ENGINE_URL: 'http://ops:swordfish@127.0.0.1:1',
    LEPORELLO_ENGINE_PATIENCE_MS: '200'
  }
  const away = await command(t, { args: ['serve', '--check'], environment: engine })

  t.match(well, { status: 0, stdout: /^The configuration is right, and the store answers: sqlite \S+\. Tarballs are in \S+\/objects\.\n$/ })
  t.match(JSON.parse(json.stdout), { ok: true, engine: /^sqlite/, objects: { ok: true, where: /objects$/ }, config: { port: 8888 } })
  t.match(away, { status: 1, stderr: /^leporello: .+\n$/ })
  t.notMatch(away.stderr, /swordfish/)
})

t.test('without its engine the server listens at once, and refuses requests for data with 503', async (t) => {
  const { running, url } = await serve(t, {
    LEPORELLO_STORE: 'elasticsearch',
    LEPORELLO_ENGINE_URL: 'http://ops:swordfish@127.0.0.1:1',
    LEPORELLO_ENGINE_PATIENCE_MS: '200'
  })

  const info = await fetch(`${url}/api/v0.1/container/info?id=x`)
  const ready = await fetch(`${url}/health/ready`)
  const live = await fetch(`${url}/health/live`)

  t.equal(info.status, 503)
  t.ok(info.headers.get('retry-after'))
  t.match(await info.json(), { success: false, message: 'the store is not ready; the log of this service says more', result: null })
  t.equal(ready.status, 503)
  t.match(await ready.json(), { ready: false, checks: { store: { ok: false } } })
  t.equal(live.status, 200)
  running.child.kill('SIGTERM')
  const { status, stdout, stderr } = await running.ended
  t.equal(status, 0)
  t.notMatch(stdout + stderr, /swordfish/)
})

t.test('an engine whose indices a newer Leporello made ends the program with 1 and both versions', async (t) => {
  const engine = createServer((_request, response) => {
    const answer = { _seq_no: 0, _primary_term: 1, found: true, _source: { version: 9999, applied: [] } }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => engine.once('listening', resolve))
  t.teardown(() => engine.close())
  const { port } = engine.address() as AddressInfo

  const { running } = await serve(t, { LEPORELLO_STORE: 'elasticsearch', LEPORELLO_ENGINE_URL: `http://127.0.0.1:${port}` })

  const { status, stdout, stderr } = await running.ended
  t.equal(status, 1)
  t.match(stderr, /9999.*up to \d+/)
  t.match(stdout, /"level":"fatal"/)
})

t.test('read-only takes no writes and serves reads', async (t) => {
  const { url } = await serve(t, { LEPORELLO_POLICY: 'read-only' })

  const added = await fetch(`${url}/container/add?name=a&version=1&digest=d&url=u`, { method: 'POST' })
  const listed = await fetch(`${url}/container/list`)

  t.equal(added.status, 403)
  t.equal(listed.status, 200)
})
