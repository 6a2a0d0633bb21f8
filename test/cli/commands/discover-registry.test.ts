import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { localCertificate } from '../../support/certificate.ts'
import { ociPusher, overHttp } from '../../support/oci.ts'
import { command } from '../in-process.ts'
import { serve } from '../served.ts'

const list = `container_images_template:
- imagename: "{{namespace}}/nova:{{tag}}"   # the API
  params: [NovaImage]
- imagename: "{{namespace}}/heat:{{tag}}"
  params: [HeatImage]
- imagename: "{{namespace}}/none:{{tag}}"
`

/** Our own `/v2/` as the other registry, and a command that knows no server. */
async function start(t: Test, { token }: { token?: string } = {}, environment: Record<string, string> = {}) {
  const { url, close } = await serve(t, environment)
  const folder = temporaryDirectory(t)
  const template = join(folder, 'list.yaml.j2')
  writeFileSync(template, list)
  const app = overHttp(url)
  const authorization = token === undefined ? undefined : `Bearer ${token}`
  const inject = (request: { headers?: Record<string, string> }) =>
    app.inject({ ...request, headers: { ...request.headers, ...(authorization && { authorization }) } } as never)
  const pusher = ociPusher({ inject } as unknown as FastifyInstance)
  const push = async (repository: string, tag: string, labels: Record<string, string> = {}) => {
    const { reply } = await pusher.image(repository, tag, { config: { Labels: labels } })
    t.equal(reply.statusCode, 201, reply.body)
  }
  const host = url.replace('http://', '')
  const run = (args: string[], more: Record<string, string> = {}) =>
    command(t, {
      args: ['discover', '--template', template, '--registry', host, ...args, 'namespace=docker.io/tripleo'],
      environment: { DOCKER_CONFIG: folder, LEPORELLO_URL: 'http://127.0.0.1:1', ...more }
    })
  return { host, folder, push, run, close }
}

t.test('discover asks another registry by each rule, and writes the files of TripleO', async (t) => {
  const { host, folder, push, run } = await start(t)
  await push('tripleo/nova', 'latest', { rdo_version: 'abc', build: '2' })
  await push('tripleo/nova', 'abc', { version: '1', release: '2', build: '10' })
  await push('tripleo/heat', 'abc', { build: '1' })
  await push('tripleo/heat', 'v1.10')
  await push('tripleo/heat', 'v1.9')
  const [images, env] = ['images.yaml', 'env.yaml'].map((name) => join(folder, name))
  const none = 'left out: docker.io/tripleo/none:latest: there is no such repository\n'

  const byTag = await run(['--tag', 'abc', '--output-images-file', images!, '--output-env-file', env!])
  const byVersion = await run(['--newest', '--by', 'version', '--only', 'heat'])
  const byLabel = await run(['--newest', '--by-label', 'build', '--exclude', 'none'])
  const fromLabel = await run(['--tag-from-label', 'rdo_version', '--json'])
  const newest = await run(['--newest', '--only', 'none'])

  t.strictSame(byTag, {
    status: 0,
    stdout: `${host}/tripleo/nova:abc\n${host}/tripleo/heat:abc\n`,
    stderr: none.replace('latest', 'abc')
  })
  t.match(readFileSync(images!, 'utf8'), new RegExp(`^container_images:\n- imagename: "${host}/tripleo/nova:abc" # the API\n`))
  t.strictSame(parse(readFileSync(env!, 'utf8')), {
    parameter_defaults: {
      DockerInsecureRegistryAddress: [host],
      HeatImage: `${host}/tripleo/heat:abc`,
      NovaImage: `${host}/tripleo/nova:abc`
    }
  })
  t.strictSame(byVersion, { status: 0, stdout: `${host}/tripleo/heat:v1.10\n`, stderr: '' })
  t.strictSame(byLabel, { status: 0, stdout: `${host}/tripleo/nova:abc\n${host}/tripleo/heat:abc\n`, stderr: '' })
  t.match(JSON.parse(fromLabel.stdout), {
    images: [{ imagename: `${host}/tripleo/nova:abc`, params: ['NovaImage'], tag: 'abc', chosen_by: 'label rdo_version' }],
    left_out: [{ reason: 'it has no tag latest, whose label would name the tag' }, { reason: 'there is no such repository' }]
  })
  t.strictSame(newest, { status: 1, stdout: '', stderr: none })
})

