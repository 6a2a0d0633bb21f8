import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { type Meddling, startMeddlingProxy } from '../../support/meddling-proxy.ts'
import { digestOfBytes, ociPusher, overHttp } from '../../support/oci.ts'
import { dockerLogin, pushList } from '../../support/published.ts'
import { command } from '../in-process.ts'
import { serve } from '../served.ts'

/** The digest that a registry has under a name, for a client that takes an index. */
async function digestAt(url: string, name: string): Promise<string | null> {
  const [repository, tag] = name.split(':')
  const reply = await fetch(`${url}/v2/${repository}/manifests/${tag}`)
  return reply.ok ? digestOfBytes(Buffer.from(await reply.arrayBuffer())) : null
}

const mega = 1024 * 1024

/** As `PATCH /v2/… large`. */
const askedBy = ({ method, url, headers }: IncomingMessage) => `${method} ${url}${Number(headers['content-length']) > mega ? ' large' : ''}`

// one pair for most tests, which publish to repositories of their own
const [ours, other] = [await serve(t), await serve(t)]
const pushed = await pushList(ours.url, 'hysds/hello:v1', { ballast: mega })
const digest = digestOfBytes(pushed.bytes)
let count = 0

/** What stands before the other server does what `meddle` says. */
async function start(t: Test, meddle: (asked: string) => Meddling | undefined = () => undefined) {
  const there = await startMeddlingProxy(t, { target: other.url, meddle: (request) => meddle(askedBy(request)) })
  const name = `x${++count}/hello`
  const to = `${there.host}/${name}:v1`
  const publish = (...args: string[]) => ours.run(['publish', 'hysds/hello:v1', '--to', to, ...args])
  return { there, name, to, publish, published: () => digestAt(other.url, `${name}:v1`) }
}

/** Does this to the first request that matches, and again so many times. */
function once(pattern: RegExp, meddling: Meddling, times = 1): (asked: string) => Meddling | undefined {
  let left = times
  return (asked) => (pattern.test(asked) && left-- > 0 ? meddling : undefined)
}

t.test('a container is published with its digests, the tag last, and again without a blob', async (t) => {
  const { there, name, to, publish, published } = await start(t)

  const dry = await publish('--dry-run')
  const afterDry = await published()
  const first = await publish()
  const puts = there.asked.filter((asked) => asked.startsWith(`PUT /v2/${name}/manifests/`))
  there.asked.length = 0
  const again = await ours.json(['publish', 'hysds/hello:v1', '--to', to])

  t.match(dry, { status: 0, stdout: /would be published: .* {2}amd64, arm64; to send \d blobs/ })
  t.equal(afterDry, null)
  t.match(first, { status: 0, stdout: new RegExp(`^hysds/hello:v1  published: ${to}@${digest}  amd64, arm64; sent \\d blobs`) })
  t.equal(await published(), digest)
  t.equal(puts.length, 3)
  t.equal(puts.at(-1), `PUT /v2/${name}/manifests/v1`)
  t.match(again, { status: 0, value: { unchanged: true, digest, before: digest, architectures: ['amd64', 'arm64'] } })
  t.strictSame(there.asked, ['GET /v2/', `HEAD /v2/${name}/manifests/v1`])
})

t.test('one architecture is published as a list of it, with the digest that its image has here', async (t) => {
  const { name, publish } = await start(t)

  const { status } = await publish('--arch', 'aarch64')
  const index = await (await fetch(`${other.url}/v2/${name}/manifests/v1`)).json()

  t.equal(status, 0)
  const moved = await publish()

  t.strictSame(
    index.manifests.map(({ digest }: { digest: string }) => digest),
    [digestOfBytes(pushed.manifests.arm64)]
  )
  t.match(moved, { status: 0, stdout: /published: .*sent 4 blobs .*; the tag was sha256:/ })
})

t.test('blobs are mounted where the registry has them in another repository', async (t) => {
  const { to, publish, published } = await start(t)
  await pushList(other.url, 'base:1', { ballast: mega })

  const { status, value } = await ours.json(['publish', 'hysds/hello:v1', '--to', to, '--mount-from', 'base'])
  const own = await ours.json(['publish', 'hysds/hello:v1', '--to', `${new URL(ours.url).host}/copy/hello:v1`])

  t.equal(status, 0)
  t.match(value.blobs, { sent: { blobs: 0 }, mounted: { blobs: 8 } })
  t.equal(await published(), digest)
  t.match(own.value, { digest, blobs: { sent: { blobs: 0 }, mounted: { blobs: 8 } } }, 'of the same registry without being told')
  t.match(await publish(), { status: 0, stdout: /is there already/ })
})

