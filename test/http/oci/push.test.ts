import t from 'tap'
import { inspectImage } from '../../../src/images/inspect-image.ts'
import { appLayer, baseLayer, inChunks, type TestImage } from '../../support/images.ts'
import {
  configType,
  digestOfBytes,
  everyType,
  imageToPush,
  indexOf,
  indexType,
  manifestType,
  ociClient,
  ociPusher
} from '../../support/oci.ts'
import { startWithTarballs, type WithTarballs } from '../../support/tarballs.ts'

const arm64: TestImage = { architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] }
/** Says arm64, and its programs are for x86_64. */
const mislabelled: TestImage = { architecture: 'arm64', layers: [baseLayer(), appLayer()] }

const viewOf = async ({ app }: WithTarballs, id: string) => (await app.inject(`/api/v1/containers/${encodeURIComponent(id)}`)).json()
const verdictsOf = async (server: WithTarballs, id: string) =>
  Object.entries((await viewOf(server, id)).images as Record<string, { verdict: string }>).map(([architecture, { verdict }]) => [
    architecture,
    verdict
  ])

t.test('a pushed image is a container at once, proven, with its history', async (t) => {
  const server = await startWithTarballs(t)
  const { manifest, reply } = await ociPusher(server.app).image('hysds/hello', 'v1')

  t.strictSame([reply.statusCode, reply.headers['docker-content-digest']], [201, digestOfBytes(manifest)], reply.body)
  const view = await viewOf(server, 'hysds/hello:v1')
  t.match(view, { version: 'v1', images: { amd64: { verdict: 'match', manifest: digestOfBytes(manifest) } } })
  const { items } = (await server.app.inject('/api/v1/containers/hysds%2Fhello%3Av1/history')).json()
  t.match(
    items.find(({ kind }: { kind: string }) => kind === 'record'),
    { what: 'created', by: { face: 'oci' } }
  )
  const oci = ociClient(server.app)
  t.strictSame(
    (await oci.index('hysds/hello:v1')).manifests.map(({ digest, platform }) => [digest, platform.architecture]),
    [[digestOfBytes(manifest), 'amd64']]
  )
  const pushed = await oci.get(`hysds/hello/manifests/${digestOfBytes(manifest)}`)
  t.ok(pushed.rawPayload.equals(manifest), 'the bytes come back as they were')
  const single = await oci.get('hysds/hello/manifests/v1', { accept: manifestType })
  t.ok(single.rawPayload.equals(manifest), 'a client that takes no index gets the manifest as it was pushed')
})

t.test('a worker that knows only URLs loads a pushed image as a tarball', async (t) => {
  for (const packing of ['none', 'gzip', 'zstd'] as const) {
    const server = await startWithTarballs(t)
    await ociPusher(server.app).image('hysds/hello', 'v1', { packing })
    const { images } = await viewOf(server, 'hysds/hello:v1')
    const path = new URL(images.amd64.url).pathname

    const head = await server.app.inject({ method: 'HEAD', url: path })
    const whole = await server.app.inject(path)

    t.strictSame([head.statusCode, Number(head.headers['content-length'])], [200, whole.rawPayload.length])
    const { report } = await inspectImage(inChunks(whole.rawPayload), { container: 'hysds/hello:v1' })
    t.strictSame([report.verdict, report.problems, report.formats], ['match', [], ['docker-archive', 'oci-layout']])
    t.strictSame(report.images[0]?.tags, ['hysds/hello:v1'])
    const part = await server.app.inject({ url: path, headers: { range: 'bytes=700-2999' } })
    t.equal(part.statusCode, 206)
    t.ok(part.rawPayload.equals(whole.rawPayload.subarray(700, 3000)))
    t.ok((await server.app.inject(path)).rawPayload.equals(whole.rawPayload))
  }
})

