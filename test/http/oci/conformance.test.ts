import t, { type Test } from 'tap'
import { appLayer, baseLayer } from '../../support/images.ts'
import { configType, digestOfBytes, imageToPush, indexOf, indexType, manifestType, ociPusher } from '../../support/oci.ts'
import { startWithTarballs } from '../../support/tarballs.ts'

/** What the OCI distribution specification 1.1 says that a registry MUST do, one test each, by its categories and sections. */

const name = 'conformance/repository'
const unknownDigest = `sha256:${'0'.repeat(64)}`
const octets = { 'content-type': 'application/octet-stream' }

async function started(t: Test) {
  const server = await startWithTarballs(t)
  const push = ociPusher(server.app)
  const head = (path: string) => server.app.inject({ method: 'HEAD', url: `/v2/${path}` })
  return { ...server, ...push, head }
}

async function pushed(t: Test) {
  const server = await started(t)
  const { manifest } = await server.image(name, 'v1')
  const { config, layers } = imageToPush()
  return { ...server, manifest, digest: digestOfBytes(manifest), config, layer: layers[0]! }
}

t.test('Determining Support: GET /v2/ is 200', async (t) => {
  const { send } = await started(t)
  t.equal((await send('GET', '/v2/')).statusCode, 200)
})

t.test('Pulling manifests: GET of a digest is 200 with these very bytes, their type and their digest', async (t) => {
  const { send, manifest, digest } = await pushed(t)
  const reply = await send('GET', `${name}/manifests/${digest}`, { headers: { accept: manifestType } })
  t.equal(reply.statusCode, 200)
  t.ok(reply.rawPayload.equals(manifest))
  t.strictSame([reply.headers['content-type'], reply.headers['docker-content-digest']], [manifestType, digest])
})

t.test('Pulling manifests: GET of a tag, by a client that accepts manifests', async (t) => {
  const { send, manifest } = await pushed(t)
  const reply = await send('GET', `${name}/manifests/v1`, { headers: { accept: manifestType } })
  t.strictSame([reply.statusCode, reply.rawPayload.equals(manifest)], [200, true])
})

t.test('Pulling manifests: what is not there is 404', async (t) => {
  const { send } = await pushed(t)
  for (const reference of ['nothing', unknownDigest]) {
    const reply = await send('GET', `${name}/manifests/${reference}`)
    t.equal(reply.statusCode, 404)
    t.match(reply.json(), { errors: [{ code: 'MANIFEST_UNKNOWN' }] })
  }
})

t.test('Pulling blobs: GET is 200 with these very bytes; what is not there is 404', async (t) => {
  const { send, layer } = await pushed(t)
  const reply = await send('GET', `${name}/blobs/${digestOfBytes(layer)}`)
  t.strictSame([reply.statusCode, reply.rawPayload.equals(layer)], [200, true])
  t.match((await send('GET', `${name}/blobs/${unknownDigest}`)).json(), { errors: [{ code: 'BLOB_UNKNOWN' }] })
})

t.test('Checking if content exists: HEAD is 200 with the length, or 404', async (t) => {
  const { head, layer, manifest, digest } = await pushed(t)
  const blob = await head(`${name}/blobs/${digestOfBytes(layer)}`)
  t.strictSame([blob.statusCode, blob.headers['content-length']], [200, String(layer.length)])
  const found = await head(`${name}/manifests/${digest}`)
  t.strictSame([found.statusCode, found.headers['content-length'], found.body], [200, String(manifest.length), ''])
  for (const path of [`blobs/${unknownDigest}`, `manifests/${unknownDigest}`, 'manifests/nothing']) {
    t.equal((await head(`${name}/${path}`)).statusCode, 404, path)
  }
})

