import { gzipSync } from 'node:zlib'
import t from 'tap'
import type { BlobStore } from '../../../src/blobs/blob-store.ts'
import { CatalogueError } from '../../../src/domain/errors.ts'
import { inspectImage } from '../../../src/images/inspect-image.ts'
import { appLayer, baseLayer, oldDockerSave } from '../../support/images.ts'
import {
  digestOfBytes,
  imageToPush,
  indexOf,
  indexType,
  type ManifestDocument,
  manifestType,
  ociClient,
  ociPusher
} from '../../support/oci.ts'
import { openBlobs } from '../../support/start-server.ts'
import { tar } from '../../support/tar.ts'
import { startWithTarballs, type WithTarballs } from '../../support/tarballs.ts'

/** What is kept of `/v2/`: documents by kind, and keys of blobs. */
async function keptBy({ stores, everything }: WithTarballs): Promise<string[]> {
  const { items } = await stores.oci.list({ limit: 100, fresh: 'own' })
  return [...items.map(({ document }) => JSON.parse(document).kind as string), ...(await everything())].sort()
}

const unknown = `sha256:${'0'.repeat(64)}`
const begun = 'hello/blobs/uploads/UPLOAD'

const writes: [
  what: string,
  method: 'POST' | 'PATCH' | 'PUT' | 'DELETE',
  path: string,
  status: number,
  code: string,
  headers?: Record<string, string>
][] = [
  ['upper case in a name', 'POST', 'Hello/blobs/uploads/', 400, 'NAME_INVALID'],
  ['a name with two dots', 'POST', 'he..llo/blobs/uploads/', 400, 'NAME_INVALID'],
  ['a name that is too long', 'POST', `${'a'.repeat(256)}/blobs/uploads/`, 400, 'NAME_INVALID'],
  ['an upper-case name of a manifest', 'PUT', 'Hello/manifests/v1', 400, 'NAME_INVALID'],
  ['a tag that begins with a dash', 'PUT', 'hello/manifests/-v1', 400, 'MANIFEST_INVALID'],
  ['a tag that is too long', 'PUT', `hello/manifests/${'v'.repeat(129)}`, 400, 'MANIFEST_INVALID'],
  ['a manifest by half a digest', 'PUT', 'hello/manifests/sha256:12', 400, 'DIGEST_INVALID'],
  ['a blob by another kind of digest', 'POST', `hello/blobs/uploads/?digest=sha512:${'0'.repeat(128)}`, 400, 'DIGEST_INVALID'],
  ['bytes with another digest', 'POST', `hello/blobs/uploads/?digest=${unknown}`, 400, 'DIGEST_INVALID'],
  ['an upload that is none', 'PATCH', 'hello/blobs/uploads/nope', 404, 'BLOB_UPLOAD_UNKNOWN'],
  ['the end of an upload that is none', 'PUT', `hello/blobs/uploads/nope?digest=${unknown}`, 404, 'BLOB_UPLOAD_UNKNOWN'],
  ['an end without a digest', 'PUT', begun, 400, 'DIGEST_INVALID'],
  ['an end with another digest', 'PUT', `${begun}?digest=${unknown}`, 400, 'DIGEST_INVALID'],
  ['a chunk that does not follow', 'PATCH', begun, 416, 'BLOB_UPLOAD_INVALID', { 'content-range': '10-14' }],
  ['a chunk whose size lies', 'PATCH', begun, 400, 'SIZE_INVALID', { 'content-range': '0-99' }],
  ['a range that is none', 'PATCH', begun, 416, 'RANGE_INVALID', { 'content-range': 'all' }],
  ['deleting a tag that is not there', 'DELETE', 'hello/manifests/nope', 404, 'MANIFEST_UNKNOWN'],
  ['deleting a blob that is not there', 'DELETE', `hello/blobs/${unknown}`, 404, 'BLOB_UNKNOWN'],
  ['a method that has no such path', 'POST', 'hello/manifests/v1', 405, 'UNSUPPORTED']
]

