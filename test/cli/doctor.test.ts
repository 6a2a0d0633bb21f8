import { readdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { temporaryDirectory } from '../stores/embedded/directory.ts'
import { appLayer, baseLayer } from '../support/images.ts'
import { tarball } from '../support/tarballs.ts'
import { leporello } from './command-line.ts'
import { both, serve } from './served.ts'

const codesOf = (value: { findings: { code: string; architecture: string | null }[] }) =>
  value.findings.map(({ code, architecture }) => (architecture ? `${code} ${architecture}` : code))

async function listen(t: Test, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const json = (status: number, value: unknown) => ({ status, text: `${JSON.stringify(value)}\n` })

/** A Mozart of before urls, as far as a builder sees it. */
const oldMozart = (t: Test) => {
  const records = new Map<string, object>()
  const answer = (url: URL, form: URLSearchParams) => {
    const id = url.searchParams.get('id') ?? ''
    if (url.pathname.endsWith('/container/add')) {
      const { name, version, digest, url: image } = Object.fromEntries(form)
      records.set(name!, { id: name, digest, url: image, version })
      return json(200, { success: true, message: `${name} added to index containers`, result: name })
    }
    if (url.pathname.endsWith('/container/remove')) return json(200, { success: records.delete(id), message: `job_spec deleted: ${id}` })
    if (!url.pathname.endsWith('/container/info')) return json(404, { message: '404 Not Found', status_code: 404 })
    const result = records.get(id) ?? null
    return json(result ? 200 : 404, { success: result !== null, message: '', result })
  }
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { status, text } = answer(new URL(request.url!, 'http://x'), new URLSearchParams(body))
    response.writeHead(status, { 'content-type': 'application/json' }).end(text)
  })
  return listen(t, server).then((url) => ({ url, records }))
}

t.test('doctor finds nothing wrong with a good server and a good container, and leaves no trace of its trials', async (t) => {
  const data = temporaryDirectory(t)
  const storage = temporaryDirectory(t)
  const { run, json, add, url } = await serve(t, { LEPORELLO_DATA: data })
  await add({ name: 'hello:1', url: 's3://images/hello.tar.gz', urls: both })

  const server = await run(['doctor'])
  const tried = await json(['doctor', 'hello:1', '--write', '--storage', storage])
  const list = await (await fetch(`${url}/api/v0.1/container/list`)).json()

  t.strictSame(server, { status: 0, stdout: 'Nothing is wrong.\n', stderr: '' })
  t.match(tried, { status: 0, value: { ok: true, checked: 1, findings: [] } })
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

  const words = await run(['doctor', 'hello:1'])
  const every = await json(['doctor', '--all'])
  const unknown = await json(['doctor', 'none:1'])

  t.equal(words.status, 1)
  t.match(
    words.stdout,
    /^WRONG {2}hello:1 {2}amd64 {2}url_dead: the image for amd64 is not there \(404\): http.*none\.tar\.gz\n {7}Workers fail at download\.\n {7}To do: /m
  )
  t.notMatch(words.stdout, alive)
  t.match(every, { status: 1, value: { checked: 2 } })
  t.ok(codesOf(every.value).includes('url_dead amd64'))
  t.ok(codesOf(every.value).includes('urls_missing'))
  t.match(unknown, { status: 1, value: { findings: [{ code: 'container_unknown', container: 'none:1' }] } })
  t.notMatch(every.stdout, 'asked_without_arch', 'it does not take itself for a worker')
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
  t.match(after, { status: 0, value: { findings: [{ code: 'asked_without_arch', severity: 'note', message: /asked 1 times/ }] } })
})

