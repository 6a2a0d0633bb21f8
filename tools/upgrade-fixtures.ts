import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Engine, startEngine } from '../test/support/engines.ts'
import { installHysds } from '../test/support/hysds.ts'
import { newDockerSave, sha256 } from '../test/support/images.ts'
import { onEngine, ready, startLeporello } from '../test/support/leporello.ts'
import { projectFolder } from '../test/support/project.ts'
import { tar } from '../test/support/tar.ts'
import { dumpEngine, type UpgradeFixture } from '../test/support/upgrade-fixture.ts'

/*
 * Makes test/fixtures/upgrade, once for each version whose stored form differs from the one before it:
 *   npm run build && node build/tools/upgrade-fixtures.js 0003-752e692 …
 * Each argument is the number of the last migration and the commit. The commit is checked out, installed and built in a folder of its own;
 * the folder UPGRADE_BUILDS, where it is set, may have it already. A version that does not know a request yet refuses it.
 */

const folder = join(projectFolder, 'test/fixtures/upgrade')
const git = (...args: string[]) => execFileSync('git', args, { cwd: projectFolder, encoding: 'utf8' }).trim()

async function built(commit: string): Promise<string> {
  const place = join(process.env['UPGRADE_BUILDS'] ?? (await mkdtemp(join(tmpdir(), 'leporello-version-'))), commit)
  if (process.env['UPGRADE_BUILDS'] !== undefined) return place
  git('worktree', 'add', '--detach', place, commit)
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: place, stdio: 'inherit' })
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: place, stdio: 'inherit' })
  return place
}

const tarball = tar([...newDockerSave(), { name: 'ballast', body: Buffer.from('upgrade') }])
const form = (fields: Record<string, string>) => ({ method: 'POST', body: new URLSearchParams(fields) })
const json = (method: string, body: object) => ({ method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
const bytes = (body: Buffer) => ({ method: 'PUT', body: new Uint8Array(body), headers: { 'content-type': 'application/octet-stream' } })

const urls = JSON.stringify({ amd64: 's3://bucket/both.tar.gz', arm64: 's3://bucket/both-arm64.tar.gz' })
const byPath = '/storage/by-path.tar'
const requests: [path: string, request: RequestInit][] = [
  ['/api/v0.1/container/add', form({ name: 'both:1', version: '1', url: '', urls, digest: 'sha256:1' })],
  ['/api/v0.1/container/add', form({ name: 'plain:1', version: '1', url: 's3://bucket/plain.tar.gz', digest: 'sha256:2' })],
  ['/api/v0.1/container/add', form({ name: 'gone:1', version: '1', url: 's3://bucket/gone.tar.gz', digest: 'sha256:3' })],
  ['/api/v0.1/job_spec/add', form({ spec: '{"id": "job-both:1", "container": "both:1", "time_limit": 1.0}' })],
  ['/api/v0.1/hysds_io/add', form({ spec: '{"id": "hysds-io-both:1", "params": []}' })],
  ['/api/v0.1/container/remove?id=gone:1', { method: 'GET' }],
  [byPath, bytes(Buffer.from('by path'))],
  ['/api/v1/containers/pushed%3A1/images/amd64', bytes(tarball)],
  ['/api/v1/containers/both%3A1/expected', json('PUT', { architectures: ['amd64', 'arm64', 'ppc64le'] })],
  ['/api/v1/containers/both%3A1/builds/ppc64le', json('PUT', { status: 'running', machine: { name: 'ppc64le' } })],
  ['/api/v1/containers/plain%3A1', json('PATCH', { version: '2' })]
]

const ids = ['both:1', 'plain:1', 'gone:1', 'pushed:1']

async function fill(url: string): Promise<UpgradeFixture['expected']> {
  const done = new Set<string>()
  for (const [path, request] of requests) {
    const { ok, status } = await fetch(url + path, request)
    if (ok) done.add(path)
    console.log(`  ${status} ${request.method} ${path}`)
  }
  const read = async (path: string) => (await (await fetch(url + path)).json()).result
  // an engine's list may be older by a second
  const found = await Promise.all(ids.map(async (id) => [id, await read(`/api/v0.1/container/info?id=${id}`)]))
  const containers = Object.fromEntries(found.filter(([, container]) => container))
  const uploaded: string | undefined = containers['pushed:1']?.url
  const tarballs = {
    ...(done.has(byPath) && { [byPath]: sha256(Buffer.from('by path')) }),
    ...(uploaded && { [new URL(uploaded).pathname]: sha256(tarball) })
  }
  const spec = await read('/api/v0.1/job_spec/type?id=job-both:1')
  return { containers, tarballs, spec }
}

/** Runs a version in its own folder, fills it, and ends it. */
async function filled(place: string, settings: Record<string, string>): Promise<UpgradeFixture['expected']> {
  const server = await startLeporello(settings, { main: join(place, 'build/src/main.js') })
  try {
    await ready(server)
    return await fill(server.url)
  } finally {
    await server.stop()
  }
}

async function makeFixture(name: string, engine: Engine): Promise<void> {
  const place = await built(name.split('-')[1]!)
  const scratch = await mkdtemp(join(tmpdir(), 'leporello-upgrade-'))
  const data = join(scratch, 'data')
  console.log(name)
  const embedded = await filled(place, { DATA: data })
  execFileSync('tar', ['-czf', join(folder, `${name}.tar.gz`), '--exclude=lock.db*', '--exclude=holder.json', '-C', data, '.'])
  const onIt = await filled(place, onEngine(engine.url, { DATA: join(scratch, 'objects') }))
  const fixture = { embedded, engine: onIt, indices: await dumpEngine(engine) }
  await writeFile(join(folder, `${name}.json.gz`), gzipSync(JSON.stringify(fixture)))
  await rm(scratch, { recursive: true, force: true })
}

for (const name of process.argv.slice(2)) {
  const engine = await startEngine('es7')
  try {
    await installHysds(engine)
    await makeFixture(name, engine)
  } finally {
    await engine.stop()
  }
}
