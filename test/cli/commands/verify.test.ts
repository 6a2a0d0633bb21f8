import t, { type Test } from 'tap'
import { appLayer, baseLayer, inChunks } from '../../support/images.ts'
import { startWithTarballs, tarball, type WithTarballs } from '../../support/tarballs.ts'
import { command } from '../in-process.ts'

const amd64 = tarball()
const arm64 = tarball({ architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] })
/** Said to be for arm64 by its configuration, with programs for amd64. */
const mislabelled = tarball({ architecture: 'arm64' })
const octets = { 'content-type': 'application/octet-stream' }

const bring = ({ app }: WithTarballs, [architecture, payload]: [string, Buffer]) =>
  app.inject({ method: 'PUT', url: `/api/v1/containers/hello%3A1/images/${architecture}`, headers: octets, payload })

/** As a builder does that knows no architectures. */
const register = ({ app }: WithTarballs, url: string) =>
  app.inject({ method: 'POST', url: '/container/add', query: { name: 'hello:1', version: '1', digest: 'sha256:1', url } })

const verify = (t: Test, { url }: { url: string }, ...args: string[]) =>
  command(t, { args: ['verify', ...args], environment: { LEPORELLO_URL: url } })

t.test('verify tells of each architecture what its image is, and succeeds when all are proven', async (t) => {
  const server = await startWithTarballs(t, { listen: true })
  await bring(server, ['amd64', amd64])
  await bring(server, ['arm64', arm64])

  const { status, stdout, stderr } = await verify(t, server, 'hello:1')

  t.equal(status, 0, stderr)
  t.match(stdout, /^hello:1 {2}amd64: proven: the entry point "\/app\/hello" is amd64/m)
  t.match(stdout, /^hello:1 {2}arm64: proven: the entry point "\/app\/hello" is arm64/m)
})

t.test('one image that is not what it is said to be makes it fail, and --arch asks for another one only', async (t) => {
  const server = await startWithTarballs(t, { listen: true })
  await bring(server, ['amd64', amd64])
  await bring(server, ['arm64', mislabelled])

  const all = await verify(t, server, 'hello:1', '--json')
  const one = await verify(t, server, 'hello:1', '--arch', 'x86_64', '--json')

  t.equal(all.status, 1)
  t.match(JSON.parse(all.stdout), {
    id: 'hello:1',
    proven: false,
    images: [
      { architecture: 'amd64', verdict: 'match' },
      { architecture: 'arm64', verdict: 'mislabelled', proven: 'amd64' }
    ]
  })
  t.equal(one.status, 0)
  t.match(JSON.parse(one.stdout), { proven: true, images: [{ architecture: 'amd64' }] })
})

t.test('a record that names only a url is read too, and what was found is kept', async (t) => {
  const server = await startWithTarballs(t, { listen: true })
  await server.blobs.put('hello.tar.gz', inChunks(arm64))
  await register(server, `${server.url}/storage/hello.tar.gz`)

  const plain = await verify(t, server, 'hello:1')
  const asArm = await verify(t, server, 'hello:1', '--arch', 'aarch64')
  const asAmd = await verify(t, server, 'hello:1', '--arch', 'amd64')

  t.match(plain, { status: 0, stdout: /^hello:1 {2}the one image, for arm64: proven: / })
  t.equal(asArm.status, 0)
  t.match(asAmd, { status: 1, stdout: /MISLABELLED: asked for as amd64, but / })
  const resolved = await server.app.inject('/container/resolve?id=hello:1&arch=x86_64')
  t.match(resolved.json(), { success: false, message: /proven to be for arm64/ })
})

t.test('what cannot be read is 2, in the words of the server', async (t) => {
  const server = await startWithTarballs(t, { listen: true })
  await register(server, `${server.url}/storage/gone.tar.gz`)
  const gone = await verify(t, server, 'hello:1')
  await register(server, 'http://user:secret@files.example.org/hello.tar.gz')
  const elsewhere = await verify(t, server, 'hello:1')

  t.match(gone, { status: 2, stdout: /not read: gone\.tar\.gz is not in the store any more/ })
  t.match(elsewhere, { status: 2, stdout: /not read: .*LEPORELLO_VERIFY=own/ })
  t.notMatch(elsewhere.stdout, 'secret')
})

t.test('what is not there, a server that is not, and a wrong use have statuses of their own', async (t) => {
  const server = await startWithTarballs(t, { listen: true })
  await bring(server, ['amd64', amd64])

  t.match(await verify(t, server, 'no:1'), { status: 1, stderr: 'leporello: container not found: no:1\n' })
  t.match(await verify(t, server, 'hello:1', '--arch', 'riscv64'), { status: 1, stderr: /no image for riscv64; it has: amd64/ })
  t.match(await verify(t, server, 'hello:1', '--arch', 'no such'), { status: 64 })
  t.match(await verify(t, server), { status: 64, stderr: /expected the id of a container/ })
  t.match(await verify(t, server, 'hello:1', '--url', 'nowhere'), { status: 64, stderr: /--url is "nowhere"; expected/ })
  t.match(await verify(t, server, 'hello:1', '--url', 'http://me:secret@127.0.0.1:1'), {
    status: 69,
    stderr: /\*\*\*@127.0.0.1:1 cannot be reached/
  })
})

t.test('the single image is asked for by its own route, which names the others', async (t) => {
  const server = await startWithTarballs(t)
  await bring(server, ['amd64', amd64])

  const reply = await server.app.inject({ method: 'POST', url: '/api/v1/containers/hello%3A1/verify' })

  t.equal(reply.statusCode, 404)
  t.match(reply.json(), { code: 'image_missing', available: ['amd64'] })
})
