import { connect } from 'node:net'
import t, { type Test } from 'tap'
import type { BlobStore } from '../../../src/blobs/blob-store.ts'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import { tarballKey } from '../../../src/domain/image/storage.ts'
import { from } from '../../blobs/bytes.ts'
import { appLayer, baseLayer, newDockerSave, sha256 } from '../../support/images.ts'
import { eventually } from '../../support/processes.ts'
import { openStores } from '../../support/start-server.ts'
import { tar } from '../../support/tar.ts'
import { startWithTarballs, type TarballOptions, tarball } from '../../support/tarballs.ts'
import { piece, tusClient } from '../../support/tus.ts'

const id = 'container-hello:v1'
const amd64 = tarball()
const arm64 = tarball({ architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] })
const mislabelled = tarball({ architecture: 'arm64' })
/** Larger than what a client's socket holds, and than a part of S3. */
const large = tar([...newDockerSave(), { name: 'ballast', body: Buffer.alloc(20 * 1024 * 1024, 'x') }])

/** What a resumable upload does over any blob store. `open` opens the same empty place again and again, as servers that share it do. */
export function resumableContract(name: string, place: (t: Test) => Promise<() => Promise<BlobStore>>): void {
  async function start(t: Test, options: TarballOptions = {}) {
    const open = await place(t)
    const started = await startWithTarballs(t, { ...options, blobs: await open(), listen: true })
    return { ...started, open, client: tusClient(started.url) }
  }

  t.test(`${name}: a tarball in pieces is proven and registered when its last byte has come`, async (t) => {
    const { client, app, everything } = await start(t)
    const path = await client.begin({ id, architecture: 'aarch64', sha256: sha256(arm64) }, arm64.length)

    const first = await client.patch(path, 0, arm64.subarray(0, 100))
    const last = await client.patch(path, 100, arm64.subarray(100))

    t.equal(first.status, 204)
    t.match(Object.fromEntries(first.headers), { 'upload-offset': '100', 'upload-state': 'arriving', 'tus-resumable': '1.0.0' })
    t.equal(last.status, 204)
    t.match(Object.fromEntries(last.headers), {
      'upload-offset': String(arm64.length),
      'upload-state': 'registered',
      'content-location': '/api/v1/containers/container-hello%3Av1/images/arm64'
    })
    const { container, ...image } = (await app.inject(last.headers.get('content-location')!)).json()
    t.equal(container, id)
    t.match(image, { architecture: 'arm64', verdict: 'match', sha256: sha256(arm64), size: arm64.length })
    const upload = await (await client.ask(path)).json()
    t.match(upload, {
      container: id,
      state: 'registered',
      result: { architecture: 'arm64', url: image.url, sha256: sha256(arm64), verdict: 'match', created: true, unchanged: false },
      refusal: null
    })
    t.equal(`"${upload.result.revision}"`, last.headers.get('etag'))
    t.equal((await everything()).length, 1, 'the tarball, and nothing beside it')
    const fetched = await client.ask(new URL(image.url).pathname)
    t.ok(Buffer.from(await fetched.arrayBuffer()).equals(arm64))
  })

  t.test(`${name}: architectures at once, and the same bytes again`, async (t) => {
    const { client, app, everything } = await start(t)
    const send = async (bytes: Buffer, architecture?: string) => {
      const path = await client.begin({ id, ...(architecture && { architecture }) }, bytes.length)
      await client.patch(path, 0, bytes.subarray(0, 1000))
      await client.patch(path, 1000, bytes.subarray(1000))
      return (await client.ask(path)).json()
    }

    const both = await Promise.all([send(amd64, 'x86_64'), send(arm64)])
    const again = await send(amd64)

    t.match(both, [{ result: { architecture: 'amd64' } }, { architecture: null, result: { architecture: 'arm64' } }])
    t.match(again, { state: 'registered', result: { unchanged: true, created: false } })
    const { images } = (await app.inject('/api/v1/containers/container-hello%3Av1')).json()
    t.match(images, { amd64: { verdict: 'match' }, arm64: { verdict: 'match' } })
    t.equal((await everything()).length, 2)
  })

  t.test(`${name}: an upload that was cut off goes on from what had come, on another server`, async (t) => {
    const stores = await openStores(t)
    const { url, open, client } = await start(t, { stores })
    const path = await client.begin({ id, sha256: sha256(large) }, large.length)
    const sent = 11 * 1024 * 1024
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    const headers = Object.entries({ ...piece, 'upload-offset': 0, 'content-length': large.length, host: 'localhost' })
    socket.write(`PATCH ${path} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
    await new Promise((resolve) => socket.write(large.subarray(0, sent), resolve))

    socket.destroy()
    const other = await startWithTarballs(t, { stores, blobs: await open(), listen: true })
    const second = tusClient(other.url)
    const part = 8 * 1024 * 1024 // S3 keeps whole parts as they come, and the rest when the first server saw the connection end
    const offset = await eventually(
      async () => [Number((await second.head(path)).headers.get('upload-offset'))].find((offset) => offset > part),
      { what: 'what had come is kept' }
    )

    t.ok(offset <= sent, `${offset} of ${sent} bytes were kept`)
    const early = await second.patch(path, offset - 1, large.subarray(offset - 1))
    t.equal(early.status, 409)
    t.match(await early.json(), { code: 'upload_conflict', detail: new RegExp(`has ${offset} bytes`) })
    t.equal((await second.patch(path, offset, large.subarray(offset))).headers.get('upload-state'), 'registered')
    t.match(await (await client.ask(path)).json(), { state: 'registered', result: { sha256: sha256(large) } }, 'the first one knows')
  })

  t.test(`${name}: who asks for the offset lets go of a connection that is dead`, async (t) => {
    const { url, client } = await start(t)
    const path = await client.begin({ id }, amd64.length)
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    t.teardown(() => socket.destroy())
    const head = `PATCH ${path} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nContent-Type: ${piece['content-type']}\r\n`
    socket.write(`${head}Upload-Offset: 0\r\nContent-Length: ${amd64.length}\r\nExpect: 100-continue\r\n\r\n`)
    await new Promise((resolve) => socket.once('data', resolve))
    const half = amd64.subarray(0, amd64.length / 2)
    await new Promise((resolve) => socket.write(half, resolve))

    const busy = await client.patch(path, 0, amd64)
    const offset = await eventually(async () => Number((await client.head(path)).headers.get('upload-offset')) || undefined, {
      what: 'an offset'
    })

    t.equal(busy.status, 409)
    t.ok(offset > 0 && offset <= half.length)
    t.equal((await client.patch(path, offset, amd64.subarray(offset))).status, 204)
  })

  t.test(`${name}: what is refused is told again to who asks, and leaves nothing`, async (t) => {
    const { client, everything, stores } = await start(t, { strict: true })
    const cases: [fields: Record<string, string>, bytes: Buffer, status: number, code: string][] = [
      [{ sha256: 'ab'.repeat(32) }, amd64, 400, 'digest_mismatch'],
      [{ architecture: 'arm64' }, mislabelled, 422, 'image_refused'],
      [{ architecture: 'amd64' }, amd64.subarray(0, 900), 422, 'image_refused'],
      [{}, Buffer.from('no tarball at all'), 422, 'image_refused']
    ]
    for (const [fields, bytes, status, code] of cases) {
      const path = await client.begin({ id, ...fields }, bytes.length)

      const refused = await client.patch(path, 0, bytes)

      t.equal(refused.status, status)
      t.match(await refused.json(), { code, status })
      t.equal((await client.patch(path, bytes.length, Buffer.alloc(0))).status, status, 'as often as it is asked')
      t.match(await (await client.ask(path)).json(), { state: 'refused', result: null, refusal: { code: /mismatch|refused|mislabelled/ } })
      const head = await client.head(path)
      t.strictSame([head.status, head.headers.get('upload-state')], [410, 'refused'])
    }
    t.strictSame(await everything(), [])
    t.equal(await stores.containers.get(id), undefined)
  })

  t.test(`${name}: an upload that was interrupted behind its last byte is completed`, async (t) => {
    const clock = { ahead: 0 }
    const now = () => new Date(Date.now() + clock.ahead)
    const { client, blobs, catalogue } = await start(t, { now })
    const paths = await Promise.all([client.begin({ id }, amd64.length), client.begin({ id }, arm64.length)])
    const tidy = () => catalogue.uploads!.tidy({ signal: new AbortController().signal, onError: (error) => t.fail(String(error)) })
    for (const [i, bytes] of [amd64, arm64].entries()) {
      await blobs.uploads.append({ id: paths[i]!.split('/').at(-1)!, at: 0, source: from(bytes) })
    }

    t.match(await (await client.ask(paths[0]!)).json(), { state: 'proving' })
    const asked = await client.patch(paths[0]!, amd64.length, Buffer.alloc(0))
    t.strictSame([asked.status, asked.headers.get('upload-state')], [204, 'registered'], 'by who asks')
    t.equal(await tidy(), 0, 'another server may be at it')
    clock.ahead = 61_000
    t.equal(await tidy(), 1)
    t.match(await (await client.ask(paths[1]!)).json(), { state: 'registered', result: { architecture: 'arm64' } }, 'by itself')
  })

  t.test(`${name}: what nobody asks for any more is registered over nothing that came later`, async (t) => {
    const clock = { ahead: 0 }
    const now = () => new Date(Date.now() + clock.ahead)
    const { client, app, blobs, catalogue, said } = await start(t, { now })
    const tidy = () => catalogue.uploads!.tidy({ signal: new AbortController().signal, onError: (error) => t.fail(String(error)) })
    const image = async (architecture: string, of = id) => {
      const { sha256, code } = (await app.inject(`/api/v1/containers/${encodeURIComponent(of)}/images/${architecture}`)).json()
      return sha256 ?? code
    }
    /** As a server leaves it that was killed behind the last byte, or a step later. */
    const leave = async (bytes: Buffer, { placed = '', of = id } = {}) => {
      const path = await client.begin({ id: of }, bytes.length)
      const upload = path.split('/').at(-1)!
      await blobs.uploads.append({ id: upload, at: 0, source: from(bytes) })
      if (placed) await blobs.uploads.finish(upload, { key: placed, keep: true })
      return path
    }
    const put = async (bytes: Buffer, of = id) => client.patch(await client.begin({ id: of }, bytes.length), 0, bytes)
    const [older, newer] = [tarball({ tags: ['older:1'] }), tarball({ tags: ['newer:1'] })]

    const compression = 'gzip'
    const key = tarballKey({ id, version: 'v1', architecture: parseArchitecture('amd64'), sha256: sha256(older), compression })

    await put(arm64)
    const left = await leave(older, { placed: key })
    const removed = await leave(amd64, { of: 'container-removed:v1' })
    const beside = await leave(older, { of: 'container-beside:v1' })
    const waited = await leave(arm64)
    clock.ahead = 1000
    await put(newer)
    await put(amd64, 'container-removed:v1')
    await put(arm64, 'container-beside:v1')
    await app.inject({ method: 'DELETE', url: '/api/v1/containers/container-removed%3Av1' })
    clock.ahead = 62_000
    t.equal(await tidy(), 4)

    t.equal(await image('amd64'), sha256(newer))
    t.match(await (await client.ask(left)).json(), { state: 'refused', result: null, refusal: { code: 'upload_overtaken' } })
    t.equal((await client.head(left)).status, 410, 'so that a client that comes back does not take it for done')
    t.ok(
      said.some(({ released }) => released === key),
      'and its tarball goes'
    )
    t.match(await (await client.ask(removed)).json(), { state: 'refused' })
    t.equal(await image('amd64', 'container-removed:v1'), 'container_unknown')
    t.match(await (await client.ask(beside)).json(), { state: 'registered' }, 'beside another architecture that came later')
    t.match(await (await client.ask(waited)).json(), { state: 'registered', result: { unchanged: true } })
    const own = await leave(older)
    await put(newer)
    const asked = await client.patch(own, older.length, Buffer.alloc(0))
    t.strictSame([asked.status, await image('amd64')], [204, sha256(older)], 'the last one that is asked for stands')
  })

  t.test(`${name}: an upload expires, and what it was is forgotten`, async (t) => {
    const clock = { ahead: 0 }
    const now = () => new Date(Date.now() + clock.ahead)
    const { client, catalogue, everything } = await start(t, { now, uploadExpiryMs: 3_600_000 })
    const tidy = () => catalogue.uploads!.tidy({ signal: new AbortController().signal, onError: (error) => t.fail(String(error)) })
    const begun = await client.create({ id }, amd64.length)
    const [half, whole] = [begun.headers.get('location')!, await client.begin({ id }, amd64.length)]
    await client.patch(half, 0, amd64.subarray(0, 10))
    await client.patch(whole, 0, amd64)
    const expires = Date.parse(begun.headers.get('upload-expires')!)
    t.ok(Math.abs(expires - Date.now() - 3_600_000) < 60_000)

    clock.ahead = 3_500_000
    t.equal(await tidy(), 0)
    t.equal((await client.head(half)).status, 200)
    clock.ahead = 3_700_000
    t.strictSame([(await client.head(half)).status, (await client.ask(whole)).status], [410, 410])
    t.match(await (await client.patch(half, 10, amd64.subarray(10))).json(), { code: 'upload_expired', status: 410 })
    t.same(await (await client.ask('/api/v1/uploads')).json(), { items: [] })
    t.equal(await tidy(), 2)
    t.strictSame([(await client.head(half)).status, (await client.ask(whole)).status], [404, 404])
    t.equal((await everything()).length, 1, 'what was registered stays')
  })

  t.test(`${name}: an upload is given up, and found again by what it is`, async (t) => {
    const { client, everything } = await start(t)
    const path = await client.begin({ id, sha256: sha256(amd64) }, amd64.length)
    await client.begin({ id: 'other:1' }, 10)
    await client.patch(path, 0, amd64.subarray(0, 10))
    const found = async (query: string) => (await (await client.ask(`/api/v1/uploads?${query}`)).json()).items

    t.match(await found(`id=${encodeURIComponent(id)}&sha256=${sha256(amd64)}`), [{ upload: path.split('/').at(-1), offset: 10 }])
    t.equal((await found('')).length, 2)
    t.same(await found('id=none'), [])
    const remove = () => client.ask(path, { method: 'DELETE', headers: { 'tus-resumable': '1.0.0' } })
    t.equal((await remove()).status, 204)
    t.equal((await remove()).status, 404)
    t.equal((await client.head(path)).status, 404)
    t.strictSame(await everything(), [])
  })
}
