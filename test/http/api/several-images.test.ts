import t from 'tap'
import { inspectImage } from '../../../src/images/inspect-image.ts'
import { elf } from '../../support/elf.ts'
import { appLayer, baseLayer, inChunks, ociLayout, oldDockerSave, severalSaved, type TestImage } from '../../support/images.ts'
import { tar } from '../../support/tar.ts'
import { startWithTarballs, type WithTarballs } from '../../support/tarballs.ts'
import { tusClient } from '../../support/tus.ts'

/** Archives of which somebody must say, or find out, which image is meant. */

const layers = [baseLayer(), appLayer()]
const windows: TestImage = { os: 'windows', layers: [[{ name: 'Files/app.exe', body: 'MZ' }]], config: { Entrypoint: ['C:\\app.exe'] } }
const images = (id: string) => `/api/v1/containers/${encodeURIComponent(id)}/images`

async function post({ app }: WithTarballs, id: string, archive: Buffer) {
  const form = new FormData()
  form.append('file', new Blob([new Uint8Array(archive)]), 'image.tar')
  const { headers, body } = new Request('http://x', { method: 'POST', body: form })
  const payload = Buffer.from(await new Response(body).arrayBuffer())
  return app.inject({ method: 'POST', url: images(id), headers: Object.fromEntries(headers), payload })
}

const put = ({ app }: WithTarballs, { id, architecture, archive }: { id: string; architecture: string; archive: Buffer }) =>
  app.inject({
    method: 'PUT',
    url: `${images(id)}/${architecture}`,
    headers: { 'content-type': 'application/octet-stream' },
    payload: archive
  })

for (const [title, archive] of Object.entries({
  'the same program under three configurations': tar(
    ociLayout({ layers }, { layers, architecture: 'arm64' }, { layers, architecture: 'arm', variant: 'v7' })
  ),
  'Windows beside Linux': tar(ociLayout(windows, { layers }))
})) {
  t.test(`${title}: brought without an architecture, the image is what it is with one, and amd64 machines get it`, async (t) => {
    const server = await startWithTarballs(t, { strict: true })

    const posted = await post(server, 'posted:1', archive)
    const said = await put(server, { id: 'said:1', architecture: 'amd64', archive })

    for (const reply of [posted, said]) {
      t.equal(reply.statusCode, 201, reply.body)
      t.match(reply.json().image, { architecture: 'amd64', verdict: 'match', proven: 'amd64' })
    }
    const { summary, config, manifest } = said.json().image
    t.match(posted.json(), { image: { summary, config, manifest }, container: { digest: config } })
    const worker = await server.app.inject('/container/resolve?id=posted:1&arch=x86_64')
    t.match(worker.json().result, { architecture: 'amd64', verdict: 'match' })
  })

  t.test(`${title}: so it is when it comes in pieces`, async (t) => {
    const { app, url } = await startWithTarballs(t, { strict: true, listen: true })
    const tus = tusClient(url)
    const upload = await tus.begin({ id: 'pieces:1' }, archive.length)

    t.equal((await tus.patch(upload, 0, archive)).status, 204)

    t.match((await app.inject('/api/v1/containers/pieces%3A1')).json().images, { amd64: { verdict: 'match', proven: 'amd64' } })
  })
}

t.test('of an archive with Windows first, the image for Linux is handed out', async (t) => {
  const server = await startWithTarballs(t)
  await put(server, { id: 'hello:1', architecture: 'amd64', archive: tar(ociLayout(windows, { layers })) })

  const layout = await server.app.inject('/api/v1/containers/hello%3A1/download?format=oci')
  const { report } = await inspectImage(inChunks(layout.rawPayload))

  t.equal(layout.statusCode, 200)
  t.match(report, { verdict: 'match', architecture: 'amd64', images: [{ config: { os: 'linux' } }] })
})

