import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { doorOf } from '../support/front-door.ts'
import { appLayer, baseLayer, sha256 } from '../support/images.ts'
import { ready, startLeporello } from '../support/leporello.ts'
import { projectFolder } from '../support/project.ts'
import { pythonWith } from '../support/python.ts'
import { tarball } from '../support/tarballs.ts'

const folder = join(projectFolder, 'test/acceptance/schema')
const containerfile = 'FROM scratch\n'
const arm64Tarball = tarball({ architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] })

/** Something of everything, so that requests find what they are about. */
async function seed(url: string): Promise<void> {
  const door = doorOf(url)
  const ask = async (...asked: Parameters<typeof door.ask>) => {
    const { status, body } = await door.ask(...asked)
    if (status >= 300) throw new Error(`${asked[0]} ${asked[1]} was answered ${status}: ${JSON.stringify(body)}`)
  }
  const bring = async (path: string) => {
    const headers = { 'content-type': 'application/gzip' }
    const reply = await fetch(`${url}${path}`, { method: 'PUT', body: new Uint8Array(arm64Tarball), headers })
    if (!reply.ok) throw new Error(`${path} was answered ${reply.status}: ${await reply.text()}`)
    return (await reply.json()) as { image: { url: string } }
  }
  for (const id of ['container-hello:v1.0.0', 'operator:v1', ...[1, 2, 3, 4, 5, 6].map((number) => `seed-${number}:v1`)]) {
    const base = `/api/v1/containers/${encodeURIComponent(id)}`
    const images = { amd64: `s3://images/${id}.tar.gz`, s390x: { url: `s3://images/${id}-s390x.tar.gz`, digest: 'sha256:5390' } }
    await ask('PUT', base, { body: { digest: 'sha256:0d5a', images } })
    await ask('PUT', `${base}/expected`, { body: { architectures: ['amd64', 'arm64', 's390x'] } })
    await ask('PUT', `${base}/builds/arm64`, { body: { status: 'failed', reason: 'no wheel', source: { commit: '9c0e1f2' } } })
    await ask('PUT', `${base}/tests/amd64`, { body: { status: 'running', machine: 'x86_64' } })
    await bring(`${base}/images/arm64`)
  }
  for (const id of ['kept', 'unnamed-1', 'unnamed-2', 'unnamed-3'].map((name) => `${name}%3Av1`)) {
    const { image } = await bring(`/api/v1/containers/${id}/images/arm64`)
    await ask('PUT', `/api/v1/containers/${id}`, { body: { url: image.url } })
  }
  await bring('/api/v1/containers/whole%3Av1/images/arm64')
  for (const number of [1, 2, 3, 4]) await bring(`/api/v1/containers/mislabelled-${number}%3Av1/images/ppc64le`)
  for (const tag of ['aaa', 'bbb']) {
    for (const repository of ['nova-api', 'glance-api']) {
      const base = `/api/v1/containers/${repository}%3A${tag}`
      await ask('PUT', `${base}/builds/arm64`, { body: { status: 'running', containerfile, source: { commit: '9c0e1f2' } } })
      await bring(`${base}/images/arm64`)
    }
    const set = ['nova-api', 'glance-api'].map((repository) => `${repository}:${tag}`)
    for (const channel of ['current-passed-ci', 'passing-1', 'passing-2', 'passing-3']) {
      await ask('PUT', `/api/v1/channels/${channel}`, { body: { set } })
    }
  }
  for (const name of ['2026.1', '2025.1', '2025.2', '2025.3']) {
    await ask('POST', '/api/v1/releases', { body: { name, channel: 'current-passed-ci' } })
  }
  const spec = JSON.stringify({ id: 'container-hello:v1.0.0', container: 'container-hello:v1.0.0' })
  await ask('POST', '/api/v0.1/job_spec/add', { body: new URLSearchParams({ spec }) })
  await ask('PUT', '/api/v1/containers/gone%3Av1', { body: { digest: 'sha256:0d5a', url: 's3://images/gone.tar.gz' } })
  await ask('DELETE', '/api/v1/containers/gone%3Av1')
}

