import { gzipSync } from 'node:zlib'
import t from 'tap'
import type { BlobStore } from '../../../src/blobs/blob-store.ts'
import { fromFactsDocument, toFactsDocument } from '../../../src/domain/image/facts.ts'
import {
  appLayer,
  baseLayer,
  craneTarball,
  newDockerSave,
  ociLayout,
  oldDockerSave,
  skopeoArchive,
  type TestImage
} from '../../support/images.ts'
import { digestOfBytes, everyType, indexType, type ManifestDocument, manifestType, ociClient, ociPusher } from '../../support/oci.ts'
import { openBlobs } from '../../support/start-server.ts'
import { tar } from '../../support/tar.ts'
import { startWithTarballs, type WithTarballs } from '../../support/tarballs.ts'
import { zstd } from '../../support/zstd.ts'

const arm64: TestImage = { architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] }
/** Says arm64, and its programs are for x86_64. */
const mislabelled: TestImage = { architecture: 'arm64', layers: [baseLayer(), appLayer()] }

async function upload({ app }: WithTarballs, architecture: string, { payload, id = 'hello:v1' }: { payload: Buffer; id?: string }) {
  const reply = await app.inject({
    method: 'PUT',
    url: `/api/v1/containers/${encodeURIComponent(id)}/images/${architecture}?version=v1`,
    payload,
    headers: { 'content-type': 'application/x-tar' }
  })
  t.match(reply.statusCode, /20\d/, reply.body.slice(0, 300))
  return reply.json()
}

const forms: [string, (image: TestImage) => Buffer][] = [
  ['a plain docker-archive of old', (image) => tar(oldDockerSave(image))],
  ['a docker-archive of go-containerregistry, its layers packed', (image) => tar(craneTarball(image))],
  ['a docker-archive of skopeo', (image) => tar(skopeoArchive(image))],
  ['an OCI layout with zstd layers', (image) => tar(ociLayout({ ...image, packing: 'zstd' }))],
  ['docker save of today', (image) => tar(newDockerSave(image))],
  ['docker save | gzip', (image) => gzipSync(tar(newDockerSave(image)))],
  ['docker save | zstd', (image) => zstd(tar(oldDockerSave(image)))]
]

for (const [name, made] of forms) {
  t.test(`${name}: its tag is an index, and every blob of both images comes by its digest`, async (t) => {
    const server = await startWithTarballs(t)
    await upload(server, 'amd64', { payload: made({}) })
    await upload(server, 'arm64', { payload: made(arm64) })
    const oci = ociClient(server.app)

    const tag = await oci.get('hello/manifests/v1', { accept: everyType })

    t.equal(tag.statusCode, 200, tag.body)
    t.equal(tag.headers['content-type'], indexType)
    t.equal(tag.headers['docker-content-digest'], digestOfBytes(tag.rawPayload))
    t.strictSame(
      tag.json().manifests.map(({ platform }: { platform: object }) => platform),
      [
        { architecture: 'amd64', os: 'linux' },
        { architecture: 'arm64', os: 'linux' }
      ]
    )
    for (const { digest, size, mediaType } of tag.json().manifests) {
      const manifest = await oci.get(`hello/manifests/${digest}`, { accept: everyType })
      t.equal(manifest.statusCode, 200, manifest.body)
      t.equal(digestOfBytes(manifest.rawPayload), digest)
      t.strictSame([manifest.rawPayload.length, manifest.headers['content-type']], [size, mediaType])
      const { config, layers } = manifest.json() as ManifestDocument
      await Promise.all(
        [config, ...layers].map(async (blob) => {
          const bytes = await oci.get(`hello/blobs/${blob.digest}`)
          t.equal(bytes.statusCode, 200, bytes.body.slice(0, 200))
          t.equal(digestOfBytes(bytes.rawPayload), blob.digest)
          t.equal(bytes.rawPayload.length, blob.size)
          const head = await oci.head(`hello/blobs/${blob.digest}`)
          t.strictSame([head.statusCode, head.headers['content-length']], [200, String(blob.size)])
        })
      )
    }
  })
}

