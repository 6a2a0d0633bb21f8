import { join } from 'node:path'
import t from 'tap'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { startMeddlingProxy } from '../../support/meddling-proxy.ts'
import { digestOfBytes, imageToPush, indexOf, ociPusher, overHttp } from '../../support/oci.ts'
import { dockerLogin, pushList } from '../../support/published.ts'
import { command } from '../in-process.ts'
import { serve } from '../served.ts'

const docker = {
  list: 'application/vnd.docker.distribution.manifest.list.v2+json',
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar'
}

// one pair for most tests, which pull to containers of their own
const [ours, other] = [await serve(t), await serve(t)]
const { host } = new URL(other.url)
const pushed = await pushList(other.url, 'x/hello:v1', { ballast: 1000 })
const index = digestOfBytes(pushed.bytes)
const [amd64, arm64] = [digestOfBytes(pushed.manifests.amd64), digestOfBytes(pushed.manifests.arm64)]
const pusher = ociPusher(overHttp(other.url))

const pull = (reference: string, ...args: string[]) => ours.json(['pull', `${host}/${reference}`, ...args])
const view = async (id: string) => (await fetch(`${ours.url}/api/v1/containers/${encodeURIComponent(id)}`)).json()

/** The manifest of a tag of ours. */
async function served(name: string) {
  const [repository, tag] = name.split(':')
  const reply = await fetch(`${ours.url}/v2/${repository}/manifests/${tag}`)
  return { digest: reply.headers.get('docker-content-digest'), document: await reply.json() }
}

t.test('a whole list is pulled with its digests, proven, and again without a change', async (t) => {
  const origin = `${host}/x/hello:v1@${index}`

  const dry = await pull('x/hello:v1', '--id', 'hysds/hello:v1', '--dry-run')
  const notYet = await view('hysds/hello:v1')
  const first = await pull('x/hello:v1', '--id', 'hysds/hello:v1')
  const again = await pull('x/hello:v1', '--id', 'hysds/hello:v1')
  const history = await ours.json(['history', 'hysds/hello:v1'])
  const shown = await ours.run(['show', 'hysds/hello:v1'])

  t.match(dry, { status: 0, value: { dryRun: true, container: null, blobs: { sent: { blobs: 8 } } } })
  t.equal(notYet.status, 404)
  t.match(first, { status: 0, value: { origin, digest: index, unchanged: false, architectures: ['amd64', 'arm64'] } })
  t.match(again, { status: 0, value: { unchanged: true, blobs: { sent: { blobs: 0 } } } })
  t.match((await view('hysds/hello:v1')).images, {
    amd64: { verdict: 'match', manifest: amd64, origin },
    arm64: { verdict: 'match', manifest: arm64, origin }
  })
  t.equal((await served('hysds/hello:v1')).digest, index)
  t.match(history.stdout, new RegExp(`pulled from ${origin}`))
  t.match(shown.stdout, new RegExp(`pulled from +${origin}`))
})

t.test('some architectures are pulled as a list of what is here, which names where they are from', async (t) => {
  const { status, value } = await pull('x/hello:v1', '--id', 'some:1', '--arch', 'aarch64', '--reason', 'for ARM')
  const { document } = await served('some:1')
  const more = await pull('x/hello:v1', '--id', 'some:1', '--arch', 'amd64')
  const replaced = await pull('x/hello:v1', '--id', 'some:1', '--arch', 'amd64', '--replace')
  const after = await view('some:1')
  const verified = await ours.run(['verify', 'some:1'])

  t.equal(status, 0)
  t.match(value, { architectures: ['arm64'], origin: `${host}/x/hello:v1@${index}` })
  t.match(document, { manifests: [{ digest: arm64, platform: { architecture: 'arm64' } }] })
  t.equal(document.manifests.length, 1)
  t.match(more, { status: 1, stderr: /also has images for arm64, which would go; add --replace/ })
  t.match(replaced, { status: 0, value: { container: { images: { amd64: { verdict: 'match' } } } } })
  t.strictSame(Object.keys(after.images), ['amd64'])
  t.equal(verified.status, 0)
  t.match((await view('some:1')).images.amd64.origin, index, 'reading the bytes again does not forget where they are from')
})