t.test('an index is one container with two images, and comes back as it was', async (t) => {
  const server = await startWithTarballs(t)
  const push = ociPusher(server.app)
  const amd = await push.image('hello', '')
  const arm = await push.image('hello', '', arm64)
  const bytes = indexOf([
    { bytes: amd.manifest, architecture: 'amd64' },
    { bytes: arm.manifest, architecture: 'arm64' }
  ])

  t.equal((await push.manifest('hello', 'v1', { bytes })).statusCode, 201)

  t.strictSame(await verdictsOf(server, 'hello:v1'), [
    ['amd64', 'match'],
    ['arm64', 'match']
  ])
  const tag = await ociClient(server.app).get('hello/manifests/v1', { accept: everyType })
  t.ok(tag.rawPayload.equals(bytes))
})

t.test('an index of the indexes that other tags are, as regctl makes it, is one container, whose tag names its images', async (t) => {
  const server = await startWithTarballs(t)
  const push = ociPusher(server.app)
  const oci = ociClient(server.app)
  const images = [await push.image('hello', 'one'), await push.image('hello', 'other', arm64)]
  const manifests: object[] = []
  for (const tag of ['one', 'other']) {
    const { rawPayload } = await oci.get(`hello/manifests/${tag}`, { accept: everyType })
    manifests.push({ mediaType: indexType, digest: digestOfBytes(rawPayload), size: rawPayload.length })
  }
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }))

  t.equal((await push.manifest('hello', 'v1', { bytes })).statusCode, 201)

  t.strictSame(await verdictsOf(server, 'hello:v1'), [
    ['amd64', 'match'],
    ['arm64', 'match']
  ])
  t.strictSame(
    (await oci.index('hello:v1')).manifests.map(({ digest }) => digest),
    images.map(({ manifest }) => digestOfBytes(manifest))
  )
  t.ok((await oci.get(`hello/manifests/${digestOfBytes(bytes)}`)).rawPayload.equals(bytes), 'by its digest it comes back as it was')
})

t.test('two tags for two architectures are one container, whose tag is the list', async (t) => {
  const server = await startWithTarballs(t)
  const push = ociPusher(server.app)
  await push.image('hello', 'v1-amd64')
  const arm = await push.image('hello', 'v1-aarch64', arm64)

  t.strictSame(await verdictsOf(server, 'hello:v1'), [
    ['amd64', 'match'],
    ['arm64', 'match']
  ])
  const oci = ociClient(server.app)
  t.strictSame(
    (await oci.index('hello:v1')).manifests.map(({ platform }) => platform.architecture),
    ['amd64', 'arm64']
  )
  const single = await oci.get('hello/manifests/v1-aarch64', { accept: everyType })
  t.strictSame([single.headers['content-type'], single.headers['docker-content-digest']], [manifestType, digestOfBytes(arm.manifest)])
})

t.test('a second architecture under the same tag does not overwrite the first', async (t) => {
  const server = await startWithTarballs(t)
  const push = ociPusher(server.app)
  await push.image('hello', 'v1')
  await push.image('hello', 'v1', arm64)

  t.equal((await ociClient(server.app).index('hello:v1')).manifests.length, 2)
})

