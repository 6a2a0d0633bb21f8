import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { type Config, loadConfig } from '../../src/config/config.ts'
import { summary } from '../../src/config/serving.ts'
import { settingNames, settings, variableOf } from '../../src/config/settings.ts'

const configOf = (environment: Record<string, string>): Config => {
  const loaded = loadConfig(environment)
  if ('problems' in loaded) throw new Error(loaded.problems.join('\n'))
  return loaded.config
}

const problemsOf = (environment: Record<string, string>): string[] => {
  const loaded = loadConfig(environment)
  return 'problems' in loaded ? loaded.problems : []
}

const engine = { LEPORELLO_STORE: 'elasticsearch', LEPORELLO_ENGINE_URL: 'http://127.0.0.1:9200' }

t.test('without any variable it is an open registry on this machine, with the embedded store in ./data', async (t) => {
  const config = configOf({ PATH: '/bin' })

  t.match(config, { host: '127.0.0.1', port: 8888, policy: 'open', data: resolve('data'), patienceMs: 4000, engine: undefined })
  t.strictSame(config.indices, { containers: 'containers', jobSpecs: 'job_specs', hysdsIos: 'hysds_ios-mozart' })
  t.strictSame(config.objects, { kind: 'local', directory: resolve('data/objects') })
  t.ok(Object.isFrozen(config) && Object.isFrozen(config.indices) && Object.isFrozen(config.verify.hosts))
})

t.test('every setting says in words what it is and what it expects, and its default is one that it accepts', async (t) => {
  for (const name of settingNames) {
    t.ok(settings[name].description && settings[name].expected, variableOf(name))
  }

  t.equal(variableOf('enginePatienceMs'), 'LEPORELLO_ENGINE_PATIENCE_MS')
  t.equal(variableOf('s3PathStyle'), 'LEPORELLO_S3_PATH_STYLE')
  t.strictSame(problemsOf({}), [])
})

t.test('values are read as numbers, sizes, booleans and lists', async (t) => {
  const config = configOf({
    ...engine,
    LEPORELLO_PORT: '0',
    LEPORELLO_DATA_LIMIT: '64MiB',
    LEPORELLO_ENGINE_INSECURE: 'true',
    LEPORELLO_ENGINE_URL: 'https://a:9200/, https://b:9200',
    LEPORELLO_GUARD: 'aarch64, x86_64,linux/arm64/v8',
    LEPORELLO_HOST: '[::1]',
    LEPORELLO_PUBLIC_URL: 'https://registry.example.org/leporello/'
  })

  t.match(config, { port: 0, dataLimit: 67108864, host: '::1', publicUrl: 'https://registry.example.org/leporello' })
  t.match(config.engine, { insecure: true, urls: ['https://a:9200', 'https://b:9200'] })
  t.strictSame(config.guarded, ['amd64', 'arm64'])
})

t.test('what may be read for verification is named by host, bucket and directory', async (t) => {
  const config = configOf({
    LEPORELLO_VERIFY: 'all',
    LEPORELLO_VERIFY_HOSTS: 'files.example.org, *.example.org,minio:9000,[fd00::1]:*,fd00::1,10.0.0.1',
    LEPORELLO_VERIFY_BUCKETS: 'images,hysds-*,http://minio:9000/images',
    LEPORELLO_VERIFY_ROOTS: '/data/images'
  })
  const problems = problemsOf({
    LEPORELLO_VERIFY_HOSTS: 'http://files.example.org',
    LEPORELLO_VERIFY_BUCKETS: 'images/key',
    LEPORELLO_VERIFY_ROOTS: 'data'
  })

  t.match(config.verify, {
    images: 'all',
    hosts: ['files.example.org', '*.example.org', 'minio:9000', '[fd00::1]:*', 'fd00::1', '10.0.0.1'],
    buckets: ['images', 'hysds-*', 'http://minio:9000/images'],
    roots: ['/data/images']
  })
  t.equal(problems.length, 3)
})

t.test('an empty variable counts as not set, as compose files write it', async (t) => {
  t.equal(configOf({ LEPORELLO_PORT: '', LEPORELLO_ENGINE_URL: '' }).port, 8888)
})

