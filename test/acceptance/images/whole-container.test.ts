import { spawnSync } from 'node:child_process'
import { createReadStream, createWriteStream } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import t from 'tap'
import { startLeporello } from '../../support/leporello.ts'
import { endProgram, eventually, freePort, runProgram } from '../../support/processes.ts'
import { projectFolder } from '../../support/project.ts'

/** Images that real tools wrote, handed out as one OCI layout and taken by real tools. */

const samples = t.testdir()
const made = spawnSync(join(projectFolder, 'test/acceptance/images/make-samples'), [samples], { encoding: 'utf8' })
t.equal(made.status, 0, made.stderr)
const crane = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'leporello/images/crane-v0.22.1')

const server = await startLeporello()
t.teardown(() => server.stop())

function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`, { cause: error })
  return stdout.trim()
}

async function upload(id: string, { architecture, file }: { architecture: string; file: string }): Promise<string> {
  const reply = await fetch(`${server.url}/api/v1/containers/${id}%3Av1/images/${architecture}`, {
    method: 'PUT',
    body: Readable.toWeb(createReadStream(join(samples, file))),
    duplex: 'half'
  } as RequestInit)
  const { image } = (await reply.json()) as { image: { verdict: string; manifest: string } }
  t.equal(image.verdict, 'match', file)
  return image.manifest
}

async function download(id: string, to: string): Promise<void> {
  const reply = await fetch(`${server.url}/api/v1/containers/${id}%3Av1/download?format=oci`)
  t.equal(reply.status, 200)
  await pipeline(Readable.fromWeb(reply.body as ReadableStream), createWriteStream(to))
}

const pairs = [
  ['amd64-amd64.buildah-docker.tar', 'arm64-arm64.buildah-docker.tar.gz'],
  ['amd64-amd64.buildah-oci.tar', 'arm64-arm64.skopeo-zstd.tar'],
  ['amd64-amd64.docker25.tar', 'arm64-arm64.buildah-oci.tar']
] as const

for (const [amd64, arm64] of pairs) {
  t.test(`${amd64} and ${arm64} as one file, taken by skopeo, crane and ourselves`, async (t) => {
    const id = amd64.replace(/\W/g, '-')
    const manifests = {
      amd64: await upload(id, { architecture: 'amd64', file: amd64 }),
      arm64: await upload(id, { architecture: 'arm64', file: arm64 })
    }
    const folder = t.testdir({ layout: {} })
    const file = join(folder, 'whole.tar')
    await download(id, file)

    for (const architecture of ['amd64', 'arm64'] as const) {
      const seen = JSON.parse(run('skopeo', 'inspect', '--override-arch', architecture, `oci-archive:${file}`))
      t.match(seen, { Architecture: architecture })
    }
    run('skopeo', '--insecure-policy', 'copy', '-q', '--all', `oci-archive:${file}`, `oci:${join(folder, 'copied')}:v1`)
    const { images } = JSON.parse(run(process.execPath, join(projectFolder, 'build/src/main.js'), 'inspect', '--json', file))
    t.strictSame(
      images.map((image: { verdict: string; manifest: { digest: string } }) => [image.verdict, image.manifest.digest]),
      [
        ['match', manifests.amd64],
        ['match', manifests.arm64]
      ]
    )

    run('tar', '-xf', file, '-C', join(folder, 'layout'))
    const port = await freePort()
    const registry = runProgram([crane, 'registry', 'serve', '--address', `127.0.0.1:${port}`])
    try {
      const target = `127.0.0.1:${port}/whole:v1`
      await eventually(async () => (await fetch(`http://127.0.0.1:${port}/v2/`)).ok || undefined, {
        what: 'crane serves'
      })
      run(crane, 'push', join(folder, 'layout'), target)
      t.equal(run(crane, 'digest', '--platform', 'linux/arm64', target), manifests.arm64)
      const exported = join(folder, 'exported.tar')
      run(crane, 'export', '--platform', 'linux/amd64', target, exported)
      t.match(run('tar', '-tf', exported), /hello/)
    } finally {
      await endProgram(registry)
    }
  })
}