t.test("HySDS's builder: an id, the id with an architecture, an index, and then container/add", async (t) => {
  const server = await startWithTarballs(t)
  const push = ociPusher(server.app)
  const amd = await push.image('hello', 'v1')
  const arm = await push.image('hello', 'v1-arm64', arm64)
  const bytes = indexOf([
    { bytes: amd.manifest, architecture: 'amd64' },
    { bytes: arm.manifest, architecture: 'arm64' }
  ])
  await push.manifest('hello', 'v1', { bytes })
  const urls = JSON.stringify({ x86_64: 's3://bucket/hello-v1.tar.gz', aarch64: 's3://bucket/hello-v1-arm64.tar.gz' })
  const digest = digestOfBytes(imageToPush(arm64).config)
  const form = new URLSearchParams({ name: 'hello:v1', version: 'v1', url: 's3://bucket/hello-v1.tar.gz', urls, digest }).toString()
  const add = await server.app.inject({
    method: 'POST',
    url: '/api/v0.1/container/add',
    payload: form,
    headers: { 'content-type': 'application/x-www-form-urlencoded' }
  })
  t.match(add.json(), { success: true })

  const oci = ociClient(server.app)
  t.ok((await oci.get('hello/manifests/v1', { accept: everyType })).rawPayload.equals(bytes), 'the same build: as it was pushed')
  const list = await server.app.inject('/api/v1/containers/hello%3Av1/manifest')
  t.match(list.json(), { pullable: true, unproven: [] })
  t.strictSame(
    list.json().manifests.map(({ digest }: { digest: string }) => digest),
    JSON.parse(bytes.toString()).manifests.map(({ digest }: { digest: string }) => digest),
    'our own API lists the same, though nobody has read the tarballs that are registered'
  )

  await server.app.inject({
    method: 'POST',
    url: '/api/v0.1/container/add',
    payload: form.replace(encodeURIComponent(digest), 'sha256%3Aother'),
    headers: { 'content-type': 'application/x-www-form-urlencoded' }
  })
  const other = await oci.get('hello/manifests/v1', { accept: everyType })
  t.equal(other.statusCode, 404, 'another build, which nobody here has read')
  t.match((await server.app.inject('/api/v1/containers/hello%3Av1/manifest')).json(), {
    manifests: [],
    unproven: [{ architecture: 'amd64' }, { architecture: 'arm64' }]
  })
  t.equal((await oci.get(`hello/manifests/${digestOfBytes(arm.manifest)}`)).statusCode, 200)
})

for (const last of ['amd64', 'arm64']) {
  t.test(
    `HySDS's builder with buildx, which builds all again for the index, ${last} last: what it registers is the same build`,
    async (t) => {
      let time = new Date('2026-11-30T12:00:00Z')
      const server = await startWithTarballs(t, { now: () => time })
      const push = ociPusher(server.app)
      const built = { amd64: { config: { Labels: { by: 'docker' } } }, arm64: { ...arm64, config: { Labels: { by: 'docker' } } } }
      await push.image('hello', 'v1', built.amd64)
      await push.image('hello', 'v1-arm64', built.arm64)
      const manifests = [await push.image('hello', ''), await push.image('hello', '', arm64)].map(({ manifest }) => manifest)
      const bytes = indexOf(manifests.map((manifest, i) => ({ bytes: manifest, architecture: ['amd64', 'arm64'][i]! })))
      await push.manifest('hello', 'v1', { bytes })
      const add = async (digest: string) => {
        const payload = new URLSearchParams({
          ...{ name: 'hello:v1', version: 'v1', digest, url: 's3://bucket/hello-v1.tar.gz' },
          urls: JSON.stringify({ x86_64: 's3://bucket/hello-v1.tar.gz', aarch64: 's3://bucket/hello-v1-arm64.tar.gz' })
        }).toString()
        const headers = { 'content-type': 'application/x-www-form-urlencoded' }
        const reply = await server.app.inject({ method: 'POST', url: '/api/v0.1/container/add', payload, headers })
        t.match(reply.json(), { success: true })
      }

      await add(digestOfBytes(imageToPush(last === 'amd64' ? built.amd64 : built.arm64).config))

      const oci = ociClient(server.app)
      t.ok((await oci.get('hello/manifests/v1', { accept: everyType })).rawPayload.equals(bytes), 'as it was pushed')
      time = new Date(time.getTime() + 2 * 86_400_000)
      await push.image('hello', 'v1', { config: { Labels: { by: 'a later build' } } })
      await add(digestOfBytes(imageToPush(built.amd64).config))
      t.strictSame(
        (await oci.index('hello:v1')).manifests.map(({ platform }) => platform.architecture),
        ['arm64'],
        'a later push is no part of that build'
      )
    }
  )
}

