import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config/config.ts'
import { localCertificate } from '../support/certificate.ts'
import { dockerfile } from '../support/dockerfile.ts'
import { startLeporello } from '../support/leporello.ts'
import { operatorOptions } from '../support/operator-options.ts'
import { eventually, freePort, runProgram } from '../support/processes.ts'
import { projectFolder } from '../support/project.ts'
import { openStores, startServer } from '../support/start-server.ts'

const read = (path: string) => readFile(join(projectFolder, path), 'utf8')
const stages = dockerfile(await read('Dockerfile'))
const final = stages.at(-1)!
const composeFiles = ['docker-compose.yml', 'examples/compose.embedded.yml'] as const

t.test('the image is built on an exact version of its base, and runs as nobody of importance', async (t) => {
  t.match(await read('Dockerfile'), /^ARG NODE=\d+\.\d+\.\d+-[a-z]+-slim$/m)
  for (const { from } of stages) t.match(from, /^node:\$\{NODE\}$/)
  t.match(final.last('USER'), /^[1-9]\d*:[1-9]\d*$/)
  t.equal(final.last('RUN'), undefined, 'the last stage runs nothing, so no platform needs emulation')
})

t.test('the platform comes from the builder: BuildKit lets a default win over it', async (t) => {
  const packages = stages.find(({ name }) => name === 'packages')!
  t.ok(packages.all('ARG').includes('TARGETPLATFORM'))
})

t.test('what is copied into the image is there, and is let through to the build', async (t) => {
  const ignore = (await read('.dockerignore')).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const sources = stages.flatMap(({ copies }) => copies.filter(({ stage }) => stage === undefined).flatMap(({ sources }) => sources))

  t.equal(ignore[0], '*')
  t.ok(sources.includes('migrations'))
  for (const source of sources) {
    t.ok(existsSync(join(projectFolder, source)), source)
    t.ok(ignore.includes(`!${source}`), `.dockerignore lets ${source} through`)
  }
})

t.test('the image serves, and can run every other command', async (t) => {
  t.strictSame(JSON.parse(final.last('ENTRYPOINT')!), ['node', 'build/src/main.js'])
  t.strictSame(JSON.parse(final.last('CMD')!), ['serve'])
})

t.test("the image's health check says yes to a server that is ready, and no to one that is gone", async (t) => {
  const command = JSON.parse(final.last('HEALTHCHECK')!.replace(/^.*?CMD /s, '')) as string[]
  const server = await startLeporello({ PREFIX: '/mozart' })
  t.teardown(() => server.stop())
  const env: NodeJS.ProcessEnv = { ...process.env, LEPORELLO_PORT: new URL(server.url).port, LEPORELLO_PREFIX: '/mozart' }
  const check = () =>
    new Promise((resolve) => {
      const [file, ...parameters] = command
      spawn(file!, parameters, { env, stdio: 'ignore' }).once('exit', resolve)
    })

  t.equal(await check(), 0)
  await server.kill()
  t.equal(await check(), 1)

  const stores = await openStores(t)
  const { url } = await startServer(t, { stores, tls: localCertificate, listen: true, operator: operatorOptions(stores) })
  Object.assign(env, { LEPORELLO_PORT: new URL(url).port, LEPORELLO_PREFIX: '', LEPORELLO_TLS_CERT: '/cert.pem' })
  t.equal(await check(), 0, 'over https, whatever name its certificate is for')
})

t.test("the image's settings are right", async (t) => {
  const settings = Object.fromEntries(
    [
      ...final
        .all('ENV')
        .join(' ')
        .matchAll(/(\w+)=(\S*)/g)
    ].map(([, name, value]) => [name!, value!])
  )
  const loaded = loadConfig({ ...settings, LEPORELLO_COMMIT: '' })
  t.hasProp(loaded, 'config', JSON.stringify(loaded))
  t.equal(settings['LEPORELLO_DATA'], final.last('VOLUME'))
})

t.test('SIGTERM to npm start reaches the server, which ends in order', async (t) => {
  const port = await freePort()
  const env = { ...process.env, LEPORELLO_PORT: String(port), LEPORELLO_DATA: t.testdir() }
  // without prestart: what is built is what is tested
  const npm = runProgram(['npm', 'start', '--ignore-scripts'], { cwd: projectFolder, env })
  t.teardown(() => npm.process.kill('SIGKILL'))
  const url = `http://127.0.0.1:${port}/health/live`
  await eventually(async () => (await fetch(url)).ok || undefined, { what: 'the server listens' })

  npm.process.kill('SIGTERM')

  t.match(await npm.ended, { code: 0 })
  await t.rejects(fetch(url), 'nobody is left who listens')
})

for (const file of composeFiles) {
  t.test(`${file}: pinned, bounded, unprivileged, and open to this machine only`, async (t) => {
    const { services } = parse(await read(file), { merge: true }) as { services: Record<string, Service> }
    const { version } = JSON.parse(await read('package.json'))

    t.equal(services['leporello']?.image, `leporello:${version}`)
    for (const [name, service] of Object.entries(services)) {
      t.match(service.image, /:v?\d+\.\d+\.\d+$/, name)
      t.ok(service.build || service.healthcheck, `${name} is checked`)
      t.match(service.mem_limit, /^\d+[mg]$/)
      t.strictSame(service.cap_drop, ['ALL'])
      t.strictSame(service.security_opt, ['no-new-privileges:true'])
      for (const port of service.ports) t.match(port, /^127\.0\.0\.1:/)
      for (const { condition } of Object.values(service.depends_on ?? {})) t.equal(condition, 'service_healthy')
    }
  })

  t.test(`${file}: its settings are right, and who writes needs a token`, async (t) => {
    const { services } = parse(await read(file), { merge: true }) as { services: Record<string, Service> }
    const settings = interpolated(services['leporello']!.environment)

    const loaded = loadConfig(settings)
    t.hasProp(loaded, 'config', JSON.stringify(loaded))
    t.equal(settings['LEPORELLO_POLICY'], 'read')
    const { hostname } = new URL(settings['LEPORELLO_ENGINE_URL'] ?? 'http://elasticsearch')
    t.equal(hostname in services, file === 'docker-compose.yml')
  })
}

interface Service {
  image: string
  build?: unknown
  healthcheck?: unknown
  mem_limit: string
  cap_drop: string[]
  security_opt: string[]
  ports: string[]
  depends_on?: Record<string, { condition: string }>
  environment: Record<string, string>
}

/** `${NAME:-value}` as it is when NAME is not set. */
const interpolated = (environment: Record<string, string>) =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value.replace(/\$\{\w+:-([^}]*)\}/g, '$1')]))
