import { execFile } from 'node:child_process'
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { startDockerEngine } from '../support/docker-engine.ts'
import { sha256 } from '../support/images.ts'
import { startLeporello } from '../support/leporello.ts'
import { run, runWith, samplesAndClients } from '../support/oci-clients.ts'

/** The script of a frozen release, as testers run it: with docker, with podman, and with nothing but curl. */

const { sample, crane } = samplesAndClients(t)
const server = await startLeporello()
t.teardown(server.stop)
const { host } = new URL(server.url)
// podman takes no longer path than 50 characters
const folder = await mkdtemp(join(tmpdir(), 'rel-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))

const ids = ['registered/tarball:v1', 'pushed/image:v1']
const archiveOf = (architecture: string) => sample(`${architecture}-${architecture}.buildah-docker.tar`)

async function ask(method: string, { path, body }: { path: string; body: object }): Promise<any> {
  const request = { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  return (await fetch(`${server.url}/api/v1${path}`, request)).json()
}

for (const architecture of ['amd64', 'arm64']) {
  const body = Readable.toWeb(createReadStream(archiveOf(architecture)))
  const path = `/api/v1/containers/${encodeURIComponent(ids[0]!)}/images/${architecture}`
  await fetch(server.url + path, { method: 'PUT', body, duplex: 'half' } as RequestInit)
  run(crane, 'push', '--insecure', archiveOf(architecture), `${host}/${ids[1]}-${architecture}`)
}
const elsewhere = { version: '1', digest: 'sha256:1', images: { amd64: 's3://bucket/elsewhere.tar.gz' } }
await ask('PUT', { path: '/containers/elsewhere%3Av1', body: elsewhere })
const secret = { ...elsewhere, images: { amd64: 'https://ci:wheel-spoke-rim@host.example/elsewhere.tar.gz' } }
await ask('PUT', { path: '/containers/secret%3Av1', body: secret })
const release = await ask('POST', { path: '/releases', body: { name: 'good', set: ids } })
await ask('POST', { path: '/releases', body: { name: 'poor', set: [...ids, 'elsewhere:v1', 'secret:v1'] } })

/** The programs that the script needs, and no container engine: what this machine has must not decide. */
async function toolsAnd(t: Test, program?: { name: string; command: string }): Promise<string> {
  const tools = t.testdir()
  const path = (process.env['PATH'] ?? '').split(delimiter)
  for (const name of ['sh', 'uname', 'curl', 'sha256sum', 'cut', 'mkdir', 'mv', 'rm']) {
    await symlink(path.map((place) => join(place, name)).find((file) => existsSync(file))!, join(tools, name))
  }
  if (program) {
    await writeFile(join(tools, program.name), `#!/bin/sh\n${program.command}\n`)
    await chmod(join(tools, program.name), 0o755)
  }
  return tools
}

interface Ended {
  status: number
  stdout: string
  stderr: string
}

interface Machine {
  PATH: string
  cwd: string
  env?: NodeJS.ProcessEnv
}

/** Runs a script as `curl LINK | sh -s ARCHITECTURE` does. */
function pipe(script: string, { machine: { PATH, cwd, env }, args }: { machine: Machine; args: string[] }): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...env, PATH, no_proxy: '127.0.0.1', HOME: cwd } }
    const child = execFile(join(PATH, 'sh'), ['-s', ...args], options, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr })
    )
    child.stdin!.end(script)
  })
}

const scriptOf = async (name: string): Promise<string> => (await fetch(`${server.url}/api/v1/releases/${name}?format=sh`)).text()

const imageOf = (id: string, architecture: string): { digest: string; manifest: string; sha256: string } =>
  release.set.find((one: { id: string }) => one.id === id).images[architecture]

