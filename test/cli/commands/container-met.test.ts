import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { s3Destination } from '../../../src/cli/client/destinations.ts'
import { someBytes } from '../../blobs/bytes.ts'
import { startDav } from '../../http/dav/exchange.ts'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { command } from '../in-process.ts'

const met = (t: Test, args: string[]) => command(t, { args: ['container-met', ...args] })

async function tarballs(t: Test): Promise<{ folder: string; amd64: string; arm64: string; bytes: Record<string, Buffer> }> {
  const folder = temporaryDirectory(t)
  const [amd64, arm64] = [join(folder, 'container-hello-v1.0.tar.gz'), join(folder, 'container-hello-v1.0-arm64.tar.gz')]
  const bytes = { [amd64]: someBytes(3_000_000, 1), [arm64]: someBytes(2_000_001, 2) }
  for (const [path, content] of Object.entries(bytes)) await writeFile(path, content)
  return { folder, amd64, arm64, bytes }
}

t.test('two tarballs are uploaded to us by dav and registered, and each machine resolves and fetches its own', async (t) => {
  const { url } = await startDav(t)
  const { amd64, arm64, bytes } = await tarballs(t)
  const repo = `${url.replace('http', 'dav')}/storage/products/containers/`

  const ended = await met(t, ['container-hello:v1.0', 'v1.0', amd64, repo, 'sha256:00', `${url}/api/v0.1`, arm64])

  t.match(ended, { status: 0, stderr: '' })
  t.match(ended.stdout, `sha256:${createHash('sha256').update(bytes[arm64]!).digest('hex')}`)
  const info = (await (await fetch(`${url}/api/v0.1/container/info?id=container-hello:v1.0`)).json()) as { result: Record<string, string> }
  const [x86, arm] = [`${repo}container-hello-v1.0.tar.gz`, `${repo}container-hello-v1.0-arm64.tar.gz`]
  t.strictSame(info.result, {
    id: 'container-hello:v1.0',
    digest: 'sha256:00',
    url: x86,
    version: 'v1.0',
    urls: `{"x86_64": "${x86}", "amd64": "${x86}", "arm64": "${arm}", "aarch64": "${arm}"}`
  })
  for (const [machine, path] of [
    ['x86_64', amd64],
    ['aarch64', arm64]
  ] as const) {
    const resolved = await (await fetch(`${url}/container/resolve?id=container-hello:v1.0&arch=${machine}&format=text`)).text()
    const fetched = await fetch(resolved.trim().replace('dav', 'http'))
    t.ok(Buffer.from(await fetched.arrayBuffer()).equals(bytes[path]!), machine)
  }
})

t.test('a container for one architecture, into a folder of this machine', async (t) => {
  const { url } = await startDav(t)
  const { folder, amd64, arm64, bytes } = await tarballs(t)
  const repo = join(folder, 'made/here')

  const first = await met(t, ['x86:1', '1', amd64, repo, 'd', url, '--json'])
  t.equal(first.status, 0)
  t.match(JSON.parse(first.stdout), {
    id: 'x86:1',
    images: { amd64: { url: join(repo, 'container-hello-v1.0.tar.gz'), size: 3_000_000 } },
    server: url
  })
  t.match(await met(t, ['arm:1', '1', '', repo, 'd', `${url}/`, arm64]), { status: 0 })

  const arm = (await (await fetch(`${url}/container/info?id=arm:1`)).json()) as { result: Record<string, string> }
  t.match(arm.result, { url: /\/unavailable\/arm/, urls: new RegExp(`"aarch64": "${repo}/container-hello-v1.0-arm64.tar.gz"`) })
  t.ok((await readFile(join(repo, 'container-hello-v1.0.tar.gz'))).equals(bytes[amd64]!))
})

t.test('two tarballs with one name are refused before either is sent, for the second would replace the first', async (t) => {
  const { url } = await startDav(t)
  const { folder, amd64, arm64 } = await tarballs(t)
  const namesake = join(folder, 'arm64', basename(amd64))
  await mkdir(dirname(namesake))
  await copyFile(arm64, namesake)
  const repo = `${url}/storage/products`

  const refused = await met(t, ['hello:1', '1', amd64, repo, 'd', url, namesake])
  const same = await met(t, ['both:1', '1', amd64, repo, 'd', url, amd64])

  t.match(refused, { status: 1, stdout: '', stderr: /have the same name, and would replace each other in REPO; nothing was sent/ })
  t.equal((await fetch(`${url}/container/info?id=hello:1`)).status, 404)
  t.equal(same.status, 0, 'one tarball may be for both')
})

t.test('fewer arguments are refused in the script’s words, with its status', async (t) => {
  const ended = await met(t, ['ident', 'version', 'product', 'repo', 'digest'])

  t.strictSame(ended, {
    status: 255,
    stdout: '',
    stderr: '[ERROR] Metadata requires: ident version product repo digest mozart_url [product_arm64]\n'
  })
})

