import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { installHysds } from '../support/hysds.ts'
import { appLayer, baseLayer } from '../support/images.ts'
import { type Leporello, onEngine, ready, startLeporello } from '../support/leporello.ts'
import { projectFolder } from '../support/project.ts'
import { sharedEngine } from '../support/shared-engine.ts'
import { tarball } from '../support/tarballs.ts'

const run = promisify(execFile)

const arm64Layers = [baseLayer('arm64'), appLayer('arm64')]

interface Ended {
  code: number
  stdout: string
  stderr: string
}

interface Workspace {
  folder: string
  /** A program of the pipeline, in the workspace. */
  run(program: string, ...args: string[]): Promise<Ended>
  view(id: string): Promise<any>
  builds(): Promise<string[]>
}

/** Stands in for docker: takes a tarball that was made beforehand, fails where it is told to, and writes down what it was asked for. */
const buildImage = `#!/bin/sh
echo "$1" >> builds
if [ "$1" = "\${FAILING:-}" ]; then
  echo "no wheel of rasterio for $1"
  exit 3
fi
cp "$1.tar" "$3"
`

/** A folder as a job checks it out, with the leporello of this project on its PATH. */
async function workspace(t: Test, { server, more = {} }: { server: Leporello; more?: Record<string, string> }): Promise<Workspace> {
  const folder = t.testdir()
  const bin = join(folder, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'leporello'), `#!/bin/sh\nexec node ${join(projectFolder, 'build/src/main.js')} "$@"\n`)
  await writeFile(join(folder, 'build-image'), buildImage)
  await writeFile(join(folder, 'Containerfile'), 'FROM scratch\n')
  await writeFile(join(folder, 'builds'), '')
  await writeFile(join(folder, 'amd64.tar'), tarball())
  await writeFile(join(folder, 'arm64.tar'), tarball({ architecture: 'arm64', layers: arm64Layers }))
  for (const program of [join(bin, 'leporello'), join(folder, 'build-image')]) await chmod(program, 0o755)
  await cp(join(projectFolder, 'examples/pipeline'), join(folder, 'examples/pipeline'), { recursive: true })
  const env = {
    PATH: `${bin}:${process.env['PATH']}`,
    LEPORELLO_URL: server.url,
    BUILD_IMAGE: join(folder, 'build-image'),
    BUILD_URL: 'https://ci.example.org/job/17/',
    TIMEOUT: '20',
    ...more
  }
  return {
    folder,
    run: (program, ...args) =>
      run(program, args, { cwd: folder, env }).then(
        ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
        ({ code, stdout, stderr }) => ({ code, stdout, stderr })
      ),
    view: async (id) => (await fetch(`${server.url}/api/v1/containers/${encodeURIComponent(id)}`)).json(),
    builds: async () => (await readFile(join(folder, 'builds'), 'utf8')).split('\n').filter(Boolean).sort()
  }
}

/** Each on a server of its own kind. */
function pipelines(store: string, start: () => Promise<Leporello>): void {
  t.test(`${store}: two jobs at once end complete, and a second run has nothing to build`, async (t) => {
    const server = await start()
    t.teardown(server.stop)
    const { run, view, builds } = await workspace(t, { server })

    const first = await run('examples/pipeline/pipeline.sh', 'hello:1', 'amd64', 'arm64')
    const second = await run('examples/pipeline/pipeline.sh', 'hello:1', 'arm64', 'amd64')

    t.equal(first.code, 0, first.stderr)
    t.match(first.stdout, /hello:1: complete\n$/)
    t.match(await view('hello:1'), {
      state: 'complete',
      expected: ['amd64', 'arm64'],
      missing: [],
      images: { amd64: { verdict: 'match' }, arm64: { verdict: 'match' } }
    })
    t.equal(second.code, 0, second.stderr)
    t.match(second.stdout, /hello:1 arm64: reused, nothing to build/)
    t.strictSame(await builds(), ['amd64', 'arm64'], 'order never matters')
  })

  t.test(`${store}: one job that fails leaves the other usable, and the container degraded with the reason`, async (t) => {
    const server = await start()
    t.teardown(server.stop)
    const failing = await workspace(t, { server, more: { FAILING: 'arm64' } })

    const { code, stdout } = await failing.run('examples/pipeline/pipeline.sh', 'hello:1', 'amd64', 'arm64')
    const shown = await failing.run('leporello', 'show', 'hello:1')
    const amd = await failing.run('leporello', 'resolve', 'hello:1', 'x86_64')

    t.equal(code, 1)
    t.match(stdout, /hello:1: degraded\n- .*arm64.*no wheel of rasterio for arm64/)
    t.match(await failing.view('hello:1'), {
      state: 'degraded',
      missing: ['arm64'],
      reasons: [{ code: 'build_failed', architecture: 'arm64', message: /no wheel of rasterio for arm64/ }, { code: 'missing' }]
    })
    t.equal(shown.code, 1)
    t.match(shown.stdout, /^arm64 +yes +missing +- +failed/m)
    t.match(amd, { code: 0, stdout: /^http/ })
  })

  t.test(`${store}: a tarball that is not what the job says is not published, and degrades nothing else`, async (t) => {
    const server = await start()
    t.teardown(server.stop)
    const mixedUp = await workspace(t, { server })
    await cp(join(mixedUp.folder, 'amd64.tar'), join(mixedUp.folder, 'arm64.tar'))

    const { code } = await mixedUp.run('examples/pipeline/pipeline.sh', 'hello:1', 'amd64', 'arm64')

    t.equal(code, 1)
    const view = await mixedUp.view('hello:1')
    t.match(view, { state: 'degraded', missing: ['arm64'] })
    t.strictSame(Object.keys(view.images), ['amd64'])
  })
}

