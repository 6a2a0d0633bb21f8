import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { get } from 'node:http'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { BlobStore } from '../../../src/blobs/blob-store.ts'
import { baseLayer, oldDockerSave } from '../../support/images.ts'
import { digestOfBytes, type IndexDocument, type ManifestDocument } from '../../support/oci.ts'
import { openBlobs } from '../../support/start-server.ts'
import { tar } from '../../support/tar.ts'
import { startWithTarballs } from '../../support/tarballs.ts'

/** Two layers that gzip does not make smaller. */
const layers = [0, 1].map((i) => [{ name: `data-${i}`, body: randomBytes(2 * 1024 * 1024) }, ...(i === 0 ? baseLayer() : [])])
const layerSize = tar(layers[0]!).length

/** A server with a compressed tarball, of which reading gives half of the first layer, and the rest when it is told to go on. */
async function withHeldTarball(t: Test) {
  const store = await openBlobs(t)
  const held = { opened: 0, isHeld: true, go() {}, fail() {} }
  const resumed = new Promise<void>((resolve, reject) =>
    Object.assign(held, { go: resolve, fail: () => reject(new Error('the disk is gone')) })
  )
  resumed.catch(() => {})

  async function* halves(bytes: Readable): AsyncGenerator<Uint8Array> {
    let passed = 0
    for await (const chunk of bytes) {
      const half = Math.max(0, Math.min(chunk.length, layerSize / 2 - passed))
      yield chunk.subarray(0, half)
      passed += chunk.length
      if (half < chunk.length) await resumed
      yield chunk.subarray(half)
    }
  }
  const blobs: BlobStore = {
    ...store,
    async get(key, options) {
      const opened = await store.get(key, options)
      if (!opened || !key.startsWith('containers/') || !held.isHeld) return opened
      held.opened++
      return { ...opened, stream: Readable.from(halves(opened.stream)) }
    }
  }
  const server = await startWithTarballs(t, { blobs, listen: true })
  const payload = gzipSync(tar(oldDockerSave({ layers })))
  await server.app.inject({ method: 'PUT', url: '/api/v1/containers/hello%3Av1/images/amd64', payload })
  const ask = async (path: string) => (await fetch(`${server.url}/v2/hello/${path}`)).json()
  const [image] = ((await ask('manifests/v1')) as IndexDocument).manifests
  const manifest = (await ask(`manifests/${image!.digest}`)) as ManifestDocument
  const [first, second] = [manifest.layers[0]!, manifest.layers[1]!]
  const urlOf = ({ digest }: { digest: string }) => `${server.url}/v2/hello/blobs/${digest}`
  const pull = (blob: { digest: string }, headers: Record<string, string> = {}) => fetch(urlOf(blob), { headers })
  const unpacked = async () => (await store.list({ prefix: 'oci/blobs/', limit: 10 })).items.length
  return { held, first, second, urlOf, pull, unpacked }
}

const bytesOf = async (reply: Response) => Buffer.from(await reply.arrayBuffer())

async function firstBytes(reply: Response) {
  const reader = reply.body!.getReader()
  const chunks: Uint8Array[] = []
  const more = async () => {
    const { value } = await reader.read()
    if (value) chunks.push(value)
    return value !== undefined
  }
  await more()
  return {
    count: chunks[0]!.length,
    async rest() {
      while (await more()) {}
      return Buffer.concat(chunks)
    }
  }
}

t.test('layers of a compressed tarball are sent while they are unpacked, to all who ask', async (t) => {
  const { held, first, second, pull, unpacked } = await withHeldTarball(t)

  const replies = await Promise.all([pull(first), pull(first)])
  const begun = await Promise.all(replies.map(firstBytes))
  const waiting = pull(second)
  const before = await unpacked()
  held.go()
  const whole = await Promise.all(begun.map(({ rest }) => rest()))

  for (const { status, headers } of replies) t.strictSame([status, headers.get('content-length')], [200, String(whole[0]!.length)])
  t.equal(before, 0, 'before anything is stored')
  t.ok(begun.every(({ count }) => count > 0))
  for (const bytes of whole) t.equal(digestOfBytes(bytes), first.digest)
  t.equal(digestOfBytes(await bytesOf(await waiting)), second.digest)
  t.equal(digestOfBytes(await bytesOf(await pull(first))), first.digest)
  t.equal(held.opened, 1, 'the tarball is read once')
})

t.test('a tarball that fails in the middle ends the connection, keeps nothing, and is unpacked anew for the next client', async (t) => {
  const { held, first, second, pull, unpacked } = await withHeldTarball(t)
  const { rest } = await firstBytes(await pull(first))
  const waiting = pull(second)

  held.fail()

  await t.rejects(rest(), 'the answer is shorter than it said')
  t.match(await (await waiting).json(), { errors: [{ code: 'UNKNOWN', message: /cannot be unpacked: the disk is gone/ }] })
  t.equal(await unpacked(), 0)
  held.isHeld = false
  t.equal(digestOfBytes(await bytesOf(await pull(first))), first.digest)
})

t.test('a client that goes away in the middle holds nobody up', async (t) => {
  const { held, first, urlOf, pull, unpacked } = await withHeldTarball(t)
  const leaving = get(urlOf(first))
  const [answer] = await once(leaving, 'response')
  await once(answer, 'readable')
  const { rest } = await firstBytes(await pull(first))

  leaving.destroy()
  held.go()

  t.equal(digestOfBytes(await rest()), first.digest)
  t.ok((await unpacked()) > 0)
})

t.test('a range of a layer is sent when the layer is proven', async (t) => {
  const { held, first, pull } = await withHeldTarball(t)
  const asked = pull(first, { range: 'bytes=1000-1999' })
  held.go()

  const reply = await asked

  t.strictSame([reply.status, (await bytesOf(reply)).length], [206, 1000])
})