t.test('pipelines that push each its tag, and then register tarballs elsewhere: the tag is still the list', async (t) => {
  const server = await startWithTarballs(t)
  const push = ociPusher(server.app)
  await push.image('hello', 'v1-amd64')
  await push.image('hello', 'v1-aarch64', arm64)
  const payload = new URLSearchParams({
    ...{ name: 'hello:v1', version: 'v1', digest: digestOfBytes(imageToPush(arm64).config), url: 's3://bucket/hello-v1.tar.gz' },
    urls: JSON.stringify({ x86_64: 's3://bucket/hello-v1.tar.gz', aarch64: 's3://bucket/hello-v1-arm64.tar.gz' })
  }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  await server.app.inject({ method: 'POST', url: '/api/v0.1/container/add', payload, headers })

  t.strictSame(
    (await ociClient(server.app).index('hello:v1')).manifests.map(({ platform }) => platform.architecture),
    ['amd64', 'arm64']
  )
})

t.test('a mislabelled image is marked, and left out of the index; a strict site refuses it and keeps nothing', async (t) => {
  const server = await startWithTarballs(t)
  const push = ociPusher(server.app)
  await push.image('hello', 'v1')
  const wrong = await push.image('hello', 'v1-arm64', mislabelled)
  t.equal(wrong.reply.statusCode, 201)
  t.strictSame(await verdictsOf(server, 'hello:v1'), [
    ['amd64', 'match'],
    ['arm64', 'mislabelled']
  ])
  const oci = ociClient(server.app)
  t.equal((await oci.index('hello:v1')).manifests.length, 1)
  t.match((await oci.get(`hello/manifests/${digestOfBytes(wrong.manifest)}`)).json(), { errors: [{ code: 'DENIED' }] })

  const strict = await startWithTarballs(t, { strict: true })
  const { reply, manifest } = await ociPusher(strict.app).image('hello', 'v1', mislabelled)
  t.equal(reply.statusCode, 403)
  t.match(reply.json(), { errors: [{ code: 'DENIED', message: /mislabelled/ }] })
  t.equal((await ociClient(strict.app).get(`hello/manifests/${digestOfBytes(manifest)}`)).statusCode, 404)
  t.equal((await strict.app.inject('/api/v1/containers/hello%3Av1')).statusCode, 404)
})

t.test('artifacts are tags and referrers, and never containers', async (t) => {
  const server = await startWithTarballs(t)
  const push = ociPusher(server.app)
  const { manifest } = await push.image('hello', 'v1')
  const empty = Buffer.from('{}')
  await push.blob('hello', empty)
  const layer = { mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json', digest: digestOfBytes(empty), size: 2 }
  const subject = { mediaType: manifestType, digest: digestOfBytes(manifest), size: manifest.length }
  const document = { schemaVersion: 2, mediaType: manifestType, config: { ...layer, mediaType: configType }, layers: [layer] }
  const signature = Buffer.from(JSON.stringify(document))
  const sbom = Buffer.from(
    JSON.stringify({ ...document, artifactType: 'application/spdx+json', subject, annotations: { made: 'by hand' } })
  )

  const tag = `sha256-${digestOfBytes(manifest).slice(7)}.sig`
  t.equal((await push.manifest('hello', tag, { bytes: signature })).statusCode, 201)
  const attached = await push.manifest('hello', digestOfBytes(sbom), { bytes: sbom })
  t.strictSame([attached.statusCode, attached.headers['oci-subject']], [201, subject.digest])

  const oci = ociClient(server.app)
  t.ok((await oci.get(`hello/manifests/${tag}`)).rawPayload.equals(signature))
  t.strictSame((await oci.get('hello/tags/list')).json().tags, [tag, 'v1'])
  const { items } = (await server.app.inject('/api/v1/containers')).json()
  t.strictSame(
    items.map(({ id }: { id: string }) => id),
    ['hello:v1']
  )
  const listed = await oci.get(`hello/referrers/${subject.digest}`)
  t.equal(listed.headers['content-type'], indexType)
  t.strictSame(listed.json().manifests, [
    {
      mediaType: manifestType,
      digest: digestOfBytes(sbom),
      size: sbom.length,
      artifactType: 'application/spdx+json',
      annotations: { made: 'by hand' }
    }
  ])
  const filtered = await oci.get(`hello/referrers/${subject.digest}?artifactType=other`)
  t.strictSame([filtered.json().manifests, filtered.headers['oci-filters-applied']], [[], 'artifactType'])
})

t.test('an upload in chunks, streamed, resumed, cancelled', async (t) => {
  const server = await startWithTarballs(t)
  const { send } = ociPusher(server.app)
  const bytes = Buffer.alloc(100_000, 'leporello')
  const begun = await send('POST', 'hello/blobs/uploads/')
  t.equal(begun.statusCode, 202)
  const at = begun.headers.location as string

  const chunk = (first: number, last: number) =>
    send('PATCH', at, { payload: bytes.subarray(first, last + 1), headers: { 'content-range': `${first}-${last}` } })
  const first = await chunk(0, 39_999)
  t.strictSame([first.statusCode, first.headers.range, first.headers.location], [202, '0-39999', at])
  const gap = await chunk(50_000, 59_999)
  t.strictSame([gap.statusCode, gap.headers.range, gap.json().errors[0].code], [416, '0-39999', 'BLOB_UPLOAD_INVALID'])
  const status = await send('GET', at)
  t.strictSame([status.statusCode, status.headers.range], [204, '0-39999'])
  t.equal((await send('PATCH', at, { payload: bytes.subarray(40_000, 90_000) })).statusCode, 202, 'without a range it follows')
  const done = await send('PUT', `${at}?digest=${digestOfBytes(bytes)}`, {
    payload: bytes.subarray(90_000),
    headers: { 'content-range': '90000-99999' }
  })
  t.strictSame([done.statusCode, done.headers.location], [201, `/v2/hello/blobs/${digestOfBytes(bytes)}`], done.body)
  t.ok((await send('GET', done.headers.location as string)).rawPayload.equals(bytes))
  t.equal((await send('GET', at)).statusCode, 404, 'it has ended')

  const wrong = (await send('POST', 'hello/blobs/uploads/')).headers.location as string
  await send('PATCH', wrong, { payload: bytes })
  const refused = await send('PUT', `${wrong}?digest=${digestOfBytes('else')}`)
  t.strictSame([refused.statusCode, refused.json().errors[0].code], [400, 'DIGEST_INVALID'])
  const cancelled = (await send('POST', 'hello/blobs/uploads/')).headers.location as string
  t.equal((await send('DELETE', cancelled)).statusCode, 204)
  t.equal((await send('GET', cancelled)).statusCode, 404)
  t.equal((await send('GET', cancelled.replace('hello', 'other'))).statusCode, 404)
})

t.test('a blob is mounted only from where it is', async (t) => {
  const server = await startWithTarballs(t)
  const { send, blob } = ociPusher(server.app)
  const bytes = Buffer.from('some bytes')
  await blob('one', bytes)
  const digest = digestOfBytes(bytes)
  t.equal((await send('GET', `two/blobs/${digest}`)).statusCode, 404)
  t.equal((await send('POST', `two/blobs/uploads/?mount=${digest}&from=three`)).statusCode, 202)
  t.equal((await send('POST', `two/blobs/uploads/?mount=${digest}&from=one`)).statusCode, 201)
  t.ok((await send('GET', `two/blobs/${digest}`)).rawPayload.equals(bytes))
})

t.test('what is pushed outlives the tarball in which its layers were', async (t) => {
  const server = await startWithTarballs(t)
  const push = ociPusher(server.app)
  const { manifest } = await push.image('hello', 'v1')
  const payload = (await server.app.inject(new URL((await viewOf(server, 'hello:v1')).images.amd64.url).pathname)).rawPayload
  await server.app.inject({
    method: 'PUT',
    url: '/api/v1/containers/other%3Av1/images/amd64',
    payload,
    headers: { 'content-type': 'application/x-tar' }
  })
  const oci = ociClient(server.app)
  await oci.index('other:v1')
  t.equal((await push.manifest('other', 'v2', { bytes: manifest })).statusCode, 201, 'its blobs are those of the tarball')

  await server.app.inject({ method: 'DELETE', url: new URL((await viewOf(server, 'other:v1')).images.amd64.url).pathname })

  for (const { digest } of JSON.parse(manifest.toString()).layers) t.equal((await oci.get(`other/blobs/${digest}`)).statusCode, 200)
})

t.test('a tag is deleted with its container, a manifest when nothing names it', async (t) => {
  const server = await startWithTarballs(t)
  const push = ociPusher(server.app)
  const { manifest } = await push.image('hello', 'v1')
  const digest = digestOfBytes(manifest)
  const layer = JSON.parse(manifest.toString()).layers[0].digest

  t.equal((await push.send('DELETE', `hello/manifests/${digest}`)).statusCode, 405)
  t.equal((await push.send('DELETE', `hello/blobs/${layer}`)).statusCode, 405)
  t.equal((await push.send('DELETE', 'hello/manifests/v1')).statusCode, 202)
  t.equal((await push.send('GET', 'hello/manifests/v1')).statusCode, 404)
  t.equal((await server.app.inject('/api/v1/containers/hello%3Av1')).statusCode, 404)
  t.equal((await push.send('GET', `hello/manifests/${digest}`)).statusCode, 200, 'the digest outlives its tag')
  t.equal((await push.send('DELETE', `hello/manifests/${digest}`)).statusCode, 202)
  t.equal((await push.send('GET', `hello/manifests/${digest}`)).statusCode, 404)
  t.equal((await push.send('DELETE', `hello/blobs/${layer}`)).statusCode, 202)
  t.equal((await push.send('DELETE', 'hello/manifests/v1')).statusCode, 404)
})

t.test('bad manifests are refused with what is wrong, and nothing is stored', async (t) => {
  const server = await startWithTarballs(t)
  const push = ociPusher(server.app)
  const { manifest } = await push.image('hello', '')
  const good = JSON.parse(manifest.toString())
  const other = digestOfBytes('other')
  const cases: [string, object | string, number, string, RegExp][] = [
    ['no JSON', '{', 400, 'MANIFEST_INVALID', /no JSON/],
    ['another version', { ...good, schemaVersion: 1 }, 400, 'MANIFEST_INVALID', /schemaVersion/],
    ['another type', { ...good, mediaType: 'text/plain' }, 400, 'MANIFEST_INVALID', /media type/],
    ['no layers', { ...good, layers: undefined }, 400, 'MANIFEST_INVALID', /layers/],
    ['an unknown blob', { ...good, config: { ...good.config, digest: other } }, 400, 'MANIFEST_BLOB_UNKNOWN', /push it first/],
    ['a size that lies', { ...good, config: { ...good.config, size: 1 } }, 400, 'MANIFEST_INVALID', /bytes, not 1/],
    ['a digest of another kind', { ...good, config: { ...good.config, digest: 'md5:12' } }, 400, 'MANIFEST_INVALID', /sha256/],
    [
      'an unknown child',
      { schemaVersion: 2, mediaType: indexType, manifests: [{ mediaType: manifestType, digest: other, size: 2 }] },
      400,
      'MANIFEST_BLOB_UNKNOWN',
      /push it first/
    ]
  ]
  for (const [name, document, status, code, message] of cases) {
    const bytes = Buffer.from(typeof document === 'string' ? document : JSON.stringify(document))
    const type = typeof document === 'string' ? manifestType : (document as { mediaType: string }).mediaType
    const reply = await push.manifest('hello', 'bad', { bytes, type })
    t.equal(reply.statusCode, status, name)
    t.match(reply.json(), { errors: [{ code, message }] }, name)
  }
  t.equal((await push.manifest('hello', other, { bytes: manifest })).json().errors[0].code, 'DIGEST_INVALID')
  const large = await push.manifest('hello', 'bad', { bytes: Buffer.alloc(4 * 1024 * 1024 + 1, ' '), type: manifestType })
  t.equal(large.statusCode, 413)
  t.equal((await ociClient(server.app).get('hello/manifests/bad')).statusCode, 404)
})

t.test('two pushes of one tag at once: the container has an image of each, and the tag is whole', async (t) => {
  const server = await startWithTarballs(t)
  const push = ociPusher(server.app)
  const [amd, arm] = await Promise.all([push.image('hello', 'v1'), push.image('hello', 'v1', arm64)])

  t.strictSame([amd.reply.statusCode, arm.reply.statusCode], [201, 201])
  const digests = (await ociClient(server.app).index('hello:v1')).manifests.map(({ digest }) => digest)
  t.strictSame(digests.sort(), [digestOfBytes(amd.manifest), digestOfBytes(arm.manifest)].sort())
})

t.test('a full disk is said, and nothing is kept', async (t) => {
  const server = await startWithTarballs(t, { reserve: Number.MAX_SAFE_INTEGER })
  const reply = await ociPusher(server.app).blob('hello', Buffer.from('a blob'))
  t.equal(reply.statusCode, 507)
  t.match(reply.json(), { errors: [{ code: 'UNAVAILABLE' }] })
  t.strictSame(await server.everything(), [])
})

t.test('what /v2/ keeps is not seen by path, nor changed', async (t) => {
  const server = await startWithTarballs(t)
  const { manifest } = await ociPusher(server.app).image('hello', 'v1')
  const layer = JSON.parse(manifest.toString()).layers[0].digest.slice(7)
  const archive = new URL((await viewOf(server, 'hello:v1')).images.amd64.url).pathname
  const ask = (method: 'GET' | 'PUT' | 'DELETE', url: string) =>
    server.app.inject({ method, url, ...(method === 'PUT' && { payload: Buffer.from('x') }) })

  t.equal((await ask('GET', `/storage/oci/blobs/sha256/${layer}`)).statusCode, 404)
  t.notMatch((await ask('GET', '/storage/oci/')).body, /blobs|archives/)
  for (const path of [`/storage/oci/blobs/sha256/${layer}`, archive]) {
    for (const method of ['PUT', 'DELETE'] as const) t.equal((await ask(method, path)).statusCode, 403, `${method} ${path}`)
  }
})

t.test('names that end in an architecture, and sites that want it so, have tags as they were pushed', async (t) => {
  const typeOf = async ({ app }: WithTarballs, path: string) =>
    (await ociClient(app).get(path, { accept: everyType })).headers['content-type']
  const server = await startWithTarballs(t)
  await ociPusher(server.app).image('operator-arm', '1', arm64)
  await ociPusher(server.app).image('operator', '1', arm64)
  t.equal(await typeOf(server, 'operator-arm/manifests/1'), manifestType)
  t.equal(await typeOf(server, 'operator/manifests/1'), indexType)

  const asPushed = await startWithTarballs(t, { asPushed: true })
  await ociPusher(asPushed.app).image('operator', '1', arm64)
  t.equal(await typeOf(asPushed, 'operator/manifests/1'), manifestType)
})

t.test('one client has its share of the open uploads, and an upload that ends makes room', async (t) => {
  const { app } = await startWithTarballs(t)
  const begin = () => app.inject({ method: 'POST', url: '/v2/hello/blobs/uploads/' })
  const first = await begin()
  for (let i = 1; i < 250; i++) await begin()

  const refused = await begin()
  t.equal(refused.statusCode, 429)
  t.match(refused.json(), { errors: [{ code: 'TOOMANYREQUESTS', message: /has 250 of the 1000 uploads that are open/ }] })
  t.equal((await app.inject({ method: 'DELETE', url: first.headers.location as string })).statusCode, 204)
  t.equal((await begin()).statusCode, 202)
})
