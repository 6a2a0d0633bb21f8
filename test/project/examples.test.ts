import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { loadConfig } from '../../src/config/config.ts'
import { serve } from '../cli/served.ts'
import { mozartClient } from '../support/mozart-client.ts'
import { projectFolder } from '../support/project.ts'

const run = promisify(execFile)
const examples = join(projectFolder, 'examples')
const { stdout } = await run('uname', ['-m'])
const thisMachine = stdout.trim()

async function withServer(t: Test) {
  const server = await serve(t)
  const env = { ...process.env, LEPORELLO_URL: server.url }
  return {
    server,
    script: (name: string, ...parameters: string[]) => run(join(examples, name), parameters, { env }),
    /** How it fails. */
    failing: (name: string, ...parameters: string[]): Promise<{ code?: number; stdout?: string; stderr?: string }> =>
      run(join(examples, name), parameters, { env }).then(
        () => ({}),
        (error) => error
      )
  }
}

t.test('register.sh registers two architectures, and each machine gets its own', async (t) => {
  const { script } = await withServer(t)
  const { stdout } = await script('register.sh', 'container-two:v2.1.0')
  t.strictSame(stdout.split('\n'), [
    '{"success": true, "message": "container-two:v2.1.0 added to index containers", "result": "container-two:v2.1.0"}',
    'x86_64: s3://bucket/containers/container-two-v2.1.0.tar.gz',
    'aarch64: s3://bucket/containers/container-two-v2.1.0-arm64.tar.gz',
    '{"success": true, "message": "", "result": ["container-two:v2.1.0"]}',
    ''
  ])
})

t.test("register.sh fails when it is refused, with the server's words", async (t) => {
  const { failing } = await withServer(t)
  const refused = await failing('register.sh', `${'x'.repeat(513)}:v1`)
  t.equal(refused.code, 22)
  t.match(refused.stdout, /name has 516 bytes; expected 1 to 512/)
})

t.test("pull-for-me.sh fetches this machine's image, and no other", async (t) => {
  const { server, script } = await withServer(t)
  const scratch = t.testdir()
  const tarballs = createServer(({ url }, answer) => answer.end(`the tarball at ${url}`))
  await new Promise<void>((resolve) => tarballs.listen(0, '127.0.0.1', resolve))
  t.teardown(() => tarballs.close())
  const base = `http://127.0.0.1:${(tarballs.address() as AddressInfo).port}`
  const urls = JSON.stringify({ [thisMachine]: `${base}/mine.tar.gz`, riscv32: `${base}/other.tar.gz` })
  await mozartClient(server.url).add({ name: 'pulled:v1', version: 'v1', digest: 'sha256:1', urls })

  const { stdout } = await script('pull-for-me.sh', 'pulled:v1', scratch)

  t.equal(stdout, `${scratch}/mine.tar.gz\n`)
  t.equal(await readFile(join(scratch, 'mine.tar.gz'), 'utf8'), 'the tarball at /mine.tar.gz')
})

t.test('pull-for-me.sh says which images there are when there is none for this machine', async (t) => {
  const { server, failing } = await withServer(t)
  await mozartClient(server.url).add({
    name: 'foreign:v1',
    version: 'v1',
    digest: 'sha256:1',
    urls: '{"riscv32": "s3://b/foreign.tar.gz"}'
  })

  const refused = await failing('pull-for-me.sh', 'foreign:v1', t.testdir())

  t.equal(refused.code, 1)
  t.match(refused.stderr, `it has: riscv32`)
})

t.test('config.json is a configuration that is right', async (t) => {
  const path = join(examples, 'config.json')
  const loaded = loadConfig({ LEPORELLO_CONFIG: path })
  t.match(loaded, { config: { port: 8888, publicUrl: JSON.parse(await readFile(path, 'utf8')).publicUrl } })
})

t.test('leporello.service starts what is built, with settings that are right', async (t) => {
  const unit = await readFile(join(examples, 'systemd/leporello.service'), 'utf8')
  const [, program] = /^ExecStart=\/usr\/bin\/node \/opt\/leporello\/(\S+) serve$/m.exec(unit)!
  const environment = Object.fromEntries([...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]))

  t.ok(existsSync(join(projectFolder, program!)))
  t.match(loadConfig(environment), { config: { host: '127.0.0.1', policy: 'read', data: '/var/lib/leporello' } })
  t.match(unit, /^StateDirectory=leporello$/m)
})
