import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { startDockerEngine } from '../support/docker-engine.ts'
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

/** Makes a folder with what the stage `packages` of the Dockerfile leaves. */
async function productionPackages(folder: string): Promise<string> {
  const packages = join(folder, 'packages')
  await mkdir(packages)
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) await cp(at(file), join(packages, file))
  await run('npm', ['ci', '--omit=dev', '--ignore-scripts'], { cwd: packages })
  return packages
}

const shared = t.testdir()
let made: Promise<string> | undefined
const packagesOnce = () => (made ??= productionPackages(shared))

t.test('what the Dockerfile copies is all that the server needs, and SIGTERM ends it', async (t) => {
  const final = dockerfile(await readFile(at('Dockerfile'), 'utf8')).at(-1)!
  const image = t.testdir()
  const packages = await packagesOnce()
  const root = join(image, 'root')
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

/** Copies the node that runs this test into a folder, with the libraries that it and the packages need, as a root file system. */
async function nodeRoot(folder: string): Promise<string> {
  const root = join(folder, 'node')
  const all = 'ldd "$1" $(find "$2" -path "*-gnu/*.node")'
  const { stdout } = await run('sh', ['-c', all, 'sh', process.execPath, await packagesOnce()])
  const libraries = new Set([...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path!))
  for (const path of libraries) await cp(path, join(root, path), { dereference: true })
  await cp(process.execPath, join(root, 'usr/local/bin/node'), { dereference: true })
  await mkdir(join(root, 'tmp'))
  return root
}

t.test(
  'Docker builds the last stage of the Dockerfile, and runs it without root, capabilities and a writable root file system',
  async (t) => {
    const { docker, environment, stop } = await startDockerEngine()
    t.teardown(stop)
    // what its base and its other stages leave, as nothing is fetched here
    const built = join(shared, 'built')
    await mkdir(join(built, 'src/build'), { recursive: true })
    await mkdir(join(built, 'data'))
    await cp(at('build/src'), join(built, 'src/build/src'), { recursive: true })
    await mkdir(join(shared, 'moved'))
    await cp(await packagesOnce(), join(shared, 'moved/src'), { recursive: true })
    const text = await readFile(at('Dockerfile'), 'utf8')
    const [argument, version] = /^ARG NODE=(\S+)$/m.exec(text)!
    const images = { [`node:${version}`]: await nodeRoot(shared), built, packages: join(shared, 'moved') }
    for (const [name, folder] of Object.entries(images)) {
      await run('sh', ['-c', 'tar -C "$1" -c . | docker import - "$2"', 'sh', folder, name], { env: environment })
    }
    const stages = `${argument}\nFROM built AS build\nFROM packages AS packages\n${text.slice(text.lastIndexOf('FROM node:'))}`
    const file = join(shared, 'Dockerfile')
    await writeFile(file, stages)
    await run('docker', ['build', '-q', '-t', 'leporello', '-f', file, projectFolder], { env: { ...environment, DOCKER_BUILDKIT: '0' } })

    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const settings = { PORT: port, HOST: '127.0.0.1', POLICY: 'open' }
    const least = ['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--volume', 'data:/data']
    const variables = Object.entries(settings).flatMap(([name, value]) => ['-e', `LEPORELLO_${name}=${value}`])
    docker('run', '-d', '--name', 'leporello', '--network', 'host', ...least, ...variables, 'leporello')
    const checkHealth = async () => {
      const state = await eventually(
        async () => {
          const [health, status] = docker('inspect', '-f', '{{.State.Health.Status}} {{.State.Status}}', 'leporello').split(' ')
          return health === 'healthy' || status !== 'running' ? `${health} ${status}` : undefined
        },
        { what: 'it is healthy, or has ended' }
      )
      t.equal(state, 'healthy running', state === 'healthy running' ? 'Docker calls it healthy' : docker('logs', 'leporello'))
    }
    await checkHealth()
    const body = new URLSearchParams({ name: 'kept:v1', version: 'v1', url: 's3://bucket/kept.tar.gz', digest: `sha256:${'0'.repeat(64)}` })
    t.equal((await fetch(`${url}/api/v0.1/container/add`, { method: 'POST', body })).status, 200)

    docker('stop', 'leporello')
    t.equal(docker('inspect', '-f', '{{.State.ExitCode}}', 'leporello'), '0', 'SIGTERM ends process 1')
    docker('start', 'leporello')
    await checkHealth()
    t.equal((await fetch(`${url}/api/v1/containers/kept:v1`)).status, 200, 'the volume keeps the data')
    docker('rm', '-f', 'leporello')
  }
)
