import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { temporaryDirectory } from '../stores/embedded/directory.ts'
import { command } from './in-process.ts'
import { both, serve } from './served.ts'

const node = (architecture: string) => ({
  kind: 'Node',
  metadata: { name: `n-${architecture}`, labels: { 'kubernetes.io/arch': architecture } },
  status: { nodeInfo: { architecture, operatingSystem: 'linux' } }
})

t.test('expect says which architectures a container shall have: by name, from nodes, from bare names, or not at all', async (t) => {
  const { run, json } = await serve(t)
  const folder = temporaryDirectory(t)
  const [cluster, bare] = [join(folder, 'nodes.json'), join(folder, 'names.txt')]
  await writeFile(cluster, JSON.stringify({ kind: 'List', items: ['amd64', 'arm64', 'arm64'].map(node) }))
  await writeFile(bare, '"amd64"\n"amd64"\n')

  const nobody = await run(['expect', 'hello:1'])
  const named = await run(['expect', 'hello:1', 'x86_64', 'aarch64'])
  const again = await json(['expect', 'hello:1', 'arm64', 'amd64'])
  const oneKind = await json(['expect', 'hello:1', '--nodes', bare])
  const mixed = await json(['expect', 'hello:1', '--nodes', cluster])
  const asked = await json(['expect', 'hello:1'])
  const map = await run(['expect', 'hello:1', '--configmap', '--name', 'archs'])
  const mapAsJson = await json(['expect', 'hello:1', '--configmap', '--namespace', 'ci'])
  const none = await run(['expect', 'hello:1', '--none'])

  t.match(nobody, { status: 0, stdout: 'hello:1: none are expected\n' })
  t.match(named, { status: 0, stdout: 'hello:1: amd64 arm64, set for this container\n' })
  t.match(again.value, { architectures: ['amd64', 'arm64'], unchanged: true })
  t.strictSame(oneKind.value.architectures, ['amd64'], 'a cluster that could be mixed but is not expects one')
  t.strictSame(mixed.value.architectures, ['amd64', 'arm64'])
  t.match(asked.value, { from: 'container', architectures: ['amd64', 'arm64'] })
  t.match(map, { status: 0, stderr: '' })
  const data = { CONTAINER: 'hello:1', ARCHITECTURES: 'amd64 arm64', ARCHITECTURES_JSON: '["amd64","arm64"]', ARCHITECTURE_COUNT: '2' }
  const of = (metadata: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, labels }, data })
  const labels = { 'app.kubernetes.io/managed-by': 'leporello' }
  t.strictSame(parse(map.stdout, { version: '1.1' }), of({ name: 'archs' }))
  t.strictSame(mapAsJson.value, of({ name: 'hello-1-architectures', namespace: 'ci' }))
  t.match(none, { status: 0, stdout: 'hello:1: none are expected\n' })
})

t.test('expect says what is wrong with its nodes', async (t) => {
  const { run } = await serve(t)
  const file = join(temporaryDirectory(t), 'nodes.json')
  await writeFile(file, '{"kind": "List", "items": [')

  const cases: [string[], RegExp][] = [
    [['--nodes', file], /is not JSON/],
    [['--nodes', join(file, 'none')], /--nodes names .*none, which does not exist; expected what/],
    [['amd64', '--none'], /expected one of architectures, --nodes and --none/],
    [['amd64', 'amr64'], /\[1\] is "amr64", which is not a known architecture; known are amd64, arm64, /],
    [['amd64', 'a b', '--any-name'], /"a b" is not the name of an architecture/]
  ]
  for (const [args, words] of cases) t.match(await run(['expect', 'hello:1', ...args]), { status: 64, stderr: words })
  t.match(await run(['expect', 'hello:1', 'amd64', 'sparc64', '--any-name']), { status: 0, stdout: /amd64 sparc64/ })
})

