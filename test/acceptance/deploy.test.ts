import { execFile } from 'node:child_process'
import { cp, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { dockerfile } from '../support/dockerfile.ts'
import { goProgram } from '../support/go-programs.ts'
import { endProgram, eventually, freePort, runProgram } from '../support/processes.ts'
import { projectFolder } from '../support/project.ts'
import { pythonWithClients } from '../support/python.ts'

const run = promisify(execFile)
const at = (path: string) => join(projectFolder, path)

// `docker compose config` is this library and a command around it; the command needs some 300 modules more
const composeSpec = { path: 'github.com/compose-spec/compose-go/v2/cmd', version: 'v2.16.2', name: 'compose-spec' }

t.test('hadolint finds nothing in the Dockerfile', async (t) => {
  const hadolint = join(dirname(await pythonWithClients()), 'hadolint')
  const { stdout } = await run(hadolint, ['--no-color', at('Dockerfile')])
  t.equal(stdout, '')
})

t.test('the compose files are what the Compose Specification takes, alone and one over the other', async (t) => {
  const check = await goProgram(composeSpec)
  const compose = async (...files: string[]) => {
    const { stdout } = await run(check, ['-format=json', ...files.map(at)], { cwd: projectFolder })
    return JSON.parse(stdout) as { services: Record<string, { image: string; environment: Record<string, string> }> }
  }

  t.match((await compose('docker-compose.yml')).services['elasticsearch'], { image: /elasticsearch/ })
  t.strictSame(Object.keys((await compose('examples/compose.embedded.yml')).services), ['leporello'])
  const { elasticsearch } = (await compose('docker-compose.yml', 'examples/compose.opensearch.yml')).services
  t.match(elasticsearch!.image, 'opensearch')
  t.equal(elasticsearch!.environment['xpack.security.enabled'], undefined, 'OpenSearch does not start with settings that it does not know')
})

t.test('what the Dockerfile copies is all that the server needs, and SIGTERM ends it', async (t) => {
  const final = dockerfile(await readFile(at('Dockerfile'), 'utf8')).at(-1)!
  const image = t.testdir()
  const packages = join(image, 'packages')
  const root = join(image, 'root')
  await mkdir(packages)
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) await cp(at(file), join(packages, file))
  await run('npm', ['ci', '--omit=dev', '--ignore-scripts'], { cwd: packages })
  for (const { stage, sources, target } of final.copies.filter(({ target }) => target !== '/data')) {
    for (const source of sources) {
      // of the two earlier stages, one has the packages, the other what is built, which is here already
      const from = stage === 'packages' ? join(packages, source.replace('/src/', '')) : at(source.replace(/^\/src\//, ''))
      await cp(from, target === './' ? join(root, source) : join(root, target), { recursive: true })
    }
  }

  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const env = { PATH: process.env['PATH'], NODE_ENV: 'production', LEPORELLO_PORT: String(port), LEPORELLO_DATA: join(image, 'data') }
  const [node, program] = JSON.parse(final.last('ENTRYPOINT')!) as [string, string]
  const server = runProgram([node, program, ...JSON.parse(final.last('CMD')!)], { cwd: root, env })
  t.teardown(() => endProgram(server))
  await eventually(async () => (await fetch(`${url}/health/ready`)).ok || undefined, { what: 'the server is ready' })

  for (const path of ['/version', '/metrics', '/docs', '/docs/swagger-ui-bundle.js', '/openapi.yaml', '/api/v0.1/swagger.json']) {
    t.equal((await fetch(url + path)).status, 200, path)
  }
  const engine = {
    ...env,
    LEPORELLO_STORE: 'elasticsearch',
    LEPORELLO_ENGINE_URL: 'http://127.0.0.1:9',
    LEPORELLO_ENGINE_PATIENCE_MS: '200'
  }
  const refused = await run(node, [program, 'serve', '--check'], { cwd: root, env: engine }).catch((error) => error)
  t.match(refused.stderr, 'the search engine gave no answer within 200 ms', 'the other store is there too')
  server.process.kill('SIGTERM')
  t.strictSame(await server.ended, { code: 0, signal: null })
})