const passing: [name: string, meddle: () => (asked: string) => Meddling | undefined, retries: RegExp][] = [
  ['the connection breaks in the middle of a blob', () => once(/^PATCH .* large$/, { cutRequestAfter: mega / 2 }), /trying again in/],
  ['it breaks in the middle of several', () => once(/^PATCH .* large$/, { cutRequestAfter: mega / 2 }, 3), /trying again in/],
  [
    'it is busy, and says for how long',
    () => once(/^POST /, { status: 429, headers: { 'retry-after': '0' } }, 3),
    /answered 429 .* again in 0 s/
  ],
  ['it is away for a moment', () => once(/manifests\/sha256/, { status: 503, headers: { 'retry-after': '0' } }, 2), /answered 503/],
  ['it forgot the upload', () => once(/^PUT .*uploads/, { status: 404 }), /answered 404 for the end of/]
]
for (const [name, meddle, retries] of passing) {
  t.test(`publishing goes on when ${name}`, async (t) => {
    const { publish, published } = await start(t, meddle())

    const { status, stderr } = await publish('--at-once', '1')

    t.equal(status, 0, stderr)
    t.match(stderr, retries)
    t.equal(await published(), digest)
  })
}

t.test('publishing goes on when our own server breaks off in the middle of a blob', async (t) => {
  const { to, published } = await start(t)
  const meddle = once(/blobs\/sha256/, { cutAnswerAfter: mega / 2 }, 4)
  const here = await startMeddlingProxy(t, { target: ours.url, meddle: ({ method, url }) => meddle(`${method} ${url}`) })

  const { status, stderr } = await command(t, {
    args: ['publish', 'hysds/hello:v1', '--to', to],
    environment: { LEPORELLO_URL: here.url }
  })

  t.equal(status, 0, stderr)
  t.equal(await published(), digest)
})

const isTag = (asked: string) => /^HEAD .*\/manifests\/v1$/.test(asked)

const failing: [name: string, meddle: (asked: string) => Meddling | undefined, words: RegExp][] = [
  [
    'stores other bytes',
    (asked) => (/^PUT .*uploads/.test(asked) ? { headers: { 'docker-content-digest': `sha256:${'0'.repeat(64)}` } } : undefined),
    /says that it stored sha256:0000.*, and sha256:/
  ],
  [
    'refuses a blob',
    (asked) =>
      asked.startsWith('POST ') ? { status: 400, body: Buffer.from('{"errors":[{"code":"DIGEST_INVALID","message":"no"}]}') } : undefined,
    /answered 400 for an upload to x\d+\/hello: DIGEST_INVALID: no/
  ],
  [
    'has another image under the tag in the end',
    (asked) => (isTag(asked) ? { headers: { 'docker-content-digest': `sha256:${'1'.repeat(64)}` } } : undefined),
    /says that v1 is sha256:1111.*did somebody else move it/
  ]
]
for (const [name, meddle, words] of failing) {
  t.test(`a registry that ${name} is reported`, async (t) => {
    let asked404 = true
    const { publish } = await start(t, (asked) => {
      // the tag is not there before
      if (isTag(asked) && asked404) {
        asked404 = false
        return undefined
      }
      return meddle(asked)
    })

    t.match(await publish(), { status: 1, stdout: '', stderr: words })
  })
}

t.test('our own bytes are compared with their digest before anything is named by it', async (t) => {
  const { to, published } = await start(t)
  const here = await startMeddlingProxy(t, {
    target: ours.url,
    meddle: ({ url }) =>
      /blobs\/sha256/.test(url!) ? { body: Buffer.alloc(0), headers: { 'transfer-encoding': 'chunked' }, status: 200 } : undefined
  })

  const { status, stderr } = await command(t, {
    args: ['publish', 'hysds/hello:v1', '--to', to],
    environment: { LEPORELLO_URL: here.url }
  })

  t.equal(status, 1)
  t.match(stderr, /the source has only 0 of the \d+ bytes of sha256:/)
  t.equal(await published(), null)
})