t.test('what is not there is refused with what is', async (t) => {
  const chart = Buffer.from(JSON.stringify({ ...JSON.parse(imageToPush().manifest.toString()), artifactType: 'application/x-chart' }))
  for (const blob of imageToPush().blobs) await pusher.blob('x/chart', blob)
  await pusher.manifest('x/chart', '1', { bytes: chart })
  const table: [reference: string, args: string[], status: number, stderr: RegExp][] = [
    ['x/hello:v1', ['--arch', 'riscv64', '--arch', 'amd64,s390x'], 1, /x\/hello:v1 has no image for s390x, riscv64; it has amd64, arm64/],
    ['x/hello:v2', [], 1, /there is no .*x\/hello:v2/],
    [`x/hello@sha256:${'0'.repeat(64)}`, [], 1, /there is no .*x\/hello@sha256:0000/],
    ['x/chart:1', [], 1, /is no image, but application\/x-chart/]
  ]
  for (const [reference, args, status, stderr] of table)
    t.match(await pull(reference, '--id', 'a:1', ...args), { status, stderr }, reference)
  t.match(await ours.run(['pull', `${host}/x/hello:v1`]), { status: 64, stderr: /expected --id/ })
  t.match(await ours.run(['pull', `${host}/x/hello:v1`, '--id', 'A:1']), {
    status: 64,
    stderr: /--id is "A:1", and registry clients allow no upper case/
  })
  t.match(await ours.run(['pull', 'hello:1', '--id', 'a:1']), { status: 64, stderr: /expected REGISTRY\/NAME:TAG/ })
  t.match(await ours.run(['pull', '127.0.0.1:1/hello:1', '--id', 'a:1']), { status: 69, stderr: /127\.0\.0\.1:1 cannot be reached/ })
})

t.test('a single image, by tag and by digest, leaves the images for others as they are', async (t) => {
  const { manifest } = await pusher.image('x/one', '1', { architecture: 'arm64', layers: [[{ name: 'etc/x', body: 'x' }]] })
  const digest = digestOfBytes(manifest)
  await pull('x/hello:v1', '--id', 'mixed:1')

  const byTag = await pull('x/one:1-arm64', '--id', 'one:1')
  const wrong = await pull(`x/one@${digest}`, '--id', 'one:1', '--arch', 'amd64')
  const byDigest = await pull(`x/one@${digest}`, '--id', 'mixed:1')
  const { images } = await view('mixed:1')

  t.match(byTag, { status: 0, value: { digest, architectures: ['arm64'] } })
  t.match(wrong, { status: 1, stderr: /has no image for amd64; it has arm64/ })
  t.match(byDigest, { status: 0, value: { origin: `${host}/x/one@${digest}` } })
  t.match(images, { amd64: { verdict: 'match' }, arm64: { manifest: digest, origin: `${host}/x/one@${digest}` } })
})

t.test("Docker's media types are kept, and other systems are left out", async (t) => {
  const image = async (architecture: string, os = 'linux') => {
    const { blobs, manifest, config } = imageToPush({ architecture, os })
    for (const blob of blobs) await pusher.blob('x/docker', blob)
    const { layers, ...rest } = JSON.parse(manifest.toString())
    const bytes = Buffer.from(
      JSON.stringify({
        ...rest,
        mediaType: docker.manifest,
        config: { ...rest.config, mediaType: docker.config, size: config.length },
        layers: layers.map((layer: object) => ({ ...layer, mediaType: docker.layer }))
      })
    )
    t.equal((await pusher.manifest('x/docker', digestOfBytes(bytes), { bytes })).statusCode, 201)
    return { bytes, architecture, os }
  }
  const [linux, windows] = [await image('amd64'), await image('amd64', 'windows')]
  await pusher.manifest('x/docker', '1', { bytes: indexOf([windows, linux], docker.list) })

  const { status, value } = await pull('x/docker:1', '--id', 'docker:1')
  const { document } = await served('docker:1')

  t.equal(status, 0)
  t.match(value.container.images, { amd64: { verdict: 'match', manifest: digestOfBytes(linux.bytes) } })
  t.match(document, { mediaType: docker.list, manifests: [{ mediaType: docker.manifest, digest: digestOfBytes(linux.bytes) }] })
  t.equal(document.manifests.length, 1)
})