t.test("a client that takes no index, such as TripleO's, gets the image for amd64; where there is none, the index", async (t) => {
  const server = await startWithTarballs(t)
  const oci = ociClient(server.app)
  await upload(server, 'arm64', { payload: tar(oldDockerSave(arm64)) })
  const alone = await oci.get('hello/manifests/v1', { accept: manifestType })
  await upload(server, 'amd64', { payload: tar(oldDockerSave({})) })

  const both = await oci.get('hello/manifests/v1', {
    accept: `application/vnd.docker.distribution.manifest.v2+json;q=1, ${manifestType};q=0.5`
  })

  t.equal(alone.headers['content-type'], indexType)
  const { manifests } = await oci.index('hello:v1')
  t.match(manifests, [
    { platform: { architecture: 'amd64' }, digest: both.headers['docker-content-digest'] },
    { platform: { architecture: 'arm64' } }
  ])
  t.equal(digestOfBytes(both.rawPayload), manifests[0]!.digest)
})

t.test('a single image is an index too, so that no client takes it for another machine', async (t) => {
  const server = await startWithTarballs(t)
  await upload(server, 'amd64', { payload: tar(oldDockerSave({})) })

  const { manifests } = await ociClient(server.app).index('hello:v1')

  t.strictSame(
    manifests.map(({ platform }) => platform.architecture),
    ['amd64']
  )
})

t.test('ranges, conditions and HEAD', async (t) => {
  const server = await startWithTarballs(t)
  await upload(server, 'amd64', { payload: tar(oldDockerSave({})) })
  const oci = ociClient(server.app)
  const [image] = (await oci.index('hello:v1')).manifests
  const { layers } = (await oci.get(`hello/manifests/${image!.digest}`)).json() as ManifestDocument
  const blob = `hello/blobs/${layers[0]!.digest}`
  const whole = (await oci.get(blob)).rawPayload

  const part = await oci.get(blob, { range: 'bytes=100-199' })
  t.strictSame([part.statusCode, part.headers['content-range']], [206, `bytes 100-199/${whole.length}`])
  t.ok(part.rawPayload.equals(whole.subarray(100, 200)))
  const tail = await oci.get(blob, { range: 'bytes=-10' })
  t.ok(tail.rawPayload.equals(whole.subarray(-10)))
  const beyond = await oci.get(blob, { range: `bytes=${whole.length}-` })
  t.strictSame([beyond.statusCode, beyond.headers['content-range']], [416, `bytes */${whole.length}`])
  t.match(beyond.json(), { errors: [{ code: 'RANGE_INVALID', message: /none of them/ }] })
  const same = await oci.get(blob, { 'if-none-match': `"${layers[0]!.digest}"` })
  t.strictSame([same.statusCode, same.body], [304, ''])
  const tag = await oci.get('hello/manifests/v1')
  t.equal((await oci.get('hello/manifests/v1', { 'if-none-match': tag.headers.etag as string })).statusCode, 304)
  const head = await oci.head('hello/manifests/v1')
  t.strictSame([head.statusCode, head.body, head.headers['content-length']], [200, '', String(tag.rawPayload.length)])
})

t.test('a mislabelled image is in no index, and asked for by itself it is refused with what its bytes are', async (t) => {
  const server = await startWithTarballs(t)
  await upload(server, 'amd64', { payload: tar(oldDockerSave({})) })
  const { image } = await upload(server, 'arm64', { payload: tar(oldDockerSave(mislabelled)) })
  const oci = ociClient(server.app)

  t.strictSame(
    (await oci.index('hello:v1')).manifests.map(({ platform }) => platform.architecture),
    ['amd64']
  )
  for (const reference of [image.manifest, 'v1-arm64', 'v1-aarch64']) {
    const refused = await oci.get(`hello/manifests/${reference}`, { accept: everyType })
    t.equal(refused.statusCode, 403, refused.body)
    t.match(refused.json(), { errors: [{ code: 'DENIED', message: /amd64|x86/ }] })
  }
})