t.test('what cannot be written is refused in the words of the specification, and leaves nothing', async (t) => {
  const server = await startWithTarballs(t)
  const { send } = ociPusher(server.app)
  for (const [what, method, path, status, code, headers = {}] of writes) {
    const upload = ((await send('POST', 'hello/blobs/uploads/')).headers.location as string).split('/').at(-1)!
    const payload = method === 'DELETE' ? {} : { payload: Buffer.from('bytes'), headers: { 'content-type': manifestType, ...headers } }
    const reply = await send(method, path.replace('UPLOAD', upload), payload)

    t.strictSame([reply.statusCode, reply.headers['content-type']], [status, 'application/json'], what)
    t.match(reply.json(), { errors: [{ code, message: /./, detail: {} }] }, what)
    await send('DELETE', `hello/blobs/uploads/${upload}`)
  }
  t.strictSame(await keptBy(server), [])
})

t.test('a manifest that is too large, is no text, or names itself is refused, and leaves nothing', async (t) => {
  const server = await startWithTarballs(t)
  const push = ociPusher(server.app)
  const itself = (digest: string) => ({ schemaVersion: 2, mediaType: indexType, manifests: [{ mediaType: indexType, digest, size: 200 }] })
  const naming = Buffer.from(JSON.stringify(itself(unknown)))
  const cases: [what: string, reference: string, bytes: Buffer, status: number, code: string][] = [
    ['too large', 'v1', Buffer.alloc(4 * 1024 * 1024 + 1, ' '), 413, 'SIZE_INVALID'],
    ['no text', 'v1', Buffer.from([0x7b, 0xff, 0x7d]), 400, 'MANIFEST_INVALID'],
    ['under the digest that it names', unknown, naming, 400, 'DIGEST_INVALID'],
    ['under its own digest, with another one in it', digestOfBytes(naming), naming, 400, 'MANIFEST_BLOB_UNKNOWN']
  ]
  for (const [what, reference, bytes, status, code] of cases) {
    const reply = await push.manifest('hello', reference, { bytes, type: indexType })
    t.equal(reply.statusCode, status, what)
    t.match(reply.json(), { errors: [{ code }] }, what)
  }
  t.strictSame(await keptBy(server), [])
})

t.test('indexes that name indexes lead to their images, but not to more than a container may have', async (t) => {
  const server = await startWithTarballs(t)
  const push = ociPusher(server.app)
  const { manifest } = await push.image('hello', '')
  const nested = async (times: number, depth: number) => {
    let bytes = manifest
    for (let level = 0; level < depth; level++) {
      bytes = indexOf(Array.from({ length: times }, () => ({ bytes, architecture: 'amd64' })))
      await push.manifest('hello', digestOfBytes(bytes), { bytes })
    }
    return bytes
  }

  const chain = await push.manifest('hello', 'chain', { bytes: await nested(1, 20) })
  const bomb = await push.manifest('hello', 'bomb', { bytes: await nested(10, 8) })

  t.equal(chain.statusCode, 201)
  t.strictSame((await ociClient(server.app).index('hello:chain')).manifests.length, 1)
  t.equal(bomb.statusCode, 400)
  t.match(bomb.json(), { errors: [{ code: 'MANIFEST_INVALID' }] })
  for (const url of ['/v2/hello/manifests/bomb', '/api/v1/containers/hello%3Abomb']) t.equal((await server.app.inject(url)).statusCode, 404)
})