t.test('doctor tells a Mozart of old by what it does, and reads its records all the same', async (t) => {
  const { url, records } = await oldMozart(t)
  records.set('hello:1', { id: 'hello:1', digest: 'd', url: 's3://images/hello.tar.gz', version: '1' })
  const doctor = (...args: string[]) => leporello(t, { args: ['doctor', '--json', '--url', `${url}/api/v0.1`, ...args] }).ended

  const looked = await doctor('hello:1')
  const tried = await doctor('--write')

  t.equal(looked.status, 1)
  t.strictSame(codesOf(JSON.parse(looked.stdout)), ['server_is_mozart', 'urls_missing'])
  t.equal(tried.status, 1)
  t.strictSame(codesOf(JSON.parse(tried.stdout)), ['server_is_mozart', 'urls_dropped'])
  t.strictSame([...records.keys()], ['hello:1'], 'its own container is gone again')
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

  const { status, stdout } = await leporello(t, { args: ['doctor', '--json', '--url', proxy] }).ended

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

t.test('doctor finds what the job of a build was not told, and tries what it was', async (t) => {
  const { run, url } = await serve(t)
  const storage = temporaryDirectory(t)
  const build = async (environment: Record<string, string>) => {
    const { status, stdout } = await run(['doctor', '--build', '--json'], environment)
    return { status, value: JSON.parse(stdout) }
  }

  const nothing = await build({ STORAGE_URL: ' ' })
  const all = await build({ LEPORELLO_URL: 'http://127.0.0.1:1', MOZART_REST_URL: `${url}/api/v0.1`, STORAGE_URL: storage })

  t.equal(nothing.status, 1)
  t.match(nothing.value.findings, [
    { code: 'argument_missing', message: /^MOZART_REST_URL is not set/, meaning: /Metadata requires: ident version/ },
    { code: 'argument_missing', message: /^STORAGE_URL is not set/ }
  ])
  t.match(all, { status: 0, value: { server: url, ok: true, findings: [] } })
  t.strictSame(readdirSync(storage), [])
})

t.test('doctor finds a storage that refuses, one where no folder can be made, and one that says nothing at all', async (t) => {
  const { run } = await serve(t)
  const refusing = await listen(
    t,
    createServer((_, response) => response.writeHead(403).end('<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'))
  )
  const silent = await listen(t, createServer())
  const s3 = {
    LEPORELLO_S3_ENDPOINT: refusing,
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    LEPORELLO_OBJECTS: 's3',
    LEPORELLO_S3_BUCKET: 'any',
    LEPORELLO_S3_REGION: 'us-east-1'
  }
  const storage = async (place: string, environment = {}) => {
    const { status, stdout } = await run(['doctor', '--json', '--storage', place, '--patience', '5'], environment)
    return { status, findings: JSON.parse(stdout).findings }
  }
  const finding = (message: RegExp) => ({ status: 1, findings: [{ code: 'storage_not_writable', message, meaning: /Upload fails to S3/ }] })

  t.match(await storage('s3://bucket/containers', { ...s3, LEPORELLO_S3_PATH_STYLE: 'true' }), finding(/^s3:.*\(403\)/))
  t.match(await storage('/proc/leporello/containers'), finding(/ENOENT|EACCES/))
  t.match(await storage(silent.replace('http', 'dav')), finding(/nothing came of it within 5 s/))
})

t.test("doctor finds a bucket that the server's credentials may not write to", async (t) => {
  const refusing = await listen(
    t,
    createServer((_, response) => response.writeHead(403).end('<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'))
  )
  const bucket = {
    LEPORELLO_S3_ENDPOINT: refusing,
    LEPORELLO_S3_BUCKET: 'images',
    LEPORELLO_S3_REGION: 'us-east-1',
    LEPORELLO_S3_PATH_STYLE: 'true'
  }
  const keys = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'swordfish' }
  const { json } = await serve(t, { LEPORELLO_OBJECTS: 's3', ...bucket, ...keys })

  const { status, stdout, value } = await json(['doctor', '--write'])

  t.equal(status, 1)
  t.ok(codesOf(value).includes('bucket_not_writable'))
  t.notMatch(stdout, /swordfish/)
})

t.test('doctor finds what records say that workers of old stumble over, whoever wrote them', async (t) => {
  const { url, records } = await oldMozart(t)
  const [amd, arm] = ['s3://images/hello.tar.gz', 's3://images/hello-arm64.tar.gz']
  const record = (id: string, fields: object) => records.set(id, { id, digest: 'd', version: '1', ...fields })
  const [amdNames, armNames] = [
    { x86_64: amd, amd64: amd },
    { arm64: arm, aarch64: arm }
  ]
  record('arm-url:1', { url: arm, urls: JSON.stringify(armNames) })
  record('no-alias:1', { url: amd, urls: JSON.stringify({ ...amdNames, arm64: arm }) })
  record('no-url:1', { url: '', urls: JSON.stringify({ ...amdNames, ...armNames }) })

  const { status, stdout } = await leporello(t, { args: ['doctor', '--json', '--url', url, ...records.keys()] }).ended

  t.equal(status, 1)
  t.strictSame(codesOf(JSON.parse(stdout)), ['server_is_mozart', 'url_not_amd64 arm64', 'aliases_incomplete arm64', 'url_missing'])
})

t.test("doctor finds a record whose digest is another architecture's", async (t) => {
  const { json, url } = await serve(t)
  const container = `${url}/api/v1/containers/hello%3A1`
  const put = async (architecture: string, body: Buffer) => {
    const answer = await fetch(`${container}/images/${architecture}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/gzip' },
      body: new Uint8Array(body)
    })
    return (await answer.json()).image
  }
  await put('amd64', tarball())
  const arm = await put('arm64', tarball({ architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] }))
  const before = await json(['doctor', 'hello:1'])
  const headers = { 'content-type': 'application/json' }
  await fetch(container, { method: 'PATCH', headers, body: JSON.stringify({ digest: arm.config }) })

  const after = await json(['doctor', 'hello:1'])

  t.strictSame(codesOf(before.value), [])
  t.strictSame(codesOf(after.value), ['digest_of_other arm64'])
})

t.test('doctor tells which architectures machines asked for in vain, until they are there', async (t) => {
  const { json, run, add, url } = await serve(t)
  const only = { url: 's3://images/hello.tar.gz', urls: '{"amd64": "s3://images/hello.tar.gz"}' }
  for (const name of ['hello:1', 'other:1']) await add({ name, ...only })
  for (const [id, arch] of [
    ['hello:1', 'aarch64'],
    ['hello:1', 'arm64'],
    ['other:1', 's390x'],
    ['hello:1', 'x86_64']
  ]) {
    await fetch(`${url}/api/v0.1/container/resolve?id=${id}&arch=${arch}`)
  }
  // what was asked is written down every ten seconds
  for (let asked = 0; asked < 3; ) {
    const { architectures } = await (await fetch(`${url}/api/v1/architectures`)).json()
    asked = architectures.length
    await new Promise((resolve) => setTimeout(resolve, 200))
  }

  const server = await json(['doctor'])
  const one = await json(['doctor', 'other:1'])
  await run(['register', 'hello:1', 'arm64=s3://images/hello-arm64.tar.gz'])
  const later = await json(['doctor'])

  t.match(server, { status: 0, value: { ok: true } })
  t.match(server.value.findings, [
    {
      code: 'asked_for_in_vain',
      severity: 'note',
      container: 'hello:1',
      architecture: 'arm64',
      message: /asked 2 times for an image for arm64/
    },
    { container: 'other:1', architecture: 's390x', message: /asked once/ }
  ])
  t.strictSame(codesOf(one.value), ['asked_for_in_vain s390x'])
  t.strictSame(codesOf(later.value), ['asked_for_in_vain s390x'], 'what has been built since is no matter any more')
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