t.test('an image for Windows alone is refused without an architecture, and given to no Linux machine with one', async (t) => {
  const server = await startWithTarballs(t)
  const archive = tar(oldDockerSave(windows))

  const posted = await post(server, 'posted:1', archive)
  const said = await put(server, { id: 'said:1', architecture: 'amd64', archive })
  const worker = await server.app.inject('/container/resolve?id=said:1&arch=x86_64')
  const layout = await server.app.inject('/api/v1/containers/said%3A1/download?format=oci')

  t.match(posted.json(), { status: 422, detail: /the image is for windows\/amd64, which no Linux machine runs/ })
  t.match(said.json().image, { verdict: 'mislabelled', proven: null, summary: /configuration says windows\/amd64/ })
  t.equal(worker.statusCode, 409)
  t.not(layout.statusCode, 200)
})

const named = (tag: string, body: string): TestImage => ({ tags: [tag], layers: [...layers, [{ name: 'app/data', body }]] })

t.test('of two images for one architecture, the one that is tagged as the container is registered', async (t) => {
  const server = await startWithTarballs(t)
  const archive = tar(severalSaved(named('first:1', 'a'), named('localhost/hello:1', 'b')))
  const { images: inside } = (await inspectImage(inChunks(archive))).report

  const posted = await post(server, 'hello:1', archive)
  const layout = await server.app.inject('/api/v1/containers/hello%3A1/download?format=oci')
  const { report } = await inspectImage(inChunks(layout.rawPayload))

  const meant = inside.find(({ tags }) => tags.includes('localhost/hello:1'))!
  t.match(posted.json(), { image: { verdict: 'match', config: meant.config!.digest }, container: { digest: meant.config!.digest } })
  t.equal(report.images[0]!.config!.digest, meant.config!.digest)
})

t.test('of two images for one architecture without that tag, none is registered in silence: the tags are listed', async (t) => {
  const server = await startWithTarballs(t)
  const archive = tar(severalSaved(named('first:1', 'a'), named('second:1', 'b')))

  for (const reply of [await post(server, 'hello:1', archive), await put(server, { id: 'hello:1', architecture: 'amd64', archive })]) {
    t.match(reply.json(), { status: 422, code: 'image_refused', detail: /holds 2 images for amd64.*tagged hello:1: "first:1"; "second:1"/ })
  }
  t.strictSame(await server.everything(), [])
})

t.test('an image of two that was registered by its URL is proven, but not handed out as OCI', async (t) => {
  const server = await startWithTarballs(t)
  await server.blobs.put('by-hand/both.tar', inChunks(tar(severalSaved(named('first:1', 'a'), named('second:1', 'b')))))
  const url = 'http://127.0.0.1:0/storage/by-hand/both.tar'
  await server.app.inject({ method: 'PUT', url: `${images('hello:1')}/amd64`, payload: { url, digest: 'sha256:x' } })

  const verified = await server.app.inject({ method: 'POST', url: `${images('hello:1')}/amd64/verify` })
  const layout = await server.app.inject('/api/v1/containers/hello%3A1/download?format=oci')

  t.match(verified.json().image, {
    verdict: 'match',
    config: null,
    manifest: null,
    summary: /^of 2 images, the worst is the one for amd64/
  })
  t.match(layout.json(), { code: 'container_unproven', detail: /several images, and nothing tells which one is meant/ })
})

t.test('a program of Go for arm/v7 that was pushed as arm64 is relabelled as what its configuration says', async (t) => {
  const server = await startWithTarballs(t)
  const archive = tar(oldDockerSave({ architecture: 'arm', variant: 'v7', layers: [[{ name: 'app/hello', body: elf('arm') }]] }))
  await put(server, { id: 'hello:1', architecture: 'arm64', archive })

  const relabelled = await server.app.inject({ method: 'POST', url: `${images('hello:1')}/arm64/relabel` })
  const worker = await server.app.inject('/container/resolve?id=hello:1&arch=armv7l')

  t.match(relabelled.json().image, { architecture: 'arm/v7', verdict: 'match', proven: 'arm/v7' })
  t.match(worker.json().result, { architecture: 'arm/v7', verdict: 'match' })
})