interface Run {
  url: string
  /** Has the sample, and takes what Python writes. */
  scratch: string
}

/** Nearly the same requests each time (some are made of what was answered), unless other ones are asked for by hand. */
const { SCHEMATHESIS_SEED: seedNumber = '1', SCHEMATHESIS_EXAMPLES: examples = '50' } = process.env

function schemathesis(python: string, { url, scratch }: Run): Promise<{ code: number; said: string }> {
  const chosen = ['--include-path-regex', '^/api/v1(/|$)', '--max-examples', examples, '--seed', seedNumber]
  const quietly = ['--no-color', '--generation-database', 'none']
  const ours = { API: `${url}/api/v1`, SAMPLE_TARBALL: join(scratch, 'hello.tar.gz'), CONTAINERFILE: `sha256:${sha256(containerfile)}` }
  const nothingLeft = { PYTHONDONTWRITEBYTECODE: '1', HYPOTHESIS_STORAGE_DIRECTORY: join(scratch, 'hypothesis') }
  const env = { ...process.env, ...ours, ...nothingLeft }
  const options = { cwd: folder, env, maxBuffer: 64 * 1024 * 1024 }
  return new Promise((resolve) => {
    execFile(python, ['-m', 'schemathesis.cli', 'run', `${url}/openapi.json`, ...chosen, ...quietly], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, said: stdout + stderr })
    })
  })
}

/** What schemathesis says of each fault, the operation first: the blocks of its sections FAILURES and ERRORS. */
function faultsIn(said: string): string[] {
  const sections = said.split(/^=+ (.+) =+$/m)
  const blocks = sections.flatMap((title, index) => (/^(FAILURES|ERRORS)$/.test(title) ? [sections[index + 1] ?? ''] : []))
  return blocks.flatMap((block) => block.split(/^_{2,} (?=.+ _{2,}$)/m).slice(1))
}

/** A fault in one line: the operation, and what is wrong with it. */
function shortly(fault: string): string {
  const [operation, ...lines] = fault.split('\n').filter((line) => line.trim() !== '')
  const kinds = lines.filter((line) => line.startsWith('- '))
  const said = kinds.length > 0 ? [...new Set(kinds)] : lines.slice(0, 2)
  return [operation!.replace(/ _+$/, ''), ...said].join(' ').slice(0, 300)
}

/** How many methods of the paths that are chosen are described. */
async function countOperations(url: string): Promise<number> {
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> }
  const ours = Object.entries(paths).filter(([path]) => /^\/api\/v1(\/|$)/.test(path))
  return ours.flatMap(([, operations]) => Object.keys(operations)).length
}

t.test('every operation of the API is as openapi.yaml says', async (t) => {
  const python = await pythonWith(join(folder, 'requirements.txt'))
  const scratch = await mkdtemp(join(tmpdir(), 'leporello-schema-'))
  t.teardown(() => rm(scratch, { recursive: true, force: true }))
  await writeFile(join(scratch, 'hello.tar.gz'), arm64Tarball)
  const server = await startLeporello()
  t.teardown(server.stop)
  await ready(server)
  await seed(server.url)

  const { code, said } = await schemathesis(python, { url: server.url, scratch })

  t.comment(said.slice(said.indexOf('= SUMMARY =')))
  for (const fault of faultsIn(said)) t.fail(shortly(fault), { fault: fault.split('\n') })
  t.equal(code, 0, `schemathesis finds no fault (SCHEMATHESIS_SEED=${seedNumber})`)
  t.match(said, new RegExp(`Tested: ${await countOperations(server.url)}\n`), 'it asked every operation')
  const faults = server.output().match(/^.*"level":"(error|fatal)".*$/gm)
  t.equal(faults, null, 'the server has nothing to complain of itself')
})