t.test('a layer bomb is not unpacked: the image is given to nobody, and a strict site refuses it', async (t) => {
  const inspect: typeof inspectImage = (source, options) =>
    inspectImage(source, { ...options, limits: { ...options?.limits, ratioFromBytes: 4 * 1024 * 1024 } })
  const bomb = {
    tars: [tar([...baseLayer(), ...appLayer(), { name: 'zeros', body: Buffer.alloc(16 * 1024 * 1024) }])],
    packing: 'gzip' as const
  }
  const open = await startWithTarballs(t, { inspect })
  const strict = await startWithTarballs(t, { inspect, strict: true })

  const marked = await ociPusher(open.app).image('hello', 'v1', bomb)
  const refused = await ociPusher(strict.app).image('hello', 'v1', bomb)

  t.equal(marked.reply.statusCode, 201)
  t.match((await open.app.inject('/api/v1/containers/hello%3Av1')).json(), { images: { amd64: { verdict: 'unreadable' } } })
  t.match((await ociClient(open.app).get('hello/manifests/v1')).json(), { errors: [{ code: 'MANIFEST_UNKNOWN' }] })
  t.match(refused.reply.json(), { errors: [{ code: 'DENIED', message: /unpack/ }] })
  t.equal((await strict.app.inject('/api/v1/containers/hello%3Av1')).statusCode, 404)
})

t.test('two pushes of one tag and architecture at once: both are answered, and the tag is one of them, whole', async (t) => {
  const server = await startWithTarballs(t)
  const push = ociPusher(server.app)
  const versions = ['one', 'two'].map((version) => ({ config: { Labels: { version } } }))
  const pushed = await Promise.all(versions.map((image) => push.image('hello', 'v1', image)))

  t.strictSame(
    pushed.map(({ reply }) => reply.statusCode),
    [201, 201]
  )
  const oci = ociClient(server.app)
  const { manifests } = await oci.index('hello:v1')
  t.equal(manifests.length, 1)
  t.ok(pushed.map(({ manifest }) => digestOfBytes(manifest)).includes(manifests[0]!.digest))
  const { config, layers } = (await oci.get(`hello/manifests/${manifests[0]!.digest}`)).json() as ManifestDocument
  for (const { digest } of [config, ...layers]) t.equal((await oci.get(`hello/blobs/${digest}`)).statusCode, 200)
})

t.test('a disk that becomes full is said at each step, and goes on when there is room', async (t) => {
  const store = await openBlobs(t)
  let isFull = false
  const fail = () => {
    throw new CatalogueError('store_full', 'the object store is full (ENOSPC)')
  }
  const blobs: BlobStore = {
    ...store,
    put: async (key, source, options) => (isFull ? fail() : store.put(key, source, options)),
    uploads: { ...store.uploads, append: async (piece) => (isFull ? fail() : store.uploads.append(piece)) }
  }
  const server = await startWithTarballs(t, { blobs })
  const { send, blob, manifest: pushManifest } = ociPusher(server.app)
  const url = '/api/v1/containers/packed%3Av1/images/amd64'
  await server.app.inject({ method: 'PUT', url, payload: gzipSync(tar(oldDockerSave({}))) })
  const oci = ociClient(server.app)
  const [image] = (await oci.index('packed:v1')).manifests
  const { layers } = (await oci.get(`packed/manifests/${image!.digest}`)).json() as ManifestDocument
  const upload = (await send('POST', 'hello/blobs/uploads/')).headers.location as string
  const [bytes] = imageToPush({}).blobs
  const steps = {
    'a blob at once': () => blob('hello', bytes!),
    'a chunk': () => send('PATCH', upload, { payload: bytes! }),
    'a layer that must be unpacked': () => oci.get(`packed/blobs/${layers[0]!.digest}`)
  }

  isFull = true
  for (const [what, step] of Object.entries(steps)) {
    const reply = await step()
    t.equal(reply.statusCode, 507, what)
    t.match(reply.json(), { errors: [{ code: 'UNAVAILABLE', message: /full/ }] }, what)
  }
  isFull = false
  for (const [what, step] of Object.entries(steps)) t.match((await step()).statusCode, /20\d/, what)
  const ended = await send('PUT', `${upload}?digest=${digestOfBytes(bytes!)}`)
  t.equal(ended.statusCode, 201, ended.body)
  t.equal((await pushManifest('hello', 'v1', { bytes: imageToPush({}).manifest })).statusCode, 400, 'the layers are not there')
})