t.test('what keeps a container from being published is said at once', async (t) => {
  const { to } = await start(t)
  const pusher = ociPusher(overHttp(ours.url))
  await pushList(ours.url, 'partial:v1')
  // says arm64, and is amd64
  await pusher.image('wrong', 'v1', { architecture: 'arm64' })
  await ours.run(['expect', 'partial:v1', 'amd64', 'arm64', 's390x'])
  await ours.add({ name: 'Upper:1', url: 's3://images/x.tar', urls: '{"amd64": "s3://images/x.tar"}' })
  const table: [args: string[], status: number, stderr: RegExp][] = [
    [
      ['partial:v1', '--to', to],
      1,
      /is not published: s390x: its image is expected and has not arrived; to publish only a part: --arch amd64,arm64$/m
    ],
    [['partial:v1', '--to', to, '--arch', 'arm64,riscv64,s390x'], 1, /riscv64: it has no image.*it has amd64, arm64/],
    [['wrong:v1', '--to', to], 1, /arm64: the image is mislabelled/],
    [['Upper:1', '--to', to], 1, /registry clients allow no upper case in a name; amd64: nobody has read/],
    [['none:1', '--to', to], 1, /none:1/],
    [['partial:v1'], 64, /expected --to/],
    [['partial:v1', '--to', 'hello:1'], 64, /expected REGISTRY\/NAME:TAG/],
    [['partial:v1', '--to', `x.org/hello@sha256:${'a'.repeat(64)}`], 64, /names a digest; expected a tag/],
    [['partial:v1', '--to', to, '--arch', 'a b'], 64, /not the name of an architecture/],
    [['partial:v1', '--arch', 'amd64', '--to', '127.0.0.1:1/x:1'], 69, /127\.0\.0\.1:1 cannot be reached/]
  ]
  for (const [args, status, stderr] of table) t.match(await ours.run(['publish', ...args]), { status, stdout: '', stderr }, args.join(' '))
})

t.test('it signs in with a token for pushing, and says which credentials were tried', async (t) => {
  const environment = { LEPORELLO_TOKENS: join(temporaryDirectory(t), 'tokens'), LEPORELLO_POLICY: 'read' }
  const make = async (scope: string) => (await command(t, { args: ['token', 'new', scope, '--scope', scope], environment })).stdout.trim()
  const [register, read] = [await make('register'), await make('read')]
  const guarded = await serve(t, environment)
  const asked: string[] = []
  const there = await startMeddlingProxy(t, {
    target: guarded.url,
    meddle({ url }) {
      asked.push(url!)
      return undefined
    }
  })
  const publish = (DOCKER_CONFIG: string) => ours.run(['publish', 'hysds/hello:v1', '--to', `${there.host}/x/hello:v1`], { DOCKER_CONFIG })

  const anonymous = await publish(temporaryDirectory(t))
  const reader = await publish(dockerLogin(t, { [there.host]: `me:${read}` }))
  const writer = await publish(dockerLogin(t, { [there.host]: `me:${register}` }))

  t.match(anonymous, {
    status: 1,
    stderr: /answered 401 .*docker's configuration has no credentials for it: sign in with docker login 127/
  })
  t.match(reader, {
    status: 1,
    stderr: /answered 403 .*user "me" of docker's configuration may not write it: sign in again with docker login 127/
  })
  t.match(writer, { status: 0 })
  t.notMatch(anonymous.stderr + reader.stderr, /lep_/)
  t.ok(
    asked.some((url) => url.startsWith('/v2/token?') && url.includes('scope=repository%3Ax%2Fhello%3Apull%2Cpush')),
    asked.join('\n')
  )
})

t.test('our own server is asked with LEPORELLO_TOKEN', async (t) => {
  const environment = { LEPORELLO_TOKENS: join(temporaryDirectory(t), 'tokens'), LEPORELLO_POLICY: 'none' }
  const LEPORELLO_TOKEN = (await command(t, { args: ['token', 'new', 'ci', '--scope', 'register'], environment })).stdout.trim()
  const guarded = await serve(t, environment)
  const app = overHttp(guarded.url)
  const inject = (request: { headers?: Record<string, string> }) =>
    app.inject({ ...request, headers: { ...request.headers, authorization: `Bearer ${LEPORELLO_TOKEN}` } } as never)
  await ociPusher({ inject } as never).image('hello', 'v1')
  const { to } = await start(t)

  t.match(await guarded.run(['publish', 'hello:v1', '--to', to], { LEPORELLO_TOKEN }), { status: 0 })
  t.match(await guarded.run(['publish', 'hello:v1', '--to', to]), { status: 1, stderr: /token|sign in/ })
})