t.test('an index that names no platforms is understood by the configurations', async (t) => {
  const { manifest } = await pusher.image('x/bare', '', { architecture: 'arm64', layers: [[{ name: 'a', body: 'a' }]] })
  const descriptor = { mediaType: JSON.parse(manifest.toString()).mediaType, digest: digestOfBytes(manifest), size: manifest.length }
  const bytes = Buffer.from(JSON.stringify({ ...JSON.parse(indexOf([]).toString()), manifests: [descriptor] }))
  await pusher.manifest('x/bare', '1', { bytes })

  t.match(await pull('x/bare:1', '--id', 'bare:1'), { status: 0, value: { architectures: ['arm64'], digest: digestOfBytes(bytes) } })
})

t.test('attestations come with the images that they are about', async (t) => {
  const images = await Promise.all(
    ['amd64', 'arm64'].map(async (architecture) => {
      const layers = [[{ name: 'etc/x', body: architecture }]]
      return { architecture, bytes: (await pusher.image('x/attested', '', { architecture, layers })).manifest }
    })
  )
  const { config } = JSON.parse(images[0]!.bytes.toString())
  const layers = [{ ...config, mediaType: 'application/vnd.in-toto+json' }]
  const attestation = Buffer.from(JSON.stringify({ ...JSON.parse(images[0]!.bytes.toString()), layers }))
  await pusher.manifest('x/attested', digestOfBytes(attestation), { bytes: attestation })
  const { manifests, ...rest } = JSON.parse(indexOf([...images, { bytes: attestation, architecture: 'unknown', os: 'unknown' }]).toString())
  manifests[2].annotations = { 'vnd.docker.reference.digest': manifests[0].digest }
  const bytes = Buffer.from(JSON.stringify({ ...rest, manifests }, null, 2))
  await pusher.manifest('x/attested', '1', { bytes })

  const whole = await pull('x/attested:1', '--id', 'whole:1')
  const amd64 = await pull('x/attested:1', '--id', 'part:1', '--arch', 'amd64')
  const arm64 = await pull('x/attested:1', '--id', 'other:1', '--arch', 'arm64')

  t.match(whole, { status: 0, value: { digest: digestOfBytes(bytes), architectures: ['amd64', 'arm64'] } })
  t.equal((await served('whole:1')).digest, digestOfBytes(bytes))
  t.match([amd64.status, arm64.status], [0, 0])
  t.strictSame((await served('part:1')).document.manifests, [manifests[0], manifests[2]])
  t.strictSame((await served('other:1')).document.manifests, [manifests[1]])
})

t.test('bytes with another digest are refused, and nothing is registered', async (t) => {
  const bytesAt = async (path: string) => Buffer.from(await (await fetch(`${other.url}/v2/x/hello/${path}`)).arrayBuffer())
  const { layers } = JSON.parse((await bytesAt(`manifests/${amd64}`)).toString())
  const pullMeddled = async (path: string) => {
    const body = await bytesAt(path)
    body[body.length - 1]! ^= 1
    const there = await startMeddlingProxy(t, {
      target: other.url,
      meddle: ({ method, url }) => (method === 'GET' && url === `/v2/x/hello/${path}` ? { body } : undefined)
    })
    return ours.run(['pull', `${there.host}/x/hello:v1`, '--id', 'a:1'])
  }

  const blob = await pullMeddled(`blobs/${layers.at(-1).digest}`)
  const manifest = await pullMeddled(`manifests/${amd64}`)

  t.match(blob, { status: 1, stderr: /the source has other bytes for sha256:[0-9a-f]{64}: sha256:[0-9a-f]{64}; nothing was kept/ })
  t.match(manifest, { status: 1, stderr: /has another digest: sha256:/ })
  t.equal((await view('a:1')).status, 404)
})