t.test("without a container, a cluster's nodes become the setting by which a server expects them of all", async (t) => {
  const file = join(temporaryDirectory(t), 'nodes.json')
  await writeFile(file, JSON.stringify({ kind: 'List', items: ['arm64', 'amd64'].map(node) }))
  // nobody is asked: there is no server at this address
  const expect = (...args: string[]) => command(t, { args: ['expect', ...args], environment: { LEPORELLO_URL: 'http://127.0.0.1:1' } })

  const setting = await expect('--nodes', file)
  const inFile = await expect('--nodes', file, '--json')
  const map = await expect('--nodes', file, '--configmap')
  const [, value] = setting.stdout.trim().split('=')
  const { run } = await serve(t, { LEPORELLO_EXPECTED: value! })

  t.strictSame(setting, { status: 0, stdout: 'LEPORELLO_EXPECTED=amd64,arm64\n', stderr: '' })
  t.strictSame(JSON.parse(inFile.stdout), { expected: ['amd64', 'arm64'] })
  t.match(parse(map.stdout), { kind: 'ConfigMap', metadata: { name: 'leporello-expected' }, data: { LEPORELLO_EXPECTED: 'amd64,arm64' } })
  t.match(await run(['expect', 'hello:1']), { stdout: 'hello:1: amd64 arm64, by the default of the server\n' })
  t.match(await expect(), { status: 64, stderr: /expected the id of a container, or --nodes/ })
  t.match(await expect('--nodes', file, '--dry-run'), { status: 64, stderr: /expected the id of a container: --dry-run is about one/ })
})

t.test('show is a matrix of what is expected, there and reported; a failed build makes it degraded, with the reason', async (t) => {
  const { run, json, add } = await serve(t)
  await add({ name: 'hello:1', url: 's3://images/hello.tar.gz', urls: '{"amd64": "s3://images/hello.tar.gz"}' })
  await run(['expect', 'hello:1', 'amd64', 'arm64'])

  const partial = await run(['show', 'hello:1'])
  const reported = await run(['report', 'hello:1', 'aarch64', 'failed', '--reason', 'no wheel of rasterio', '--log', 'https://ci/17'])
  const degraded = await run(['show', 'hello:1'])
  const value = await json(['show', 'hello:1'])

  t.equal(partial.status, 0)
  t.match(partial.stdout, /^hello:1 {2}partial\n/)
  t.match(partial.stdout, /^amd64 +yes +listed +unverified +- +- +- +\S+ +s3:\/\/images\/hello\.tar\.gz$/m)
  t.match(partial.stdout, /^arm64 +yes +missing +-/m)
  t.match(reported, { status: 0, stdout: 'hello:1  arm64: build failed: no wheel of rasterio\n' })
  t.equal(degraded.status, 1)
  t.match(degraded.stdout, /^hello:1 {2}degraded\n[\s\S]*^arm64 +yes +missing +- +failed/m)
  t.match(degraded.stdout, /^- .*arm64.*no wheel of rasterio/m)
  t.match(value, {
    status: 1,
    value: { state: 'degraded', builds: [{ architecture: 'arm64', status: 'failed', log: 'https://ci/17' }], tests: [] }
  })
})