t.test('a tag with an architecture is the one image, and a missing one is said by name', async (t) => {
  const server = await startWithTarballs(t)
  await upload(server, 'amd64', { payload: tar(oldDockerSave({})) })
  const oci = ociClient(server.app)

  for (const tag of ['v1-amd64', 'v1-x86_64']) {
    const single = await oci.get(`hello/manifests/${tag}`, { accept: everyType })
    t.strictSame([single.statusCode, single.headers['content-type']], [200, manifestType])
  }
  const missing = await oci.get('hello/manifests/v1-arm64')
  t.equal(missing.statusCode, 404)
  t.match(missing.json(), { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'hello:v1 has no image for arm64; it has: amd64' }] })
})

t.test('a digest stays when other images are registered', async (t) => {
  const server = await startWithTarballs(t)
  await upload(server, 'amd64', { payload: tar(oldDockerSave({})) })
  const oci = ociClient(server.app)
  const before = await oci.get('hello/manifests/v1')
  const [image] = before.json().manifests
  const { layers } = (await oci.get(`hello/manifests/${image.digest}`)).json() as ManifestDocument

  await upload(server, 'amd64', { payload: tar(oldDockerSave({ config: { Labels: { other: 'yes' } } })) })

  const after = await oci.get('hello/manifests/v1')
  t.not(after.headers['docker-content-digest'], before.headers['docker-content-digest'])
  for (const digest of [before.headers['docker-content-digest'], image.digest]) {
    t.equal(digestOfBytes((await oci.get(`hello/manifests/${digest}`)).rawPayload), digest)
  }
  t.equal((await oci.get(`hello/blobs/${layers[0]!.digest}`)).statusCode, 200)
})

t.test('a digest that our own API names is there before anybody asked for the tag', async (t) => {
  const server = await startWithTarballs(t)
  await upload(server, 'amd64', { payload: tar(oldDockerSave({})) })
  const list = (await server.app.inject('/api/v1/containers/hello%3Av1/manifest')).json()

  const reply = await ociClient(server.app).get(`hello/manifests/${list.manifests[0].digest}`)

  t.equal(digestOfBytes(reply.rawPayload), list.manifests[0].digest)
})

t.test('tags and repositories come in pages', async (t) => {
  const server = await startWithTarballs(t)
  const payload = tar(oldDockerSave({}))
  for (const id of ['hello:v2', 'hello:v1', 'a-b:1', 'a/b:1', 'a:1', 'plain', 'Upper:1']) await upload(server, 'amd64', { payload, id })
  await server.catalogue.summaries.settled(10_000)
  const oci = ociClient(server.app)

  t.strictSame((await oci.get('hello/tags/list')).json(), { name: 'hello', tags: ['v1', 'v2'] })
  t.strictSame((await oci.get('plain/tags/list')).json(), { name: 'plain', tags: ['latest'] })
  const first = await oci.get('hello/tags/list?n=1')
  t.strictSame([first.json().tags, first.headers.link], [['v1'], '</v2/hello/tags/list?n=1&last=v1>; rel="next"'])
  const second = await oci.get('hello/tags/list?n=1&last=v1')
  t.strictSame([second.json().tags, second.headers.link], [['v2'], undefined])
  t.strictSame((await oci.get('_catalog')).json(), { repositories: ['a', 'a-b', 'a/b', 'hello', 'plain'] })
  const page = await oci.get('_catalog?n=2&last=a')
  t.strictSame([page.json().repositories, page.headers.link], [['a-b', 'a/b'], '</v2/_catalog?n=2&last=a%2Fb>; rel="next"'])
  t.match((await oci.get('nobody/tags/list')).json(), { errors: [{ code: 'NAME_UNKNOWN' }] })
  t.equal((await oci.get('plain/manifests/latest')).statusCode, 200)
})

