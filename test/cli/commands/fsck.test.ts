import { request } from 'node:http'
import t, { type Test } from 'tap'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { inChunks } from '../../support/images.ts'
import { startLeporello } from '../../support/leporello.ts'
import { eventually } from '../../support/processes.ts'
import { startWithTarballs, tarball } from '../../support/tarballs.ts'
import { command } from '../in-process.ts'

const bytes = tarball()

const fsck = (t: Test, args: string[], environment: Record<string, string>) => command(t, { args: ['fsck', ...args], environment })

t.test('after a kill -9 in the middle of an upload fsck names what is left, and removes it when asked', async (t) => {
  const data = temporaryDirectory(t)
  const server = await startLeporello({ DATA: data })
  t.teardown(() => server.stop())
  const put = request(`${server.url}/api/v1/containers/hello%3A1/images/amd64`, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream', 'content-length': 10_000_000 }
  }).on('error', () => {})
  put.write(Buffer.alloc(5_000_000))
  await eventually(
    async () => {
      const reply = await fetch(`${server.url}/api/v1/fsck`)
      return /incoming/.test(await reply.text()) || undefined
    },
    { what: 'the upload is under way' }
  )

  const meanwhile = await fsck(t, [], { LEPORELLO_DATA: data })
  const asked = await fsck(t, ['--url', server.url], { LEPORELLO_DATA: data })
  await server.kill()
  const left = await fsck(t, [], { LEPORELLO_DATA: data })
  const repaired = await fsck(t, ['--repair', 'half-uploaded'], { LEPORELLO_DATA: data })
  const clean = await fsck(t, ['--json'], { LEPORELLO_DATA: data })

  t.match(meanwhile, { status: 1, stderr: /is in use by process \d+ .*; or let the running server do it, with --url/ })
  t.match(asked, { status: 0, stdout: /^note: incoming\/\w+ came .* or being written just now/ })
  t.match(left, {
    status: 1,
    stdout:
      /^half-uploaded: incoming\/\w{32}: a blob that was never finished, \d+ bytes, \d+ s old\n {2}a repair removes it\n1 half-uploaded/
  })
  t.match(repaired, { status: 0, stdout: /repaired: it was removed\n1 half-uploaded; 1 repaired: clean now/ })
  t.equal(clean.status, 0)
  t.strictSame(JSON.parse(clean.stdout), {
    lines: [],
    clean: true,
    found: {},
    repaired: 0,
    checked: { containers: 0, objects: 0, facts: 0, tasks: 0, uploads: 0 }
  })
})

t.test('a server that was restarted removes what its predecessor left', async (t) => {
  const server = await startLeporello()
  t.teardown(() => server.stop())
  const put = request(`${server.url}/storage/half.tar`, { method: 'PUT', headers: { 'content-length': 10 } }).on('error', () => {})
  put.write('half')
  const lines = async () => (await fetch(`${server.url}/api/v1/fsck`)).text()
  await eventually(async () => /incoming/.test(await lines()) || undefined, { what: 'the upload is under way' })
  await server.kill()
  await server.restart()

  await eventually(async () => !/incoming/.test(await lines()) || undefined, { what: 'the rest of the upload is removed' })
  const { status, stdout } = await fsck(t, ['--json'], { LEPORELLO_URL: server.url })

  t.equal(status, 0)
  t.match(JSON.parse(stdout), { clean: true, lines: [] })
})

t.test('findings are told in words, with what can be done, and make it fail', async (t) => {
  const server = await startWithTarballs(t, { listen: true })
  await server.blobs.put('x.tar', inChunks(bytes))
  // a registration would be refused; another program may write anything
  const record = { id: 'hello:1', version: '1', digest: 'sha256:1', url: `${server.url}/storage/gone\u001b[2J.tar`, urls: '{}' }
  await server.stores.containers.put('hello:1', JSON.stringify(record))

  const { status, stdout } = await fsck(t, ['--deep'], { LEPORELLO_URL: server.url })

  t.equal(status, 1)
  t.match(
    stdout,
    /^missing: hello:1 names gone\\u001b\[2J\.tar, which is not in the store\n {2}upload the tarball again, or remove the image;/m
  )
  t.match(stdout, /^1 missing \(1 container, 1 object, 0 facts, 0 tasks, 0 uploads\)$/m)
})

t.test('a wrong use and a server that is not there have statuses of their own', async (t) => {
  t.match(await fsck(t, ['--repair', 'everything'], {}), { status: 64, stderr: /"everything"; expected some of missing, changed,/ })
  t.match(await fsck(t, ['--url', 'http://127.0.0.1:1'], {}), { status: 69, stderr: /cannot be reached/ })
})