t.test('plan tells what to build and what to reuse, as text, names, JSON, a Jenkins axis and Kubernetes Jobs', async (t) => {
  const { run, json } = await serve(t)
  const sources = ['commit=c1', 'arm64:containerfile=sha256:a']
  await run(['expect', 'hello:1', 'amd64', 'arm64'])

  const first = await run(['plan', 'hello:1', ...sources, '--format', 'names'])
  await run(['report', 'hello:1', 'amd64', 'succeeded', '--source', 'commit=c1'])
  await run(['report', 'hello:1', 'arm64', 'succeeded', '--source', 'commit=c1', '--source', 'arm64:containerfile=sha256:a'])
  await run(['register', 'hello:1', '--digest', 'd', 'amd64=s3://b/amd.tar', 'arm64=s3://b/arm.tar'])
  const nothing = await run(['plan', 'hello:1', ...sources, '--format', 'names', '--check'])
  const changed = await json(['plan', 'hello:1', 'arm64:containerfile=sha256:b', 'commit=c1'])
  const text = await run(['plan', 'hello:1', 'commit=c2', '--check'])
  const jenkins = await run(['plan', 'hello:1', 'commit=c2', '--format', 'jenkins'])
  const jobs = await run([
    'plan',
    'hello:1',
    'commit=c2',
    '--format',
    'kubernetes',
    '--image',
    'builder:1',
    '--command',
    'make $(ARCHITECTURE)'
  ])

  t.match(first, { status: 0, stdout: 'amd64\narm64\n' })
  t.strictSame(nothing, { status: 0, stdout: '', stderr: '' })
  t.match(changed, { status: 0, value: { build: ['arm64'], reuse: ['amd64'] } }, 'a change for ARM does not rebuild AMD')
  t.equal(text.status, 1)
  t.match(text.stdout, /^ARCHITECTURE +ACTION +WHY\namd64 +build +.*commit was c1, is c2/)
  t.match(jenkins.stdout, /axis \{\n.*'ARCHITECTURE'\n.*values 'amd64', 'arm64'/)
  t.match(JSON.parse(jobs.stdout), { items: [{ spec: { template: { spec: { nodeSelector: { 'kubernetes.io/arch': 'amd64' } } } } }, {}] })
  t.match(await run(['plan', 'hello:1', 'c1']), { status: 64, stderr: /"c1" is not an input; expected one as commit=/ })
  t.match(await run(['plan', 'hello:1', 'a=b', '--format', 'xml']), { status: 64, stderr: /expected one of text, json, names/ })
})

t.test('history tells who did what and why; restore goes back, also to what was removed', async (t) => {
  const { run, json, add } = await serve(t)
  await add({ name: 'hello:1', url: 's3://images/hello.tar.gz', urls: both })
  await run(['register', 'hello:1', 'arm64=s3://images/wrong.tar.gz', '--reason', 'rebuilt für ARM'])

  const text = await run(['history', 'hello:1'])
  const entries = await json(['history', 'hello:1', '--kind', 'record'])
  const revision = entries.value.at(-1).revision
  const diff = await run(['history', 'hello:1', '--diff', revision])
  const dry = await run(['restore', 'hello:1', revision, '--dry-run'])
  const restored = await run(['restore', 'hello:1', revision])
  const again = await json(['restore', 'hello:1', revision])
  await run(['rm', 'hello:1'])
  const back = await run(['restore', 'hello:1', revision])
  const arm = await run(['resolve', 'hello:1', 'arm64'])

  t.equal(text.status, 0)
  t.match(
    text.stdout,
    /^\d{4}-\S+Z {2}record arm64 changed: .*wrong\.tar\.gz.*\n {4}leporello\/\S+ from 127\.0\.0\.1 by api: rebuilt für ARM {2}\(revision \S+\)\n/
  )
  t.strictSame(
    entries.value.map(({ what }: { what: string }) => what),
    ['changed', 'created']
  )
  t.match(diff.stdout, /arm64.*wrong\.tar\.gz/)
  t.match(dry.stdout, 'hello:1: would be restored\n')
  t.match(restored, { status: 0, stdout: /^hello:1: restored, at revision \S+ now\n$/ })
  t.match(again, { status: 0, value: { unchanged: true } })
  t.match(back, { status: 0, stdout: /restored/ })
  t.equal(arm.stdout, 's3://images/hello-arm64.tar.gz\n')
  t.match(await run(['restore', 'hello:1', 'nonsense']), { status: 1, stderr: /nonsense/ })
  t.strictSame((await json(['history', 'hello:1', '--limit', '1'])).value.length, 1)
})

t.test('events tells what happened since, and what happens', async (t) => {
  const { run, json, add } = await serve(t)
  const since = new Date().toISOString()
  await add({ name: 'hello:1', url: 's3://images/hello.tar.gz', urls: both })
  await add({ name: 'other:1', url: 's3://images/other.tar.gz' })

  const listening = run(['events', 'hello:*', '--kind', 'record', '--since', since, '--limit', '2', '--json'])
  await run(['register', 'hello:1', 'arm64=s3://images/new.tar.gz'])
  const { status, stdout } = await listening
  const wrong = await json(['events', '--kind', 'nonsense'])

  t.equal(status, 0)
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.match(lines, [
    { container: 'hello:1', kind: 'record', what: 'created' },
    { container: 'hello:1', kind: 'record', what: 'changed' }
  ])
  t.match(wrong, { status: 1, value: { status: 400 } })
})