t.test('discover signs in with what docker login left', async (t) => {
  const tokens = join(temporaryDirectory(t), 'tokens')
  const environment = { LEPORELLO_TOKENS: tokens, LEPORELLO_POLICY: 'none' }
  const made = await command(t, { args: ['token', 'new', 'ci', '--scope', 'register'], environment })
  const token = made.stdout.trim()
  const { host, folder, push, run } = await start(t, { token }, environment)
  await push('tripleo/nova', 'abc')
  const other = join(folder, 'other')
  mkdirSync(other)
  const auths = (password: string) => JSON.stringify({ auths: { [host]: { auth: Buffer.from(`any:${password}`).toString('base64') } } })
  writeFileSync(join(folder, 'config.json'), auths(token))
  writeFileSync(join(other, 'config.json'), auths('lep_wrong-password'))

  const signedIn = await run(['--tag', 'abc', '--only', 'nova'])
  const anonymous = await run(['--tag', 'abc', '--only', 'nova'], { DOCKER_CONFIG: join(folder, 'none') })
  const refused = await run(['--tag', 'abc', '--only', 'nova'], { DOCKER_CONFIG: other })

  t.strictSame(signedIn, { status: 0, stdout: `${host}/tripleo/nova:abc\n`, stderr: '' })
  t.match(anonymous, { status: 1, stdout: '', stderr: /left out: .* answered 401.*sign in with docker login 127/ })
  t.match(refused, { status: 1, stdout: '', stderr: /left out: .*sign in again with docker login 127/ })
  t.notMatch(anonymous.stderr + refused.stderr, /wrong-password/)
})

t.test('what cannot be meant is refused, and a registry that is away has its status', async (t) => {
  const { host, run, close } = await start(t)
  const table: [args: string[], words: RegExp][] = [
    [['--tag', 'a', '--proven'], /--proven goes without --registry/],
    [['--newest', '--by', 'registration'], /another registry does not tell it; use --by created/],
    [['--tag', 'a', '--by-label', 'x'], /--by-label goes with --newest/],
    [['--tag', 'a', '--at-once', '0'], /--at-once is "0"; expected a whole number from 1/],
    [['--tag', 'a', '--registry', 'http://registry.example.org'], /write https:\/\/, or add --plain-http/],
    [[], /exactly one of --tag, --newest and --tag-from-label/]
  ]
  for (const [args, stderr] of table) t.match(await run(args), { status: 64, stdout: '', stderr }, args.join(' '))
  t.match(await run(['--tag', 'a', '--registry', 'https://127.0.0.1:1']), { status: 69, stderr: /127\.0\.0\.1:1 cannot be reached/ })
  t.match(await run(['--tag', 'a', '--registry', `https://${host}`]), { status: 69, stderr: /does not speak https; add --plain-http/ })
  await close()
  t.match(await run(['--tag', 'a', '--json']), { status: 69, stdout: /"code": "unreachable"/, stderr: /cannot be reached/ })
})

t.test('the certificate of a registry is checked, against the authority of --ca too', async (t) => {
  const folder = temporaryDirectory(t)
  const cert = join(folder, 'cert.pem')
  writeFileSync(cert, localCertificate.cert)
  const { host, push, run } = await start(t)
  await push('tripleo/nova', 'abc')
  const secure = createServer(localCertificate, (request, reply) => {
    get(`http://${host}${request.url}`, (answer) => answer.pipe(reply.writeHead(answer.statusCode!, answer.headers))).end()
  }).listen(0, '127.0.0.1')
  await once(secure, 'listening')
  t.teardown(() => {
    secure.closeAllConnections()
    secure.close()
  })
  const at = `127.0.0.1:${(secure.address() as AddressInfo).port}`
  const args = ['--tag', 'abc', '--only', 'nova', '--registry', `https://${at}`]

  const unknown = await run(args)
  const known = await run([...args, '--ca', cert])

  t.match(unknown, { status: 69, stderr: /name the certificate that signed it with --ca/ })
  t.strictSame(known, { status: 0, stdout: `${at}/tripleo/nova:abc\n`, stderr: '' })
})
