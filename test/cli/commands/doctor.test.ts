import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import t from 'tap'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { tarball } from '../../support/tarballs.ts'
import { codesOf, listen, oldMozart } from '../doctor.ts'
import { command } from '../in-process.ts'
import { both, serve } from '../served.ts'

t.test('doctor finds nothing wrong with a good server and a good container, and leaves no trace of its trials', async (t) => {
  const data = temporaryDirectory(t)
  const storage = temporaryDirectory(t)
  const { run, json, add, url } = await serve(t, { LEPORELLO_DATA: data })
  await add({ name: 'hello:1', url: 's3://images/hello.tar.gz', urls: both })

  const server = await run(['doctor'])
  const tried = await json(['doctor', 'hello:1', '--write', '--storage', storage])
  const list = await (await fetch(`${url}/api/v0.1/container/list`)).json()

  t.match(server, { status: 0, stderr: '' })
  t.match(server.stdout, /^(?:ok {5}.+\n){5}Nothing is wrong\.\n$/)
  t.match(server.stdout, `ok     ${url} is Leporello, and ready\n`)
  t.match(tried, { status: 0, value: { ok: true, checked: 1, findings: [] } })
  t.match(tried.value.passed.at(-1), `a tarball can be put at ${storage} and deleted`)
  t.strictSame(list.result, ['hello:1'])
  t.strictSame(readdirSync(storage), [])
  t.equal((await fetch(`${url}/storage/leporello-doctor/`)).status, 404)
})

t.test('doctor says of a container what is wrong, what it means and what to do', async (t) => {
  const { run, json, add } = await serve(t)
  const images = await listen(
    t,
    createServer(({ url }, response) => response.writeHead(url === '/arm.tar.gz' ? 200 : 404).end())
  )
  const [dead, alive] = [`${images}/none.tar.gz`, `${images}/arm.tar.gz`]
  await add({ name: 'hello:1', url: dead, urls: JSON.stringify({ amd64: dead, arm64: alive }) })
  await add({ name: 'plain:1', url: 's3://images/plain.tar.gz' })
  await add({ name: 'bad:1', url: 'http://[bad/x.tar.gz', urls: '{"amd64": "http://[bad/x.tar.gz"}' })

  const words = await run(['doctor', 'hello:1'])
  const every = await json(['doctor', '--all'])
  const unknown = await json(['doctor', 'none:1'])

  t.equal(words.status, 1)
  t.match(
    words.stdout,
    /^WRONG {2}hello:1 {2}amd64 {2}url_dead: the image for amd64 is not there \(404\): http.*none\.tar\.gz\n {7}Workers fail at download\.\n {7}To do: /m
  )
  t.notMatch(words.stdout, alive)
  t.match(every, { status: 1, value: { checked: 3 } })
  t.match(every.stdout, /the image for amd64 cannot be reached from here: this is not a URL: http:\/\/\[bad/)
  t.ok(codesOf(every.value).includes('url_dead amd64'))
  t.ok(codesOf(every.value).includes('urls_missing'))
  t.match(unknown, { status: 1, value: { findings: [{ code: 'container_unknown', container: 'none:1' }] } })
  t.notMatch(every.stdout, 'asked_without_arch', 'it does not take itself for a worker')
})

t.test('doctor advises what helps: relabelling a wrong name, building again what lies inside', async (t) => {
  const { json, url } = await serve(t, { LEPORELLO_DATA: temporaryDirectory(t) })
  const image = (architecture: string) => `${url}/api/v1/containers/hello%3A1/images/${architecture}`
  const put = (architecture: string, body: Buffer) =>
    fetch(image(architecture), { method: 'PUT', headers: { 'content-type': 'application/gzip' }, body: new Uint8Array(body) })
  const advice = async () => (await json(['doctor', 'hello:1'])).value.findings.find(({ code }: { code: string }) => code === 'mislabelled')

  // all of it is amd64's, registered as arm64
  await put('arm64', tarball())
  t.match(await advice(), { architecture: 'arm64', advice: /\/relabel\.$/ })
  // its configuration says arm64, its programs are for amd64
  await put('arm64', tarball({ architecture: 'arm64' }))
  await fetch(`${image('arm64')}/relabel`, { method: 'POST' })

  t.match(await advice(), {
    architecture: 'amd64',
    message: /the image's configuration says arm64; its programs are for amd64/,
    advice: /^Build it again, so that its configuration says what its programs are/
  })
})

t.test('doctor notes workers that ask without saying what they are', async (t) => {
  const { json, run, add, url } = await serve(t)
  await add({ name: 'hello:1', url: 's3://images/hello.tar.gz', urls: both })
  await run(['resolve', 'hello:1', 'aarch64'])
  await fetch(`${url}/api/v0.1/container/info?id=hello:1&arch=arm64`)

  const before = await json(['doctor'])
  await fetch(`${url}/api/v0.1/container/info?id=hello:1`)
  const after = await json(['doctor'])

  t.strictSame(codesOf(before.value), [])
  t.match(after, { status: 0, value: { findings: [{ code: 'asked_without_arch', severity: 'note', message: /asked once/ }] } })
})

t.test('doctor sees that a proxy sends container routes to another server', async (t) => {
  const { url } = await serve(t)
  const old = await oldMozart(t)
  const proxy = await listen(
    t,
    createServer(async (request, response) => {
      const answer = await fetch((request.url!.startsWith('/api/v0.1/') ? old.url : url) + request.url)
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
    })
  )

  const { status, stdout } = await command(t, { args: ['doctor', '--json', '--url', proxy] })

  t.equal(status, 1)
  t.ok(codesOf(JSON.parse(stdout)).includes('routes_elsewhere'))
})

t.test('doctor tells what cannot be written, what cannot be reached, and what is no registry', async (t) => {
  const { json } = await serve(t, { LEPORELLO_POLICY: 'read-only' })
  const page = await listen(
    t,
    createServer((_, response) => response.end('<html>'))
  )

  const readOnly = await json(['doctor', '--write'])
  const storage = await json(['doctor', '--storage', 'http://ops:swordfish@127.0.0.1:1/containers'])
  const away = await json(['doctor', 'hello:1', '--url', 'http://127.0.0.1:1'])
  const none = await json(['doctor', '--url', page])

  t.equal(readOnly.status, 1)
  t.strictSame(codesOf(readOnly.value), ['not_writable', 'bucket_not_writable'])
  t.match(readOnly.value.findings[0].advice, /LEPORELLO_POLICY/)
  t.match(storage, { status: 1, value: { findings: [{ code: 'storage_not_writable', message: /^http:\/\/\*\*\*@127/ }] } })
  t.match(away, { status: 69, value: { ok: false, findings: [{ code: 'server_unreachable' }] } })
  t.match(none, { status: 1, value: { findings: [{ code: 'server_unknown' }] } })
})

t.test('doctor passes on why the server is not ready', async (t) => {
  const { json } = await serve(t, {
    LEPORELLO_STORE: 'elasticsearch',
    LEPORELLO_ENGINE_URL: 'http://ops:swordfish@127.0.0.1:1',
    LEPORELLO_ENGINE_PATIENCE_MS: '200'
  })

  const { status, stdout, value } = await json(['doctor'])

  t.equal(status, 1)
  t.match(value.findings, [{ code: 'store_unavailable', advice: /search engine/ }])
  t.notMatch(stdout, /swordfish/)
})
