import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import t from 'tap'
import { startLeporello } from '../../support/leporello.ts'
import { run, samplesAndClients } from '../../support/oci-clients.ts'

/** Images that real registry clients push, and pull from us again. */

const { sample, crane } = samplesAndClients(t)
const server = await startLeporello()
t.teardown(() => server.stop())
const host = new URL(server.url).host
// podman and buildah take no longer paths than 50 characters
const short = await mkdtemp(join(tmpdir(), 'oci-'))
t.teardown(() => rm(short, { recursive: true, force: true }))
const storage = ['--root', join(short, 'root'), '--runroot', join(short, 'run'), '--storage-driver', 'vfs']
const files = { amd64: sample('amd64-amd64.buildah-docker.tar'), arm64: sample('arm64-arm64.buildah-docker.tar') }
const architectures = ['amd64', 'arm64'] as const

const viewOf = async (id: string) => (await fetch(`${server.url}/api/v1/containers/${encodeURIComponent(id)}`)).json()

async function checkBoth(id: string): Promise<void> {
  const { images } = await viewOf(id)
  for (const architecture of architectures) {
    t.equal(images[architecture]?.verdict, 'match', `${id} ${architecture}`)
    const { architecture: pulled } = JSON.parse(run(crane, 'config', '--insecure', '--platform', `linux/${architecture}`, `${host}/${id}`))
    t.equal(pulled, architecture)
  }
}

t.test('skopeo pushes an image for each architecture, and the tag is the list', async () => {
  for (const architecture of architectures) {
    run(
      'skopeo',
      '--insecure-policy',
      'copy',
      '-q',
      '--dest-tls-verify=false',
      `docker-archive:${files[architecture]}`,
      `docker://${host}/real/skopeo:v1-${architecture}`
    )
  }
  await checkBoth('real/skopeo:v1')
})

t.test('skopeo pushes zstd layers of one architecture after the other under one tag', async () => {
  for (const architecture of architectures) {
    const to = `docker://${host}/real/zstd:v1`
    run(
      'skopeo',
      '--insecure-policy',
      'copy',
      '-q',
      '--dest-compress-format',
      'zstd',
      '-f',
      'oci',
      '--dest-tls-verify=false',
      `docker-archive:${files[architecture]}`,
      to
    )
  }
  await checkBoth('real/zstd:v1')
})

t.test('crane pushes two images and makes an index of them', async () => {
  for (const architecture of architectures) run(crane, 'push', '--insecure', files[architecture], `${host}/real/crane:${architecture}-only`)
  run(
    crane,
    'index',
    'append',
    '--insecure',
    ...architectures.flatMap((name) => ['-m', `${host}/real/crane:${name}-only`]),
    '-t',
    `${host}/real/crane:v1`
  )
  await checkBoth('real/crane:v1')
  run(crane, 'copy', '--insecure', `${host}/real/crane:v1`, `${host}/real/copied:v1`)
  await checkBoth('real/copied:v1')
  t.equal(run(crane, 'digest', '--insecure', `${host}/real/copied:v1`), run(crane, 'digest', '--insecure', `${host}/real/crane:v1`))
})

t.test("podman pushes Docker's media types, and a manifest list", async () => {
  const podman = (...args: string[]) => run('podman', ...storage, ...args)
  podman('manifest', 'create', 'list:v1')
  for (const architecture of architectures) {
    podman('load', '-q', '-i', files[architecture])
    podman('manifest', 'add', 'list:v1', `containers-storage:localhost/${architecture}-${architecture}:v1`)
    podman(
      'push',
      '-q',
      '--tls-verify=false',
      '-f',
      'v2s2',
      `localhost/${architecture}-${architecture}:v1`,
      `${host}/real/podman:1-${architecture}`
    )
  }
  await checkBoth('real/podman:1')
  podman('manifest', 'push', '--all', '--tls-verify=false', 'list:v1', `docker://${host}/real/podman-list:v1`)
  await checkBoth('real/podman-list:v1')
})

t.test('podman loads a pushed image by its URL, as a worker does', async (t) => {
  const { images } = await viewOf('real/zstd:v1')
  const reply = await fetch(images.amd64.url)
  t.equal(reply.status, 200)
  const file = join(short, 'loaded.tar')
  await pipeline(Readable.fromWeb(reply.body as ReadableStream), createWriteStream(file))

  t.match(run('podman', ...storage, 'load', '-q', '-i', file), /real\/zstd:v1/)
})