/** Answers as it is told, and remembers what it was asked. */
async function server(t: Test, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const asked: string[] = []
  const listening = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`.trim())
    request.resume().on('end', () => answer(request, response))
  }).listen(0, '127.0.0.1')
  t.teardown(() => {
    listening.closeAllConnections()
    listening.close()
  })
  await new Promise((resolve) => listening.once('listening', resolve))
  return { asked, host: `127.0.0.1:${(listening.address() as AddressInfo).port}` }
}

t.test('what went wrong is said, without secrets', async (t) => {
  const { url } = await startDav(t, { policy: 'read-only' })
  const { amd64 } = await tarballs(t)
  const gone = await server(t, (_request, response) => response.writeHead(500).end('no room for it'))
  const astray = await server(t, (_request, response) => response.writeHead(307, { location: 'http://[' }).end())
  const cases: [args: string[], status: number, says: RegExp][] = [
    [['i', '1', 'none.tar', `${url}/storage`, 'd', url], 1, /none\.tar does not exist; expected a tarball/],
    [['i', '1', amd64, `${url}/storage`, 'd', url], 1, /PUT .* was answered 403: the policy "read-only"/],
    [['i', '1', amd64, 'gs://bucket', 'd', url], 1, /tarballs cannot be uploaded to gs:\/\/; expected/],
    [['i', '1', amd64, 's3://', 'd', url], 1, /does not name a bucket and a key/],
    [['i', '1', amd64, `http://me:swordfish@${gone.host}/x`, 'd', url], 1, /was answered 500: no room for it/],
    [['i', '1', amd64, 'http://127.0.0.1:1/x', 'd', url], 69, /127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/],
    [['i', '1', amd64, 'http://me:swordfish%zz@127.0.0.1:1/x', 'd', url], 69, /127\.0\.0\.1:1 cannot be reached/],
    [['i', '1', amd64, 'dav://me:swordfish@[bad/x', 'd', url], 1, /"http:\/\/\*\*\*@\[bad\/x.*is not a URL; expected/],
    [['i', '1', amd64, `http://${astray.host}/x`, 'd', url], 1, /"http:\/\/\[" is not a URL/],
    [['i', '1', '', 'repo', 'd', url], 1, /container\/add was answered 403: the policy/],
    [['i', '1', '', 'repo', 'd', 'mozart'], 1, /mozart_url is "mozart"; expected/]
  ]

  for (const [args, status, says] of cases) {
    const ended = await met(t, args)
    t.equal(ended.status, status, String(says))
    t.match(ended.stderr, /^\[ERROR\] .*\n$/)
    t.match(ended.stderr, says)
    t.notMatch(ended.stderr, /swordfish/)
  }
})

t.test('an S3 server that is not there is one that cannot be reached', async (t) => {
  const { amd64 } = await tarballs(t)

  const ended = await met(t, ['i', '1', amd64, 's3://key:swordfish@127.0.0.1:1/bucket', 'd', 'http://127.0.0.1:1'])

  t.match(ended, {
    status: 69,
    stdout: '',
    stderr: /^\[ERROR\] the bucket bucket at https:\/\/127\.0\.0\.1:1 does not work: .*ECONNREFUSED.*\n$/
  })
  t.notMatch(ended.stderr, /swordfish/)
})

t.test('a WebDAV server is asked for each folder, with the credentials of the URL, and a lost upload is noticed', async (t) => {
  const { amd64 } = await tarballs(t)
  const { asked, host } = await server(t, ({ method }, response) => {
    response.writeHead(method === 'MKCOL' ? 405 : method === 'HEAD' ? 200 : 201, method === 'HEAD' ? { 'content-length': '5' } : {}).end()
  })

  const ended = await met(t, ['i', '1', amd64, `dav://me:pass@${host}/repository/products`, 'd', 'http://127.0.0.1:1'])

  const login = `Basic ${Buffer.from('me:pass').toString('base64')}`
  t.strictSame(asked, [
    `MKCOL /repository/ ${login}`,
    `MKCOL /repository/products/ ${login}`,
    `PUT /repository/products/container-hello-v1.0.tar.gz ${login}`,
    `HEAD /repository/products/container-hello-v1.0.tar.gz ${login}`
  ])
  t.match(ended, { status: 1, stderr: /has 5 bytes after the upload; 3000000 were sent/ })
})

t.test('a place in S3 is understood as osaka understands it', async (t) => {
  const local = { kind: 'local', directory: '/x' } as const
  const s3 = { kind: 's3', bucket: 'ours', prefix: 'p/', endpoint: 'http://minio:9000', pathStyle: true } as const

  t.strictSame(s3Destination('s3://bucket/a/b:1.tar.gz', local), {
    objects: { kind: 's3', bucket: 'bucket', prefix: '', pathStyle: false },
    key: 'a/b:1.tar.gz'
  })
  t.match(s3Destination('s3://bucket/a%20b', s3), {
    objects: { bucket: 'bucket', prefix: '', endpoint: 'http://minio:9000' },
    key: 'a%20b'
  })
  t.match(s3Destination('s3://s3-us-west-2.amazonaws.com/bucket/a/b', s3), {
    objects: { bucket: 'bucket', region: 'us-west-2', endpoint: undefined },
    key: 'a/b'
  })
  t.match(s3Destination('s3://s3.eu-north-1.amazonaws.com/bucket/a', local), { objects: { region: 'eu-north-1' }, key: 'a' })
  t.match(s3Destination('s3://s3.amazonaws.com/bucket/a', local), { objects: { region: 'us-east-1' }, key: 'a' })
  t.match(s3Destination('s3://user:se%2Fcret@host:9000/bucket/a', local), {
    objects: { bucket: 'bucket', endpoint: 'https://host:9000', credentials: { accessKeyId: 'user', secretAccessKey: 'se/cret' } },
    key: 'a'
  })
  t.match(s3Destination('s3://user:100%zz@host:9000/bucket/a', local), { objects: { credentials: { secretAccessKey: '100%zz' } } })
  for (const url of ['s3://bucket', 's3://bucket/', 's3:///a', 's3://s3.amazonaws.com/bucket'])
    t.throws(() => s3Destination(url, local), /does not name a bucket and a key/)
})