t.test('each repository is listed once, however many tags it has, and whatever the pages', async (t) => {
  const server = await startWithTarballs(t)
  const push = ociPusher(server.app)
  await push.blob('artifacts/many', Buffer.from('{}'))
  const config = { mediaType: 'application/vnd.example+json', digest: digestOfBytes('{}'), size: 2 }
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config, layers: [] }))
  const repositories = ['a/one', 'artifacts/many', ...Array.from({ length: 30 }, (_, i) => `b${String(i).padStart(2, '0')}`), 'z/many']
  const tags = (repository: string) => (repository.endsWith('many') ? 40 : 1)
  const register = (name: string) =>
    server.app.inject({
      method: 'POST',
      url: '/api/v0.1/container/add',
      payload: new URLSearchParams({ name, version: '1', digest: 'sha256:1', url: 's3://bucket/x.tar' }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' }
    })
  for (const repository of repositories) {
    for (let tag = 0; tag < tags(repository); tag++) {
      if (repository.startsWith('artifacts')) await push.manifest(repository, `t${tag}`, { bytes })
      else await register(`${repository}:${tag}`)
    }
  }
  await server.catalogue.summaries.settled(10_000)

  for (const n of [1, 7, 33, 100]) {
    const listed: string[] = []
    for (let path: string | undefined = `_catalog?n=${n}`; path; ) {
      const reply = await ociClient(server.app).get(path)
      listed.push(...reply.json().repositories)
      path = /<\/v2\/([^>]+)>/.exec(String(reply.headers.link ?? ''))?.[1]
    }
    t.strictSame(listed, repositories, `${n} a page`)
  }
})

t.test('what clients ask for counts as demand', async (t) => {
  const server = await startWithTarballs(t)
  await upload(server, 'amd64', { payload: tar(oldDockerSave({})) })
  const oci = ociClient(server.app)
  const docker = { 'user-agent': 'docker/20.10.24 go/go1.19.8 kernel/6.1 os/linux arch/arm64', accept: everyType }
  const { manifests } = await oci.index('hello:v1')

  await oci.get('hello/manifests/v1', docker)
  await oci.get(`hello/manifests/${manifests[0]!.digest}`, docker)

  await server.catalogue.demand.flush()
  const { rows } = await server.catalogue.demand.read(1)
  t.match(rows.map(({ architecture, answered, refused }) => [architecture, answered, refused]).sort(), [
    ['amd64', 1, 0],
    ['arm64', 0, 1]
  ])
})

t.test('our own API says which containers can be pulled, and why others cannot', async (t) => {
  const server = await startWithTarballs(t)
  const payload = tar(oldDockerSave({}))
  const listOf = async (id: string) => (await server.app.inject(`/api/v1/containers/${encodeURIComponent(id)}/manifest`)).json()
  for (const id of ['hello:v1', 'Hello:v1', 'hello:1+2']) await upload(server, 'amd64', { payload, id })

  const { pullable, notPullable, manifests } = await listOf('hello:v1')
  t.strictSame([pullable, notPullable], [true, undefined])
  t.strictSame((await ociClient(server.app).index('hello:v1')).manifests, manifests)
  t.match(await listOf('Hello:v1'), { pullable: false, notPullable: /upper case/ })
  t.match(await listOf('hello:1+2'), { pullable: false, notPullable: /no tag for registry clients/ })
})

const refusals: [string, number, string, RegExp][] = [
  ['hello/manifests/nope', 404, 'MANIFEST_UNKNOWN', /no hello:nope/],
  [`hello/manifests/sha256:${'0'.repeat(64)}`, 404, 'MANIFEST_UNKNOWN', /has no manifest/],
  ['hello/manifests/sha256:12', 400, 'DIGEST_INVALID', /expected sha256:/],
  ['hello/manifests/-bad', 400, 'MANIFEST_INVALID', /no tag/],
  ['Hello/manifests/v1', 400, 'NAME_INVALID', /lower-case/],
  [`hello/blobs/sha256:${'0'.repeat(64)}`, 404, 'BLOB_UNKNOWN', /has no blob/],
  [`hello/blobs/sha512:${'0'.repeat(128)}`, 400, 'DIGEST_INVALID', /sha256 only/],
  ['hello/elsewhere', 404, 'UNSUPPORTED', /no GET/],
  ['hello/tags/list?n=x', 400, 'UNSUPPORTED', /how many/]
]

t.test('refusals are the specification’s', async (t) => {
  const server = await startWithTarballs(t)
  await upload(server, 'amd64', { payload: tar(oldDockerSave({})) })
  for (const [path, status, code, message] of refusals) {
    const reply = await ociClient(server.app).get(path)
    t.equal(reply.statusCode, status, path)
    t.match(reply.json(), { errors: [{ code, message }] }, path)
  }
  const base = await ociClient(server.app).get('')
  t.strictSame([base.statusCode, base.headers['docker-distribution-api-version'], base.body], [200, 'registry/2.0', '{}'])
})