t.test('on a strict site an image that is for other machines than it says is refused', async (t) => {
  const strict = await serve(t, { LEPORELLO_STRICT: 'true' })
  const { manifest } = await pusher.image('x/liar', '', { architecture: 'arm64' })
  const reference = `x/liar@${digestOfBytes(manifest)}`

  const { status, stderr } = await strict.run(['pull', `${host}/${reference}`, '--id', 'liar:1'])

  t.equal(status, 1)
  t.match(stderr, /answered 403 .*DENIED: the tarball is mislabelled/)
})

t.test('a registry that wants to be signed in to is, and only reading is asked for', async (t) => {
  const scopes: (string | null)[] = []
  const there = await startMeddlingProxy(t, {
    target: other.url,
    meddle({ url, headers }) {
      if (url!.startsWith('/token')) {
        scopes.push(new URL(url!, 'http://x').searchParams.get('scope'))
        const isMe = headers.authorization === `Basic ${Buffer.from('me:secret').toString('base64')}`
        return isMe ? { status: 200, body: Buffer.from('{"token":"abc"}') } : { status: 401 }
      }
      const challenge = `Bearer realm="http://${headers.host}/token",service="x"`
      return headers.authorization === 'Bearer abc' ? undefined : { status: 401, headers: { 'www-authenticate': challenge } }
    }
  })
  const pullWith = (DOCKER_CONFIG: string) => ours.run(['pull', `${there.host}/x/hello:v1`, '--id', 'signed:1'], { DOCKER_CONFIG })

  t.match(await pullWith(dockerLogin(t, { [there.host]: 'me:secret' })), { status: 0 })
  t.match(await pullWith(dockerLogin(t, { [there.host]: 'you:other' })), {
    status: 1,
    stderr: /it was asked as user "you": sign in again with docker login/
  })
  t.strictSame([...new Set(scopes)], ['repository:x/hello:pull'])
})

t.test('a registry that is busy or away for a moment is asked again', async (t) => {
  const [busy, away] = [new Set(['/v2/x/hello/manifests/v1', `/v2/x/hello/manifests/${amd64}`]), { blobs: 3 }]
  const there = await startMeddlingProxy(t, {
    target: other.url,
    meddle({ url = '' }) {
      if (busy.delete(url)) return { status: 429, headers: { 'retry-after': '0' } }
      if (!url.includes('/blobs/') || away.blobs-- <= 0) return undefined
      return away.blobs === 0 ? { cutAnswerAfter: 1 } : { status: 503, headers: { 'retry-after': '0' } }
    }
  })

  const { status, stderr } = await ours.run(['pull', `${there.host}/x/hello:v1`, '--id', 'patient:1'])

  t.equal(status, 0, stderr)
  t.match(stderr, /answered 429 for \/v2\/x\/hello\/manifests\/v1; .*trying again in 0 s/)
  t.match(stderr, /answered 503 for .*blobs/)
  t.match((await view('patient:1')).images, { amd64: { verdict: 'match' }, arm64: { verdict: 'match' } })
})

t.test('our own server says what a token lacks', async (t) => {
  const environment = { LEPORELLO_TOKENS: join(temporaryDirectory(t), 'tokens'), LEPORELLO_POLICY: 'read' }
  const make = async (scope: string) => (await command(t, { args: ['token', 'new', scope, '--scope', scope], environment })).stdout.trim()
  const [register, read] = [await make('register'), await make('read')]
  const guarded = await serve(t, environment)
  const pullWith = (more: Record<string, string>) => guarded.run(['pull', `${host}/x/hello:v1`, '--id', 'a:1'], more)

  t.match(await pullWith({}), { status: 1, stderr: /answered 401 .*; set LEPORELLO_TOKEN$/m })
  t.match(await pullWith({ LEPORELLO_TOKEN: read }), { status: 1, stderr: /answered 403 .*DENIED: .*read/ })
  t.match(await pullWith({ LEPORELLO_TOKEN: register }), { status: 0 })
})