t.test('what Kubernetes sets beside a Service named leporello is not taken for configuration', async (t) => {
  const config = configOf({
    LEPORELLO_SERVICE_HOST: '10.0.0.1',
    LEPORELLO_SERVICE_PORT_HTTP: '8888',
    LEPORELLO_PORT: 'tcp://10.0.0.1:8888',
    LEPORELLO_PORT_8888_TCP_ADDR: '10.0.0.1'
  })

  t.equal(config.port, 8888)
})

t.test('every problem is listed at once, by variable, with what was found and what was expected', async (t) => {
  const problems = problemsOf({
    LEPORELLO_PORT: '70000',
    LEPORELLO_STORE: 'mongodb',
    LEPORELLO_ENGINE_INSECURE: 'yes',
    LEPORELLO_ENGINE_PATIENCE_MS: '4s',
    LEPORELLO_GUARD: 'amd64,not an architecture',
    LEPORELLO_DATA_LIMIT: '12 parsecs',
    LEPORELLO_INDEX_CONTAINERS: 'Containers',
    LEPORELLO_PUBLIC_URL: 'ftp://example.org',
    LEPORELLO_PROT: '8888'
  })

  t.strictSame(problems.map((problem) => problem.split(' ')[0]).sort(), [
    'LEPORELLO_DATA_LIMIT',
    'LEPORELLO_ENGINE_INSECURE',
    'LEPORELLO_ENGINE_PATIENCE_MS',
    'LEPORELLO_GUARD',
    'LEPORELLO_INDEX_CONTAINERS',
    'LEPORELLO_PORT',
    'LEPORELLO_PROT',
    'LEPORELLO_PUBLIC_URL',
    'LEPORELLO_STORE'
  ])
  t.ok(problems.includes('LEPORELLO_PORT is "70000"; expected a whole number from 0 to 65535'))
  t.ok(problems.includes('LEPORELLO_ENGINE_INSECURE is "yes"; expected true or false'))
  t.ok(problems.includes('LEPORELLO_PROT is not a variable of Leporello; did you mean LEPORELLO_PORT?'))
})

t.test('a name that resembles none gets no suggestion', async (t) => {
  t.strictSame(problemsOf({ LEPORELLO_CHAMPAGNE_ARIA: '1' }), ['LEPORELLO_CHAMPAGNE_ARIA is not a variable of Leporello'])
})

t.test('a problem with a value that may hold a secret does not show it', async (t) => {
  const [problem, ...others] = problemsOf({ LEPORELLO_STORE: 'elasticsearch', LEPORELLO_ENGINE_URL: 'elastic:swordfish@engine:9200' })

  t.strictSame(others, [])
  t.match(problem, /^LEPORELLO_ENGINE_URL is not http:\/\/ or https:\/\/ URLs/)
  t.notMatch(problem, /swordfish/)
})

t.test('credentials in the engine URL become basic authentication and leave the URL', async (t) => {
  const config = configOf({ ...engine, LEPORELLO_ENGINE_URL: 'https://elastic:sword%40fish@a:9200,https://b:9200' })

  t.match(config.engine, { urls: ['https://a:9200', 'https://b:9200'], username: 'elastic', password: 'sword@fish' })
})

t.test('the summary holds no secret', async (t) => {
  const config = configOf({
    ...engine,
    LEPORELLO_ENGINE_URL: 'https://elastic:swordfish@a:9200',
    LEPORELLO_LEGACY_MOZART_URL: 'http://ops:swordfish@old:8888',
    LEPORELLO_TOKEN: 'swordfish'
  })

  t.notMatch(JSON.stringify(summary(config)), /swordfish/)
  t.match(summary(config), { store: 'elasticsearch', engine: { urls: ['https://a:9200'], login: 'user name and password' } })
})