/** What is asked of every machine that has a container engine. */
async function checkEngine(t: Test, { machine, engine }: { machine: Machine; engine: (...args: string[]) => string }): Promise<void> {
  const script = await scriptOf('good')
  for (const architecture of ['amd64', 'arm64']) {
    t.match(await pipe(script, { machine, args: [architecture] }), { status: 0, stderr: /^2 pulled, 0 failed$/m }, architecture)
    for (const id of ids) {
      const { digest, manifest } = imageOf(id, architecture)
      const [found] = JSON.parse(engine('image', 'inspect', id))
      t.strictSame([found.Id.replace(/^sha256:/, ''), found.Architecture], [digest.replace(/^sha256:/, ''), architecture])
      t.ok(found.RepoDigests.includes(`${host}/${id.replace(/:.*/, '')}@${manifest}`), `${id} for ${architecture}: pulled by its digest`)
    }
  }

  const { manifest } = imageOf(ids[1]!, 'amd64')
  const gone = script.replaceAll(manifest, `sha256:${'0'.repeat(64)}`)
  t.match(
    await pipe(gone, { machine, args: ['amd64'] }),
    { status: 0, stdout: /pushed/ },
    'what cannot be pulled is loaded from its tarball'
  )
  const wrong = gone.replaceAll(imageOf(ids[1]!, 'amd64').sha256, '1'.repeat(64))
  t.match(await pipe(wrong, { machine, args: ['amd64'] }), {
    status: 1,
    stderr:
      /^pushed\/image:v1: \w+ pull \S+@sha256:0{64} failed: [\s\S]+; the tarball has the SHA-256 [0-9a-f]{64}, expected 1{64}\n1 pulled, 1 failed$/m
  })
}

t.test('with docker', async (t) => {
  const docker = await startDockerEngine()
  t.teardown(docker.stop)
  const real = run('sh', '-c', 'command -v docker')
  const PATH = await toolsAnd(t, { name: 'docker', command: `exec ${real} "$@"` })

  await checkEngine(t, { machine: { PATH, cwd: folder, env: docker.environment }, engine: docker.docker })
})

t.test('with podman, from a registry without https', async (t) => {
  const flags = `--root ${folder}/root --runroot ${folder}/run --storage-driver vfs --runtime runc --cgroup-manager cgroupfs`
  const command = `exec ${run('sh', '-c', 'command -v podman')} ${flags} "$@"`
  const PATH = await toolsAnd(t, { name: 'podman', command })

  await checkEngine(t, { machine: { PATH, cwd: folder }, engine: (...args) => runWith(process.env)(join(PATH, 'podman'), ...args) })
})

t.test('with curl only: the tarballs, checked; and everything that is wrong is said', async (t) => {
  const machine = { PATH: await toolsAnd(t), cwd: folder }
  const script = await scriptOf('good')

  for (const architecture of ['amd64', 'arm64']) {
    t.match(await pipe(script, { machine, args: [architecture, `got/${architecture}`] }), { status: 0, stderr: '2 pulled, 0 failed\n' })
    const files = readdirSync(join(folder, 'got', architecture))
    const wanted = ids.map((id) => imageOf(id, architecture).sha256).sort()
    t.strictSame(
      files.sort(),
      wanted.map((hash) => `${hash}.tar`)
    )
    for (const file of files) t.equal(sha256(readFileSync(join(folder, 'got', architecture, file))), file.replace('.tar', ''))
  }
  const poor = await scriptOf('poor')
  const there = await pipe(poor, { machine, args: ['amd64'] })
  t.match(there, { status: 1, stderr: /^2 pulled, 2 failed$/m })
  t.match(there.stderr, /^elsewhere:v1: its tarball is at s3:\/\/bucket\/elsewhere.tar.gz, which curl does not get$/m)
  t.match(there.stderr, /^secret:v1: the URL of its tarball has a secret: /m)
  t.notMatch(poor, 'wheel-spoke-rim')
  const other = await pipe(poor, { machine, args: ['arm64'] })
  t.match(other, { status: 1, stderr: /^elsewhere:v1: it has no image for arm64; it has: amd64$/m })
  const cut = await pipe(script.slice(0, script.lastIndexOf('image ') + 20), { machine, args: ['amd64', 'cut'] })
  t.not(cut.status, 0, 'a script that was cut off does nothing')
  t.notOk(readdirSync(folder).includes('cut'))
})

t.test('when the server is away, each image is named with the reason', async (t) => {
  const machine = { PATH: await toolsAnd(t), cwd: folder }
  const script = (await scriptOf('good')).replaceAll(`${server.url}/`, 'http://127.0.0.1:1/').replaceAll('--retry 3', '')

  const ended = await pipe(script, { machine, args: ['amd64', 'away'] })

  t.match(ended, { status: 1, stderr: /0 pulled, 2 failed\n$/ })
  for (const id of ids) t.match(ended.stderr, new RegExp(`^${id}: curl could not get http://127.0.0.1:1/\\S+: curl: `, 'm'))
})
