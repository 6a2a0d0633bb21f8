import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { temporaryDirectory } from '../stores/embedded/directory.ts'
import { startGate } from '../support/gate.ts'
import { newDockerSave, sha256 } from '../support/images.ts'
import { startLeporello } from '../support/leporello.ts'
import { eventually } from '../support/processes.ts'
import { tar } from '../support/tar.ts'
import { leporello } from './command-line.ts'

const mega = 1024 * 1024
/** More than what is kept for good at once (32 MB), what the gate lets through, and what the buffers of two sockets hold behind it (up to 37 MB). */
const bytes = tar([...newDockerSave(), { name: 'ballast', body: Buffer.alloc(96 * mega, 'x') }])

/** A server, and a push to it that gets stuck at 38 MB. */
async function stuck(t: Test) {
  const server = await startLeporello()
  t.teardown(server.stop)
  const gate = await startGate(t, { target: server.url, bytes: 38 * mega })
  const path = join(temporaryDirectory(t), 'hello.tar')
  await writeFile(path, bytes)
  const push = (url = gate.url) => leporello(t, { args: ['push', path, '--id', 'hello:1', '--json'], environment: { LEPORELLO_URL: url } })
  const running = push()
  await gate.reached()
  const uploads = async () => (await (await fetch(`${server.url}/api/v1/uploads`)).json()).items
  const kept = async () => ((await uploads())[0].offset >= 32 * mega ? true : undefined)
  await eventually(kept, { what: 'the first 32 MB are kept' })
  return { server, gate, push, running, uploads }
}

async function isThere(t: Test, url: string): Promise<void> {
  const { images } = await (await fetch(`${url}/api/v1/containers/hello%3A1`)).json()
  t.match(images, { amd64: { verdict: 'match', sha256: sha256(bytes), size: bytes.length } })
  const fetched = await fetch(images.amd64.url)
  t.equal(sha256(Buffer.from(await fetched.arrayBuffer())), sha256(bytes))
}

t.test('kill -9 of the server in the middle of a push: it goes on when the server is there again', async (t) => {
  const { server, gate, running, uploads } = await stuck(t)

  await server.kill()
  await running.says(/cannot be reached.*; trying again in/)
  await server.restart()
  const [{ offset }] = await uploads()
  const before = gate.passed()
  gate.open(Number.MAX_SAFE_INTEGER)
  const { status, stdout } = await running.ended

  t.ok(offset >= 32 * mega, `${offset} bytes were kept`)
  t.equal(status, 0)
  t.match(JSON.parse(stdout), { images: [{ architecture: 'amd64', verdict: 'match', unchanged: false }] })
  t.ok(gate.passed() - before < bytes.length - offset + mega, 'what was kept was not sent again')
  await isThere(t, server.url)
})

t.test('kill -9 of a push: the same command goes on from what had come', async (t) => {
  const { server, gate, push, running, uploads } = await stuck(t)

  running.child.kill('SIGKILL')
  await running.ended
  gate.open(Number.MAX_SAFE_INTEGER)
  const { status, stdout, stderr } = await push(server.url).ended

  t.equal(status, 0)
  t.match(stderr, /hello\.tar: continues at \d\d%/)
  t.match(JSON.parse(stdout), { images: [{ verdict: 'match', unchanged: false }] })
  t.ok(JSON.parse(stdout).images[0].resumed >= 32 * mega)
  t.match(await uploads(), [{ state: 'registered' }])
  await isThere(t, server.url)
})

t.test('a machine that went down in the middle of a push does not hold up the next one', async (t) => {
  const { server, push, running } = await stuck(t)

  running.child.kill('SIGKILL') // behind the gate nobody notices
  await running.ended
  const { status, stdout } = await push(server.url).ended

  t.equal(status, 0)
  t.ok(JSON.parse(stdout).images[0].resumed >= 32 * mega)
  await isThere(t, server.url)
})

t.test('Ctrl-C says that the same command goes on, and it does', async (t) => {
  const { server, push, running } = await stuck(t)

  running.child.kill('SIGINT')
  const { status, stderr } = await running.ended
  const again = await push(server.url).ended

  t.equal(status, 130)
  t.match(stderr, /stopped: the server keeps what has arrived for a while; the same command continues from there/)
  t.equal(again.status, 0)
  t.ok(JSON.parse(again.stdout).images[0].resumed >= 32 * mega)
  await isThere(t, server.url)
})

t.test('a server that stops in the middle of an upload keeps what came', async (t) => {
  const { server, gate, running, uploads } = await stuck(t)

  await server.restart()
  const [{ offset }] = await uploads()
  gate.open(Number.MAX_SAFE_INTEGER)
  const { status } = await running.ended

  t.ok(offset >= 32 * mega, `${offset} bytes were kept`)
  t.equal(status, 0)
  await isThere(t, server.url)
})
