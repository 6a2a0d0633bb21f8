import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { installHysds } from '../support/hysds.ts'
import { type Leporello, onEngine, ready, startLeporello } from '../support/leporello.ts'
import { arm64Layers, buildImage, type Ended, workspace } from '../support/pipelines.ts'
import { projectFolder } from '../support/project.ts'
import { sharedEngine } from '../support/shared-engine.ts'
import { tarball } from '../support/tarballs.ts'

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
