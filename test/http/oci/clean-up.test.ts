import t, { type Test } from 'tap'
import { oldDockerSave } from '../../support/images.ts'
import { digestOfBytes, imageToPush, indexOf, ociClient, ociPusher } from '../../support/oci.ts'
import { tar } from '../../support/tar.ts'
import { startWithTarballs } from '../../support/tarballs.ts'

const day = 24 * 3_600_000

/** A server whose clock can be put forward. */
async function startWithClock(t: Test) {
  let time = Date.now()
  const server = await startWithTarballs(t, { now: () => new Date(time), graceMs: 7 * day })
  const signal = new AbortController().signal
  return {
    ...server,
    wait(days: number) {
      time += days * day
    },
    /** Days go by, and then everything is looked at. */
    async after(days: number) {
      time += days * day
      return server.catalogue.oci!.cleanUp({ everyMs: 0, signal })
    },
    fsck: async (query = '') => {
      const { body } = await server.app.inject({ method: query ? 'POST' : 'GET', url: `/api/v1/fsck${query}` })
      return body
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .filter(({ type }) => type === 'finding')
        .map(({ kind, name }) => [kind, name])
    }
  }
}

t.test('what a container has stays for ever, and its attestations with its index', async (t) => {
  const server = await startWithClock(t)
  const push = ociPusher(server.app)
  const { manifest } = await push.image('hello', '')
  await push.blob('hello', Buffer.from('{}'))
  const empty = { mediaType: 'application/vnd.in-toto+json', digest: digestOfBytes('{}'), size: 2 }
  const attestation = Buffer.from(JSON.stringify({ ...JSON.parse(manifest.toString()), config: empty, layers: [empty] }))
  await push.manifest('hello', digestOfBytes(attestation), { bytes: attestation })
  const index = indexOf([
    { bytes: manifest, architecture: 'amd64' },
    { bytes: attestation, architecture: 'unknown', os: 'unknown' }
  ])
  await push.manifest('hello', 'v1', { bytes: index })

  for (const days of [1, 8, 100]) {
    t.match(await server.after(days), { tags: 0, manifests: 0, links: 0, blobs: 0 })
  }

  const oci = ociClient(server.app)
  t.ok((await oci.get('hello/manifests/v1')).rawPayload.equals(index))
  for (const bytes of [manifest, attestation]) t.equal((await oci.get(`hello/manifests/${digestOfBytes(bytes)}`)).statusCode, 200)
  t.strictSame(await server.fsck(), [])
})

t.test('what nothing names goes: manifests after the grace, then their blobs', async (t) => {
  const server = await startWithClock(t)
  const push = ociPusher(server.app)
  const { manifest } = await push.image('hello', 'v1')
  const { blobs } = imageToPush()
  const lone = Buffer.from('a blob of a push that was given up')
  await push.blob('hello', lone)
  await push.send('DELETE', 'hello/manifests/v1')

  t.match(await server.after(2), { manifests: 0, links: 1, blobs: 1 }, 'the blob that no manifest names')
  t.match(await server.after(6), { manifests: 1 })
  const later = await server.after(1)
  t.match(later, { links: blobs.length, blobs: blobs.length })

  const oci = ociClient(server.app)
  t.equal((await oci.get(`hello/manifests/${digestOfBytes(manifest)}`)).statusCode, 404)
  t.strictSame(await server.everything(), [])
  // those stay when any container is removed
  t.ok((await server.fsck()).every(([kind]: string[]) => kind === 'facts-about-nothing'))
})

t.test('an old digest goes when nobody asks for it, the new one stays', async (t) => {
  const server = await startWithClock(t)
  const push = ociPusher(server.app)
  const old = await push.image('hello', 'v1')
  const fresh = await push.image('hello', 'v1', { config: { Labels: { version: 'two' } } })
  const oci = ociClient(server.app)
  const asked = async (bytes: Buffer) => (await oci.get(`hello/manifests/${digestOfBytes(bytes)}`)).statusCode

  await server.after(5)
  t.equal(await asked(old.manifest), 200)
  await server.after(5)
  t.equal(await asked(old.manifest), 200, 'somebody asked five days ago')
  await server.after(8)
  t.strictSame([await asked(old.manifest), await asked(fresh.manifest)], [404, 200])
})

t.test('the layers of a compressed tarball are unpacked again after they were removed', async (t) => {
  const server = await startWithClock(t)
  await server.app.inject({
    method: 'PUT',
    url: '/api/v1/containers/hello%3Av1/images/amd64',
    payload: tar(oldDockerSave({})),
    headers: { 'content-type': 'application/x-tar' }
  })
  const oci = ociClient(server.app)
  await oci.index('hello:v1')

  t.match(await server.after(30), { manifests: 1, links: 0 }, 'the index that nobody asked for')
  t.equal((await oci.index('hello:v1')).manifests.length, 1)
})

t.test('an upload that stands still is discarded', async (t) => {
  const server = await startWithClock(t)
  const { send } = ociPusher(server.app)
  const at = (await send('POST', 'hello/blobs/uploads/')).headers.location as string
  await send('PATCH', at, { payload: Buffer.from('some') })

  t.match(await server.after(2), { uploads: 1 })
  t.equal((await send('GET', at)).statusCode, 404)
})

t.test('fsck finds a blob whose bytes are gone, and removes one that no repository has', async (t) => {
  const server = await startWithClock(t)
  const push = ociPusher(server.app)
  await push.blob('hello', Buffer.from('one'))
  await push.blob('hello', Buffer.from('two'))
  const [one, two] = ['one', 'two'].map((text) => `oci/blobs/sha256/${digestOfBytes(text).slice(7)}`)
  await server.blobs.remove(one!)
  await server.catalogue.oci!.removeBlob({ repository: 'hello', digest: digestOfBytes('two') })

  t.strictSame(await server.fsck(), [['missing', one]], 'a push may be under way')
  server.wait(2)
  t.strictSame(await server.fsck(), [
    ['missing', one],
    ['orphaned', two]
  ])
  await server.fsck('?repair=orphaned')
  t.strictSame(await server.everything(), [])
})