pipelines('embedded', () => startLeporello())

const engine = await sharedEngine('es7')
t.teardown(engine.stop)
await installHysds(engine)
pipelines('es7', async () => {
  const server = await startLeporello(onEngine(engine.url))
  await ready(server)
  await fetch(`${server.url}/api/v1/containers/hello%3A1`, { method: 'DELETE' })
  await fetch(`${server.url}/api/v1/containers/hello%3A1/expected`, { method: 'DELETE' })
  return server
})

t.test('make builds each architecture once; a change for ARM does not rebuild AMD', async (t) => {
  const server = await startLeporello()
  t.teardown(server.stop)
  const { folder, run, view, builds } = await workspace(t, { server })
  const make = (...args: string[]) => run('make', '-j2', '-f', 'examples/pipeline/Makefile', 'ID=hello:1', ...args)

  const first = await make()
  const second = await make()
  await writeFile(join(folder, 'Containerfile.arm64'), 'FROM scratch\nCOPY etc /etc\n')
  await writeFile(join(folder, 'arm64.tar'), tarball({ architecture: 'arm64', layers: [...arm64Layers, [{ name: 'etc/arm', body: 'x' }]] }))
  const changed = await make()
  await run('make', '-f', 'examples/pipeline/Makefile', 'clean')
  const elsewhere = await make()

  t.equal(first.code, 0, first.stderr)
  t.match(await view('hello:1'), { state: 'complete' })
  t.match(second, { code: 0, stdout: /Nothing to be done for 'all'/ })
  t.equal(changed.code, 0, changed.stderr)
  t.equal(elsewhere.code, 0, elsewhere.stderr)
  t.strictSame(await builds(), ['amd64', 'arm64', 'arm64'], 'and on a machine without stamps nothing is built')
})

t.test('Jobs of a plan, run by their own command and variables, build their architectures', async (t) => {
  const server = await startLeporello()
  t.teardown(server.stop)
  const guide = await readFile(join(projectFolder, 'docs/guides/per-architecture-pipelines.md'), 'utf8')
  const [, command] = /--format kubernetes --image \S+ --command '([^']+)'/.exec(guide)!
  const { run, view, builds } = await workspace(t, { server })
  const sources = ['commit=9c0e1f2', 'arm64:base=sha256:0d5a']
  const plan = (...more: string[]) => run('leporello', 'plan', 'hello:1', ...sources, ...more)
  await run('leporello', 'expect', 'hello:1', 'amd64', 'arm64')

  const jobs = JSON.parse((await plan('--format', 'kubernetes', '--image', 'builder:1', '--command', command!)).stdout).items
  // as the kubelet does: $$ in a variable's value is $
  const started = jobs.map(({ spec }: any) => {
    const [{ command, env }] = spec.template.spec.containers
    const variables = env.map(({ name, value }: { name: string; value: string }) => `${name}=${value.replaceAll('$$', '$')}`)
    return run('env', ...variables, ...command)
  })
  const ended: Ended[] = await Promise.all(started)
  const again = await plan('--check')

  t.equal(jobs.length, 2)
  for (const { code, stderr } of ended) t.equal(code, 0, stderr)
  t.strictSame(await builds(), ['amd64', 'arm64'])
  t.match(await view('hello:1'), { state: 'complete' })
  t.equal(again.code, 0, again.stdout)
})

t.test("make fails with the job's reason, and goes on where it was", async (t) => {
  const server = await startLeporello()
  t.teardown(server.stop)
  const { run, view, builds, folder } = await workspace(t, { server, more: { FAILING: 'arm64' } })
  const make = (...args: string[]) => run('make', '-k', '-f', 'examples/pipeline/Makefile', 'ID=hello:1', ...args)

  const first = await make()
  await writeFile(join(folder, 'build-image'), buildImage.replace('FAILING', 'NONE'))
  const again = await make()

  t.equal(first.code, 2)
  t.match(first.stderr, /no wheel of rasterio for arm64/)
  t.equal(again.code, 0, again.stderr)
  t.match(await view('hello:1'), { state: 'complete' })
  t.strictSame(await builds(), ['amd64', 'arm64', 'arm64'])
})

t.test('the steps of the Jenkinsfile, run as Jenkins runs them, end complete', async (t) => {
  const server = await startLeporello()
  t.teardown(server.stop)
  const text = await readFile(join(projectFolder, 'examples/pipeline/Jenkinsfile'), 'utf8')
  const steps = [...text.matchAll(/sh '''\n([\s\S]*?)'''/g)].map(([, step]) => step!)
  const [, architectures] = /ARCHITECTURES = '(.*)'/.exec(text)!
  const [, values] = /values (.*)\n/.exec(text)!
  const { run, view } = await workspace(t, { server })
  const step = (text: string, ARCHITECTURE = '') =>
    run('env', 'ID=container-hello:v7', `ARCHITECTURES=${architectures}`, `ARCHITECTURE=${ARCHITECTURE}`, 'sh', '-xec', text)

  t.equal(steps.length, 3)
  t.strictSame(values!.match(/[\w/]+/g), architectures!.split(' '), 'the axis has what is expected')
  const [expect, build, complete] = steps
  const ended = [
    await step(expect!),
    ...(await Promise.all(architectures!.split(' ').map((one) => step(build!, one)))),
    await step(complete!)
  ]

  for (const { code, stderr } of ended) t.equal(code, 0, stderr)
  t.match(ended.at(-1)!.stdout, /container-hello:v7: complete/)
  t.match(await view('container-hello:v7'), { state: 'complete', version: 'v7' })
})
