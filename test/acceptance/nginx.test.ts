import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { listenTo } from '../support/event-stream.ts'
import { doorOf } from '../support/front-door.ts'
import { startLeporello } from '../support/leporello.ts'
import { digestOfBytes, ociPusher, overHttp } from '../support/oci.ts'
import { endProgram, eventually, freePort, runProgram } from '../support/processes.ts'
import { projectFolder } from '../support/project.ts'
import { tarball } from '../support/tarballs.ts'
import { metadata, piece, version } from '../support/tus.ts'

const nginxProgram = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/opt/homebrew/bin/nginx'].find(existsSync) ?? 'nginx'

interface Seen {
  method: string
  url: string
  script: string | undefined
  body: string
}

/** What stands where the old Mozart was: it says what it saw. */
async function startOldMozart(t: Test): Promise<number> {
  const server = createServer(async (message, answer) => {
    const { method = '', url = '', headers } = message
    const seen: Seen = { method, url, script: String(headers['x-script-name']), body: await bodyOf(message) }
    answer.setHeader('content-type', 'application/json').end(JSON.stringify({ oldMozart: seen }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

/** An example as it stands, but for ports, and with one worker and no daemon. */
async function startNginx(t: Test, file: string, ports: { leporello: number; oldMozart: number }): Promise<string> {
  const port = await freePort()
  const example = await readFile(join(projectFolder, 'examples', file), 'utf8')
  const conf = example
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`)
    .replaceAll('127.0.0.1:8888', `127.0.0.1:${ports.leporello}`)
    .replaceAll('127.0.0.1:8887', `127.0.0.1:${ports.oldMozart}`)
    .replace('worker_processes auto;', 'worker_processes 1;')
  const folder = t.testdir({ 'nginx.conf': conf, tmp: {}, logs: {} })
  const nginx = runProgram([nginxProgram, '-p', folder, '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;'])
  t.teardown(() => endProgram(nginx))
  const url = `http://127.0.0.1:${port}`
  await eventually(
    async () => {
      if (!nginx.running()) throw new Error(nginx.output())
      await (await fetch(url)).arrayBuffer()
      return true
    },
    { what: `nginx with ${file}` }
  )
  return url
}

const portOf = (url: string) => Number(new URL(url).port)
const form = (fields: Record<string, string>) => new URLSearchParams(fields)

for (const file of ['nginx.conf', 'nginx-in-front.conf']) {
  t.test(`${file}: containers come to us, jobs go to the old Mozart`, async (t) => {
    const oldMozart = await startOldMozart(t)
    const entry = await freePort()
    const leporello = await startLeporello({
      PUBLIC_URL: `http://127.0.0.1:${entry}/mozart`,
      ...(file === 'nginx-in-front.conf' && { LEGACY_MOZART_URL: `http://127.0.0.1:${oldMozart}` })
    })
    t.teardown(() => leporello.stop())
    const url = await startNginx(t, file, { leporello: portOf(leporello.url), oldMozart })
    const json = async (path: string, init?: RequestInit) => (await fetch(url + path, init)).json() as Promise<any>

    await t.test('both families of routes, under both versions and without one', async (t) => {
      const armOnly = { name: 'a/b c:v1', version: 'v1', digest: 'sha256:1', urls: '{"arm64": "s3://bucket/arm.tar.gz"}' }
      const added = await json('/mozart/api/v0.1/container/add', { method: 'POST', body: form(armOnly) })
      t.equal(added.result, 'a/b c:v1')
      for (const path of ['/mozart/api/v0.1/container/info', '/mozart/api/v0.2/container', '/mozart/container/info']) {
        const { result } = await json(`${path}?${form({ id: 'a/b c:v1' })}`)
        t.equal(result.id, 'a/b c:v1', path)
      }
      for (const kind of ['job_spec', 'hysds_io']) t.strictSame((await json(`/mozart/api/v0.1/${kind}/list`)).result, [])
    })

    await t.test('registry clients push and pull', async (t) => {
      const push = ociPusher(overHttp(url))
      const { reply, manifest } = await push.image('hysds/hello', 'v1')
      t.equal(reply.statusCode, 201, reply.body)
      t.ok((await push.send('GET', `hysds/hello/manifests/${digestOfBytes(manifest)}`)).rawPayload.equals(manifest))
      const { images } = await json('/mozart/api/v1/containers/hysds%2Fhello%3Av1')
      t.equal((await fetch(images.amd64.url.replace(`:${entry}`, `:${portOf(url)}`))).status, 200, 'workers load it by its URL')
    })

    await t.test('a guard URL leads through nginx to the words that explain it', async (t) => {
      const { result } = await json(`/mozart/api/v0.1/container/info?${form({ id: 'a/b c:v1' })}`)
      t.match(result.url, new RegExp(`^http://127.0.0.1:${entry}/mozart/unavailable/`))

      const reply = await fetch(result.url.replace(`:${entry}`, `:${portOf(url)}`))

      t.equal(reply.status, 404)
      t.match(await reply.json(), { message: 'a/b c:v1 has no image for amd64; it has: arm64' })
    })

    await t.test('a GET with a form body arrives whole, as io-met.py sends it', async (t) => {
      const { status, body } = await getWithBody(`${url}/mozart/api/v0.1/hysds_io/type`, 'id=nobody')
      t.equal(status, 404)
      t.match(JSON.parse(body), { success: false, message: 'hysds io not found: nobody' })
    })

    await t.test('a job spec of 8 MiB passes', async (t) => {
      const spec = JSON.stringify({ id: 'large', text: 'é'.repeat(4_000_000) })
      const { result } = await json('/mozart/api/v0.1/job_spec/add', { method: 'POST', body: form({ spec }) })
      t.equal(result, 'large')
    })

    await t.test('what is not ours reaches the old Mozart as it was sent', async (t) => {
      const { oldMozart: seen } = await json('/mozart/api/v0.1/job/list?a=%2F', { method: 'POST', body: 'b=1' })
      t.match(seen, { method: 'POST', script: '/mozart', body: 'b=1' })
      t.match(seen.url, /^(\/mozart)?\/api\/v0\.1\/job\/list\?a=%2F$/)
      const withBody = await getWithBody(`${url}/mozart/api/v0.1/queue/list`, 'c=2')
      t.match(JSON.parse(withBody.body), { oldMozart: { method: 'GET', body: 'c=2' } })
    })

    await t.test('our own API and the tarballs come to us, of any size, and their addresses lead back', async (t) => {
      const bytes = tarball({ layers: [[{ name: 'large', body: randomBytes(40_000_000) }]] })
      const headers = {
        ...version,
        'upload-length': String(bytes.length),
        'upload-metadata': metadata({ id: 'up:v1', architecture: 'amd64' })
      }
      const begun = await fetch(`${url}/mozart/api/v1/uploads`, { method: 'POST', headers })
      const upload = new URL(begun.headers.get('location')!, begun.url)

      const ended = await fetch(upload, { method: 'PATCH', headers: { ...piece, 'upload-offset': '0' }, body: new Uint8Array(bytes) })
      t.equal(ended.status, 204)
      const image = (await (await fetch(new URL(ended.headers.get('content-location')!, upload))).json()) as any
      t.match(image, { container: 'up:v1', architecture: 'amd64', verdict: 'no-binaries' })
      const fetched = await fetch(image.url.replace(`:${entry}`, `:${portOf(url)}`))
      t.equal((await fetched.arrayBuffer()).byteLength, bytes.length)
      t.match(await json('/mozart/api/v1'), { links: { containers: '/mozart/api/v1/containers' } })
    })

    await t.test('events come through nginx as they happen', async (t) => {
      const { came, close } = await listenTo(`${url}/mozart/api/v1/events?kind=record`)
      t.teardown(close)
      const body = { version: 'v1', digest: 'd', images: { amd64: 's3://b/x' } }

      await doorOf(`${url}/mozart`).ask('PUT', '/api/v1/containers/event:v1', { body })

      t.match(await came(1), [{ event: 'record', data: { container: 'event:v1', what: 'created' } }])
    })

    if (file === 'nginx-in-front.conf') {
      await t.test('absolute addresses lead back through nginx', async (t) => {
        const { status, headers } = await fetch(`${url}/mozart/api/v0.1/doc`, { redirect: 'manual' })
        t.equal(status, 308)
        t.equal(headers.get('location'), `${url}/mozart/api/v0.1/doc/`)
      })
    }
  })
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of message.setEncoding('utf8')) body += chunk
  return body
}

/** fetch refuses to send one. */
const getWithBody = (url: string, body: string): Promise<{ status: number | undefined; body: string }> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) }
    request(url, { method: 'GET', headers }, async (answer) => resolve({ status: answer.statusCode, body: await bodyOf(answer) }))
      .once('error', reject)
      .end(body)
  })