t.test('many that pull at once unpack a compressed tarball once', async (t) => {
  const blobs = await openBlobs(t)
  let opened = 0
  const counting: BlobStore = {
    ...blobs,
    get: (key, options) => {
      if (key.startsWith('containers/')) opened++
      return blobs.get(key, options)
    }
  }
  const server = await startWithTarballs(t, { blobs: counting })
  await upload(server, 'amd64', { payload: gzipSync(tar(newDockerSave({}))) })
  const oci = ociClient(server.app)
  const [image] = (await oci.index('hello:v1')).manifests
  const { config, layers } = (await oci.get(`hello/manifests/${image!.digest}`)).json() as ManifestDocument
  opened = 0

  const wanted = [config, ...layers].flatMap((blob) => Array.from({ length: 8 }, () => blob))
  const replies = await Promise.all(wanted.map(({ digest }) => oci.get(`hello/blobs/${digest}`)))

  t.ok(replies.every(({ rawPayload }, i) => digestOfBytes(rawPayload) === wanted[i]!.digest))
  t.ok(opened <= 1, `the tarball was opened ${opened} times`)
})

t.test('a tarball that was replaced by its path gives no bytes under the old digests', async (t) => {
  const server = await startWithTarballs(t)
  const put = (payload: Buffer) => server.app.inject({ method: 'PUT', url: '/storage/mine.tar', payload })
  await put(tar(oldDockerSave({})))
  const url = 'http://127.0.0.1:0/storage/mine.tar'
  await server.app.inject({
    method: 'PUT',
    url: '/api/v1/containers/mine%3Av1/images/amd64',
    payload: JSON.stringify({ url, digest: 'sha256:1' }),
    headers: { 'content-type': 'application/json' }
  })
  await server.app.inject({ method: 'POST', url: '/api/v1/containers/mine%3Av1/images/amd64/verify' })
  const oci = ociClient(server.app)
  const [image] = (await oci.index('mine:v1')).manifests
  const { layers } = (await oci.get(`mine/manifests/${image!.digest}`)).json() as ManifestDocument
  t.equal((await oci.get(`mine/blobs/${layers[0]!.digest}`)).statusCode, 200)

  await put(tar(oldDockerSave({ config: { Labels: { other: 'yes' } } })))

  t.match((await oci.get(`mine/blobs/${layers[0]!.digest}`)).json(), { errors: [{ code: 'BLOB_UNKNOWN', message: /another one by now/ }] })
})

t.test('images that an earlier version read, which noted no offsets, and those whose report was too large', async (t) => {
  const server = await startWithTarballs(t)
  await upload(server, 'amd64', { payload: tar(newDockerSave({})) })
  const { items } = await server.stores.facts.list({ limit: 10 })
  const stored = items.find(({ document }) => document.includes('"report":{'))!
  const before = stored.document.replace(/,"offset":(\d+|null)/g, '')
  t.not(before, stored.document)
  await server.stores.facts.put(stored.id, before)
  await pullAll(server, 'hello:v1')

  const facts = fromFactsDocument(stored.document)!
  const large = toFactsDocument(
    { ...facts, report: { ...facts.report!, images: [...facts.report!.images, 'x'.repeat(600_000)] } },
    stored.id
  )
  t.match(JSON.parse(large), { report: { images: [] }, parts: { layers: Array } })
  await server.stores.facts.put(stored.id, large)
  await pullAll(server, 'hello:v1')

  async function pullAll({ app }: WithTarballs, name: string) {
    const oci = ociClient(app)
    const [image] = (await oci.index(name)).manifests
    const repository = name.split(':')[0]
    const { config, layers } = (await oci.get(`${repository}/manifests/${image!.digest}`)).json() as ManifestDocument
    for (const { digest } of [config, ...layers])
      t.equal(digestOfBytes((await oci.get(`${repository}/blobs/${digest}`)).rawPayload), digest)
  }
})