t.test('Pushing blobs, POST then PUT: 202 with Location, then 201 with Location', async (t) => {
  const { send } = await started(t)
  const bytes = Buffer.from('a blob')
  const begun = await send('POST', `${name}/blobs/uploads/`)
  t.equal(begun.statusCode, 202)
  const ended = await send('PUT', `${begun.headers.location}?digest=${digestOfBytes(bytes)}`, { payload: bytes, headers: octets })
  t.equal(ended.statusCode, 201)
  t.equal((await send('GET', ended.headers.location as string)).statusCode, 200)
})

t.test('Pushing blobs, single POST: 201 with Location', async (t) => {
  const { blob, send } = await started(t)
  const reply = await blob(name, Buffer.from('a blob'))
  t.equal(reply.statusCode, 201)
  t.equal((await send('GET', reply.headers.location as string)).statusCode, 200)
})

t.test('Pushing blobs: a digest that the bytes do not have is refused, and nothing is kept', async (t) => {
  const { send, everything } = await started(t)
  const reply = await send('POST', `${name}/blobs/uploads/?digest=${unknownDigest}`, { payload: Buffer.from('x'), headers: octets })
  t.strictSame([reply.statusCode, reply.json().errors[0].code], [400, 'DIGEST_INVALID'])
  t.strictSame(await everything(), [])
})

t.test('Pushing blobs in chunks: each is 202 with Location and Range, one out of order 416, the end 201', async (t) => {
  const { send } = await started(t)
  const bytes = Buffer.from('0123456789')
  const begun = await send('POST', `${name}/blobs/uploads/`, { headers: { 'content-length': '0' } })
  const at = begun.headers.location as string
  const chunk = (first: number, last: number) =>
    send('PATCH', at, { payload: bytes.subarray(first, last + 1), headers: { ...octets, 'content-range': `${first}-${last}` } })
  t.equal((await chunk(5, 9)).statusCode, 416)
  const first = await chunk(0, 4)
  t.strictSame([first.statusCode, first.headers.range], [202, '0-4'])
  t.equal((await chunk(0, 4)).statusCode, 416, 'sent again')
  t.strictSame([(await send('GET', at)).statusCode, (await send('GET', at)).headers.range], [204, '0-4'])
  t.equal((await chunk(5, 9)).headers.range, '0-9')
  t.equal((await send('PUT', `${at}?digest=${digestOfBytes(bytes)}`)).statusCode, 201)
})

t.test('Cancel a blob upload: 204, and it is gone', async (t) => {
  const { send } = await started(t)
  const at = (await send('POST', `${name}/blobs/uploads/`)).headers.location as string
  t.equal((await send('DELETE', at)).statusCode, 204)
  t.equal((await send('GET', at)).statusCode, 404)
})

t.test('Mounting a blob: 201 with Location, or 202 to upload it; also without `from`', async (t) => {
  const { send, layer } = await pushed(t)
  const digest = digestOfBytes(layer)
  const mounted = await send('POST', `other/blobs/uploads/?mount=${digest}&from=${name}`)
  t.strictSame([mounted.statusCode, mounted.headers.location], [201, `/v2/other/blobs/${digest}`])
  const missing = await send('POST', `other/blobs/uploads/?mount=${unknownDigest}&from=${name}`)
  t.strictSame([missing.statusCode, missing.headers.location !== undefined], [202, true])
  t.equal((await send('POST', `third/blobs/uploads/?mount=${digest}`)).statusCode, 202)
})

t.test('Pushing manifests: 201 with Location, by tag and by digest', async (t) => {
  const { send, image } = await started(t)
  for (const reference of ['v1', '']) {
    const { reply, manifest } = await image(name, reference)
    t.equal(reply.statusCode, 201)
    t.equal(reply.headers['docker-content-digest'], digestOfBytes(manifest))
    t.equal((await send('GET', reply.headers.location as string)).statusCode, 200)
  }
})