t.test('settings that need each other are checked together', async (t) => {
  const problem = (environment: Record<string, string>) => problemsOf(environment).join('\n')

  t.match(problem({ LEPORELLO_STORE: 'elasticsearch' }), /^LEPORELLO_ENGINE_URL is not set; expected the URL/)
  t.match(problem({ LEPORELLO_ENGINE_URL: 'http://a:9200' }), /^LEPORELLO_ENGINE_URL is set, but LEPORELLO_STORE is not/)
  t.match(problem({ ...engine, LEPORELLO_ENGINE_USERNAME: 'elastic' }), /^LEPORELLO_ENGINE_PASSWORD is not set/)
  t.match(problem({ ...engine, LEPORELLO_ENGINE_PASSWORD: 'swordfish' }), /^LEPORELLO_ENGINE_USERNAME is not set/)
  t.match(
    problem({ ...engine, LEPORELLO_ENGINE_USERNAME: 'e', LEPORELLO_ENGINE_PASSWORD: 'p', LEPORELLO_ENGINE_API_KEY: 'k' }),
    /^LEPORELLO_ENGINE_API_KEY is set, and a user name as well/
  )
  t.match(problem({ ...engine, LEPORELLO_ENGINE_URL: 'http://a:b@x,http://c:d@y' }), /different credentials/)
  t.match(problem({ ...engine, LEPORELLO_ENGINE_CA: '/nowhere/ca.pem' }), /which does not exist; expected a PEM file/)
  t.match(problem({ LEPORELLO_OBJECTS: 's3' }), /^LEPORELLO_S3_BUCKET is not set/)
  t.match(problem({ LEPORELLO_S3_BUCKET: 'tarballs' }), /^LEPORELLO_S3_BUCKET is set, but LEPORELLO_OBJECTS is not/)
  t.match(problem({ LEPORELLO_INDEX_JOB_SPECS: 'containers' }), /as is LEPORELLO_INDEX_CONTAINERS; expected three different indices/)
})

t.test('a JSON file gives settings in any spelling, and the environment beats it', async (t) => {
  const path = join(t.testdir(), 'leporello.json')
  writeFileSync(path, JSON.stringify({ port: 1234, LOG_LEVEL: 'warn', LEPORELLO_POLICY: 'read-only', guard: ['aarch64'] }))

  const config = configOf({ LEPORELLO_CONFIG: path, LEPORELLO_PORT: '4321' })

  t.match(config, { port: 4321, logLevel: 'warn', policy: 'read-only', guarded: ['arm64'] })
})

t.test('problems in the file are listed by key and file', async (t) => {
  const path = join(t.testdir(), 'leporello.json')
  writeFileSync(path, JSON.stringify({ port: true, LOG_LEVEL: 'warn', logLevel: 'warn', stroe: 'embedded' }))

  t.strictSame(problemsOf({ LEPORELLO_CONFIG: path }), [
    `"logLevel" in ${path} is the same setting as "LOG_LEVEL"; keep one of them`,
    `"stroe" in ${path} is not a setting of Leporello; did you mean store?`,
    `"port" in ${path} is true; expected a whole number from 0 to 65535`
  ])
})

t.test('a file that is absent, no JSON or no object is named, and its content is not shown', async (t) => {
  const path = join(t.testdir(), 'leporello.json')
  const expected = 'expected a file with one JSON object such as {"port": 8888}'

  t.strictSame(problemsOf({ LEPORELLO_CONFIG: path }), [`LEPORELLO_CONFIG names ${path}, which does not exist; ${expected}`])
  writeFileSync(path, '{"token": "swordfish"')
  t.strictSame(problemsOf({ LEPORELLO_CONFIG: path }), [`LEPORELLO_CONFIG names ${path}, which is not JSON; ${expected}`])
  writeFileSync(path, '[]')
  t.strictSame(problemsOf({ LEPORELLO_CONFIG: path }), [`LEPORELLO_CONFIG names ${path}, which holds []; ${expected}`])
})

t.test('rules that join settings are told together with values that are wrong, but not twice', async (t) => {
  const both = problemsOf({ LEPORELLO_PORT: '99999', LEPORELLO_STORE: 'elasticsearch', LEPORELLO_OBJECTS: 's3' })
  const once = problemsOf({ LEPORELLO_STORE: 'elasticsearch', LEPORELLO_ENGINE_URL: 'ftp://x' })

  t.match(both, [/^LEPORELLO_PORT is "99999"/, /^LEPORELLO_ENGINE_URL is not set/, /^LEPORELLO_S3_BUCKET is not set/])
  t.equal(both.length, 3)
  t.match(once, [/^LEPORELLO_ENGINE_URL is not http/])
  t.equal(once.length, 1)
})
