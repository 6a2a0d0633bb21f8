import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t from 'tap'
import { startLeporello } from '../../support/leporello.ts'
import { run, samplesAndClients } from '../../support/oci-clients.ts'

/** What was uploaded as tarballs, pulled by real registry clients. */

const { sample, crane } = samplesAndClients(t)
const server = await startLeporello()
t.teardown(() => server.stop())
const host = new URL(server.url).host

async function upload(id: string, { architecture, file }: { architecture: string; file: string }): Promise<void> {
  const reply = await fetch(`${server.url}/api/v1/containers/${encodeURIComponent(id)}/images/${architecture}`, {
    method: 'PUT',
    body: Readable.toWeb(createReadStream(sample(file))),
    duplex: 'half'
  } as RequestInit)
  t.match(reply.status, /20\d/, await reply.text())
}

const pairs = [
  ['amd64-amd64.buildah-docker.tar', 'arm64-arm64.buildah-docker.tar.gz'],
  ['amd64-amd64.buildah-oci.tar', 'arm64-arm64.skopeo-zstd.tar'],
  ['amd64-amd64.docker25.tar', 'arm64-arm64.buildah-oci.tar']
] as const

for (const [amd64, arm64] of pairs) {
  t.test(`${amd64} and ${arm64}: each machine is given its own image`, async (t) => {
    const name = `real/${amd64.replace(/\W/g, '-')}`
    await upload(`${name}:v1`, { architecture: 'amd64', file: amd64 })
    await upload(`${name}:v1`, { architecture: 'arm64', file: arm64 })
    const reference = `${host}/${name}:v1`
    const folder = t.testdir()

    for (const architecture of ['amd64', 'arm64']) {
      const inspected = JSON.parse(run('skopeo', 'inspect', '--tls-verify=false', '--override-arch', architecture, `docker://${reference}`))
      t.equal(inspected.Architecture, architecture)
      const config = JSON.parse(run(crane, 'config', '--insecure', '--platform', `linux/${architecture}`, reference))
      t.equal(config.architecture, architecture)
      const exported = join(folder, `${architecture}.tar`)
      run(crane, 'export', '--insecure', '--platform', `linux/${architecture}`, reference, exported)
      t.match(run('tar', '-tf', exported), /hello/)
    }
    run(
      'skopeo',
      '--insecure-policy',
      'copy',
      '-q',
      '--all',
      '--src-tls-verify=false',
      `docker://${reference}`,
      `dir:${join(folder, 'copied')}`
    )
    t.strictSame(run(crane, 'ls', '--insecure', `${host}/${name}`), 'v1')
  })
}

t.test('a machine without an image is told so at pull, also where there is only one', async (t) => {
  await upload('real/single:v1', { architecture: 'amd64', file: 'amd64-amd64.buildah-docker.tar' })
  const reference = `${host}/real/single:v1`
  const folder = t.testdir()

  t.throws(
    () =>
      run(
        'skopeo',
        '--insecure-policy',
        '--override-arch',
        'arm64',
        'copy',
        '-q',
        '--src-tls-verify=false',
        `docker://${reference}`,
        `dir:${join(folder, 'a')}`
      ),
    { message: /arm64/ }
  )
  t.throws(() => run(crane, 'pull', '--insecure', '--platform', 'linux/arm64', reference, join(folder, 'b.tar')), { message: /arm64/ })
  // podman takes no longer path than 50 characters
  const short = await mkdtemp(join(tmpdir(), 'oci-'))
  t.teardown(() => rm(short, { recursive: true, force: true }))
  const storage = ['--root', join(short, 'root'), '--runroot', join(short, 'run'), '--storage-driver', 'vfs']
  t.throws(() => run('podman', ...storage, 'pull', '-q', '--tls-verify=false', '--arch', 'arm64', reference), { message: /arm64/ })
  t.match(run('podman', ...storage, 'pull', '-q', '--tls-verify=false', '--arch', 'amd64', reference), /^[0-9a-f]{64}$/m)
})

t.test('a mislabelled image is given to nobody', async (t) => {
  await upload('real/wrong:v1', { architecture: 'arm64', file: 'arm64-amd64.buildah-docker.tar' })
  const reference = `${host}/real/wrong:v1`

  t.throws(() => run(crane, 'manifest', '--insecure', reference), { message: /MANIFEST_UNKNOWN|mislabelled/ })
  t.throws(() => run(crane, 'manifest', '--insecure', `${reference}-arm64`), { message: /DENIED/ })
})
