import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { inspectImage } from '../../../src/images/inspect-image.ts'
import { factsDocuments } from '../../support/facts.ts'
import {
  appLayer,
  baseLayer,
  craneTarball,
  inChunks,
  newDockerSave,
  ociLayout,
  oldDockerSave,
  skopeoArchive
} from '../../support/images.ts'
import { type Entry, tar } from '../../support/tar.ts'
import { startWithTarballs, type WithTarballs } from '../../support/tarballs.ts'
import { zstd } from '../../support/zstd.ts'

const arm64 = { architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] }
const path = '/api/v1/containers/hello%3A1/download?format=oci'

const upload = ({ app }: WithTarballs, architecture: string, payload: Buffer) =>
  app.inject({
    method: 'PUT',
    url: `/api/v1/containers/hello%3A1/images/${architecture}`,
    payload,
    headers: { 'content-type': 'application/x-tar' }
  })

async function layoutOf(t: Test, amd: Buffer, arm: Buffer) {
  const server = await startWithTarballs(t)
  t.equal((await upload(server, 'amd64', amd)).statusCode, 201)
  t.equal((await upload(server, 'arm64', arm)).statusCode, 201)
  const reply = await server.app.inject(path)
  t.equal(reply.statusCode, 200, reply.body.slice(0, 300))
  t.equal(reply.rawPayload.length, Number(reply.headers['content-length']))
  const { report } = await inspectImage(inChunks(reply.rawPayload))
  const images = (await server.app.inject('/api/v1/containers/hello%3A1')).json().images
  return { server, reply, report, images }
}

const formats: [string, (of: { architecture?: string }) => Entry[]][] = [
  ['a docker-archive of old', oldDockerSave],
  ['a docker-archive of go-containerregistry, its layers packed', craneTarball],
  ['a docker-archive of skopeo', skopeoArchive],
  ['an OCI layout', (image) => ociLayout({ ...image, packing: 'zstd' })],
  ['both in one', newDockerSave]
]

for (const [name, made] of formats) {
  t.test(`${name}: a container is one OCI layout with every image as it was proven`, async (t) => {
    const { report, images } = await layoutOf(t, tar(made({})), gzipSync(tar(made(arm64))))

    t.strictSame(report.problems, [])
    t.strictSame(report.formats, ['oci-layout'])
    t.equal(report.indexes.length, 1)
    t.strictSame(
      report.images.map(({ claimed, verdict, manifest }) => [claimed, verdict, manifest?.digest]),
      [
        ['amd64', 'match', images.amd64.manifest],
        ['arm64', 'match', images.arm64.manifest]
      ]
    )
  })
}

t.test('what two images share is there once, and the same container gives the same bytes', async (t) => {
  const shared: Entry[] = [{ name: 'usr/share/data', body: Buffer.alloc(100_000, 'x') }]
  const amd = tar(oldDockerSave({ layers: [shared, baseLayer(), appLayer()] }))
  const arm = zstd(tar(oldDockerSave({ ...arm64, layers: [shared, baseLayer('arm64'), appLayer('arm64')] })))
  const { server, reply, report } = await layoutOf(t, amd, arm)

  t.equal(report.tarball.members, 2 + 1 + 2 + 2 + 5)
  t.equal(reply.headers.etag, `"${report.indexes[0]}"`)
  t.match(reply.headers['content-disposition'], /filename="hello-1\.oci\.tar"/)
  t.ok((await server.app.inject(path)).rawPayload.equals(reply.rawPayload))
  const head = await server.app.inject({ method: 'HEAD', url: path })
  t.equal(head.headers['content-length'], String(reply.rawPayload.length))
  t.equal(head.rawPayload.length, 0)
  const image = '/api/v1/containers/hello%3A1/images/arm64/download?format='
  const way = await server.app.inject(`${image}oci`)
  t.equal(way.statusCode, 307)
  t.equal(new URL(String(way.headers.location), `http://x${image}`).href, `http://x${path}`)
  t.equal((await server.app.inject(`${image}tar`)).statusCode, 400)
  t.equal((await server.app.inject(`${image.replace('arm64', 's390x')}oci`)).statusCode, 404)
})

t.test('what is not proven is refused, and what to do is said', async (t) => {
  const server = await startWithTarballs(t)
  await upload(server, 'amd64', tar(newDockerSave()))
  await upload(server, 's390x', tar(newDockerSave(arm64)))
  const put = {
    method: 'PUT',
    url: '/api/v1/containers/hello%3A1/images/ppc64le',
    payload: { url: 's3://b/x.tar', digest: 'sha256:1' }
  } as const
  await server.app.inject(put)

  const reply = await server.app.inject(path)

  t.equal(reply.statusCode, 409)
  t.match(reply.json(), {
    code: 'container_unproven',
    detail: /ppc64le: nobody has read the image; s390x: the image is mislabelled.*\/verify/s
  })
  t.equal((await server.app.inject('/api/v1/containers/none/download?format=oci')).statusCode, 404)
  t.match((await server.app.inject('/api/v1/containers/hello%3A1/download')).json(), { status: 400, detail: /expected oci/ })
})

t.test('what an earlier version read is refused by name, with the command that mends it', async (t) => {
  const { server } = await layoutOf(t, tar(newDockerSave()), tar(newDockerSave(arm64)))
  for (const { id, document } of await factsDocuments(server.stores)) {
    const facts = JSON.parse(document)
    if (facts.slot === 'arm64') await server.stores.facts.put(id, document.replaceAll(/"member":"[^"]*"/g, '"member":null'))
  }

  t.match((await server.app.inject(path)).json(), {
    status: 409,
    detail: /out whole: arm64: read by an earlier version, .*: leporello verify hello:1 reads it again/
  })
  await server.app.inject({ method: 'POST', url: '/api/v1/containers/hello%3A1/images/arm64/verify' })
  t.equal((await server.app.inject(path)).statusCode, 200)
})

t.test('a tarball that was replaced or is gone is refused before a byte is sent', async (t) => {
  const { server } = await layoutOf(t, tar(newDockerSave()), tar(newDockerSave(arm64)))
  const [key] = await server.everything()

  await server.blobs.put(key!, inChunks(Buffer.from('other bytes')))
  t.match((await server.app.inject(path)).json(), { status: 409, detail: /another tarball is stored there/ })
  await server.blobs.remove(key!)
  t.match((await server.app.inject(path)).json(), { status: 409, detail: /its tarball is gone/ })
})

t.test('bytes that changed under their name break the download off', async (t) => {
  const { server } = await layoutOf(t, tar(newDockerSave()), tar(newDockerSave(arm64)))
  const [key] = await server.everything()
  const { stream, sha256 } = (await server.blobs.get(key!))!
  const bytes = Buffer.concat(await stream.toArray())
  bytes[bytes.indexOf('test\n')] = 0
  t.not(createHash('sha256').update(bytes).digest('hex'), sha256)
  const { layout } = server.catalogue
  const { bytes: made } = await layout!({ id: 'hello:1', publicUrl: 'http://127.0.0.1:0' })
  await server.blobs.put(key!, inChunks(bytes))

  await t.rejects(async () => {
    for await (const _ of made());
  }, /no longer holds the \d+ bytes with digest sha256:/)
})