t.test('Pushing manifests: an index in either form', async (t) => {
  const { send, image, manifest: push } = await started(t)
  const amd = await image(name, '')
  const arm = await image(name, '', { architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] })
  const children = [
    { bytes: amd.manifest, architecture: 'amd64' },
    { bytes: arm.manifest, architecture: 'arm64' }
  ]
  for (const type of [indexType, 'application/vnd.docker.distribution.manifest.list.v2+json']) {
    const bytes = indexOf(children, type)
    t.equal((await push(name, 'list', { bytes })).statusCode, 201)
    const reply = await send('GET', `${name}/manifests/list`, { headers: { accept: type } })
    t.strictSame([reply.headers['content-type'], reply.rawPayload.equals(bytes)], [type, true])
  }
})

t.test('Pushing manifests with a subject: OCI-Subject, also for a subject that is not there', async (t) => {
  const { blob, manifest: push, send } = await started(t)
  await blob(name, Buffer.from('{}'))
  const empty = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOfBytes('{}'), size: 2 }
  const subject = { mediaType: manifestType, digest: unknownDigest, size: 1 }
  const document = { schemaVersion: 2, mediaType: manifestType, artifactType: 'application/x', config: empty, layers: [empty], subject }
  const bytes = Buffer.from(JSON.stringify(document))
  const reply = await push(name, digestOfBytes(bytes), { bytes })
  t.strictSame([reply.statusCode, reply.headers['oci-subject']], [201, unknownDigest])
  const { manifests } = (await send('GET', `${name}/referrers/${unknownDigest}`)).json()
  t.match(manifests, [{ digest: digestOfBytes(bytes), artifactType: 'application/x', size: bytes.length }])
})

t.test('Content Discovery, listing tags: in order, with n and last', async (t) => {
  const { send, image } = await started(t)
  for (const tag of ['b', 'a', 'C']) await image(name, tag)
  t.strictSame((await send('GET', `${name}/tags/list`)).json(), { name, tags: ['C', 'a', 'b'] })
  t.strictSame((await send('GET', `${name}/tags/list?n=2`)).json().tags, ['C', 'a'])
  t.strictSame((await send('GET', `${name}/tags/list?n=2&last=a`)).json().tags, ['b'])
  t.strictSame((await send('GET', `${name}/tags/list?n=0`)).json().tags, [])
  t.equal((await send('GET', 'nobody/tags/list')).statusCode, 404)
})

t.test('Content Discovery, listing referrers: 200 with an index, an empty one where there are none', async (t) => {
  const { send } = await pushed(t)
  const reply = await send('GET', `${name}/referrers/${unknownDigest}`)
  t.strictSame([reply.statusCode, reply.headers['content-type']], [200, indexType])
  t.strictSame(reply.json(), { schemaVersion: 2, mediaType: indexType, manifests: [] })
})

t.test('Content Management, deleting tags, manifests and blobs: 202, and then 404', async (t) => {
  const { send, digest, layer } = await pushed(t)
  for (const path of ['manifests/v1', `manifests/${digest}`, `blobs/${digestOfBytes(layer)}`]) {
    t.equal((await send('DELETE', `${name}/${path}`)).statusCode, 202, path)
    t.equal((await send('GET', `${name}/${path}`)).statusCode, 404, path)
    t.equal((await send('DELETE', `${name}/${path}`)).statusCode, 404, path)
  }
})

t.test('Error Codes: a list of errors with code and message, as JSON', async (t) => {
  const { send } = await started(t)
  const reply = await send('GET', `${name}/manifests/nothing`)
  t.equal(reply.headers['content-type'], 'application/json')
  t.match(reply.json(), { errors: [{ code: /^[A-Z_]+$/, message: String }] })
})

t.test('Image manifests without layers are content like any other', async (t) => {
  const { blob, manifest: push, send } = await started(t)
  const config = Buffer.from('{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}')
  await blob(name, config)
  const described = { mediaType: configType, digest: digestOfBytes(config), size: config.length }
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config: described, layers: [] }))
  t.equal((await push(name, 'empty', { bytes })).statusCode, 201)
  t.ok((await send('GET', `${name}/manifests/${digestOfBytes(bytes)}`)).rawPayload.equals(bytes))
})
