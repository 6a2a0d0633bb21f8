import t from 'tap'
import { appLayer, baseLayer } from '../support/images.ts'
import { onEngine, ready, startLeporello } from '../support/leporello.ts'
import { digestOfBytes, everyType, imageToPush, indexOf, type ManifestDocument, manifestType } from '../support/oci.ts'
import { startS3 } from '../support/s3.ts'
import { sharedEngine } from '../support/shared-engine.ts'
import { tarball } from '../support/tarballs.ts'

/** Push and pull over two replicas, with documents in an engine and blobs in S3. */

const [s3, engine] = await Promise.all([startS3(), sharedEngine('os3')])
t.teardown(() => Promise.all([s3.stop(), engine.stop()]))
const settings = onEngine(engine.url, {
  OBJECTS: 's3',
  S3_ENDPOINT: s3.url,
  S3_BUCKET: s3.bucket,
  S3_REGION: 'us-east-1',
  S3_PATH_STYLE: 'true'
})
const [one, other] = await Promise.all([startLeporello(settings), startLeporello(settings)])
t.teardown(() => Promise.all([one.stop(), other.stop()]))
await Promise.all([ready(one), ready(other)])

const images = {
  amd64: {},
  arm64: { architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] }
}
const bytesOf = async (reply: Response) => Buffer.from(await reply.arrayBuffer())
const send = (method: string, url: string, body?: Buffer, type = 'application/octet-stream') =>
  fetch(url, { method, headers: { 'content-type': type }, ...(body && { body: new Uint8Array(body) }) })

async function pullBoth(name: string, reference: string): Promise<string[]> {
  const index = (await (await fetch(`${other.url}/v2/${name}/manifests/${reference}`, { headers: { accept: everyType } })).json()) as {
    manifests: { digest: string; platform: { architecture: string } }[]
  }
  for (const { digest } of index.manifests) {
    const manifest = await bytesOf(await fetch(`${other.url}/v2/${name}/manifests/${digest}`))
    t.equal(digestOfBytes(manifest), digest)
    const { config, layers } = JSON.parse(manifest.toString()) as ManifestDocument
    for (const blob of [config, ...layers]) {
      t.equal(digestOfBytes(await bytesOf(await fetch(`${other.url}/v2/${name}/blobs/${blob.digest}`))), blob.digest)
    }
  }
  return index.manifests.map(({ platform }) => platform.architecture)
}

t.test('chunks go to one replica or the other, and what they make is pulled from the other', async (t) => {
  const manifests: { bytes: Buffer; architecture: string }[] = []
  for (const [architecture, image] of Object.entries(images)) {
    const { blobs, manifest } = imageToPush({ ...image, packing: 'gzip' })
    for (const bytes of blobs) {
      const begun = await send('POST', `${one.url}/v2/pushed/blobs/uploads/`)
      t.equal(begun.status, 202)
      const at = begun.headers.get('location')!
      const half = Math.floor(bytes.length / 2)
      t.equal((await send('PATCH', `${other.url}${at}`, bytes.subarray(0, half))).status, 202)
      t.equal((await send('PATCH', `${one.url}${at}`, bytes.subarray(half))).status, 202)
      const done = await send('PUT', `${other.url}${at}?digest=${digestOfBytes(bytes)}`)
      t.equal(done.status, 201, await done.text())
    }
    const type = 'application/vnd.oci.image.manifest.v1+json'
    t.equal((await send('PUT', `${one.url}/v2/pushed/manifests/${digestOfBytes(manifest)}`, manifest, type)).status, 201)
    manifests.push({ bytes: manifest, architecture })
  }
  const index = indexOf(manifests)
  const tagged = await send('PUT', `${one.url}/v2/pushed/manifests/v1`, index, 'application/vnd.oci.image.index.v1+json')
  t.equal(tagged.status, 201, await tagged.text())

  t.strictSame(await pullBoth('pushed', 'v1'), ['amd64', 'arm64'])
  const { images: seen } = (await (await fetch(`${other.url}/api/v1/containers/pushed%3Av1`)).json()) as {
    images: Record<string, { verdict: string; url: string }>
  }
  t.match(seen, { amd64: { verdict: 'match' }, arm64: { verdict: 'match' } })
  t.equal((await send('GET', seen['arm64']!.url)).status, 200)
})

t.test('compressed tarballs are unpacked into the bucket, and clients are sent there', async (t) => {
  for (const [architecture, image] of Object.entries(images)) {
    const put = await send('PUT', `${one.url}/api/v1/containers/tarball%3Av1/images/${architecture}`, tarball(image))
    t.match(put.status, /20\d/)
  }

  t.strictSame(await pullBoth('tarball', 'v1'), ['amd64', 'arm64'])
  const index = (await (await fetch(`${one.url}/v2/tarball/manifests/v1`)).json()) as { manifests: { digest: string }[] }
  const manifest = (await (await fetch(`${one.url}/v2/tarball/manifests/${index.manifests[0]!.digest}`)).json()) as ManifestDocument
  const redirected = await fetch(`${one.url}/v2/tarball/blobs/${manifest.layers[0]!.digest}`, { redirect: 'manual' })
  t.equal(redirected.status, 307)
  t.match(redirected.headers.get('location'), /X-Amz-Signature=/)
})

t.test('while the bucket is away each step of a push says so, and afterwards it goes on', async (t) => {
  const { blobs, manifest } = imageToPush({ config: { Labels: { pushed: 'around an outage' } } })
  const repository = `${one.url}/v2/away`
  const [first, ...others] = blobs as [Buffer, ...Buffer[]]
  const whole = (bytes: Buffer) => send('POST', `${repository}/blobs/uploads/?digest=${digestOfBytes(bytes)}`, bytes)
  const begin = () => send('POST', `${repository}/blobs/uploads/`)
  for (const bytes of others) t.equal((await whole(bytes)).status, 201)
  const upload = `${other.url}${(await begin()).headers.get('location')}`
  const steps: [what: string, step: () => Promise<Response>, status: number][] = [
    ['beginning an upload', begin, 202],
    ['a chunk', () => send('PATCH', upload, first), 202],
    ['a blob at once', () => whole(first), 201],
    ['the image, which is read', () => send('PUT', `${repository}/manifests/v1`, manifest, manifestType), 201]
  ]

  await s3.halt()
  for (const [what, step] of steps.slice(0, 3)) await refused(await step(), what)
  await s3.restart()
  for (const [what, step, status] of steps.slice(0, 3)) t.equal((await step()).status, status, what)
  await s3.halt()
  await refused(await steps[3]![1](), steps[3]![0])
  t.equal((await fetch(`${repository}/manifests/v1`)).status, 404, 'no tag')
  t.equal((await fetch(`${one.url}/api/v1/containers/away%3Av1`)).status, 404, 'and no container')
  await s3.restart()
  t.equal((await steps[3]![1]()).status, 201)
  t.strictSame(await pullBoth('away', 'v1'), ['amd64'])

  async function refused(reply: Response, what: string): Promise<void> {
    t.equal(reply.status, 503, what)
    t.match(await reply.json(), { errors: [{ code: 'UNAVAILABLE', message: /the bucket tarballs at .* does not work/ }] }, what)
  }
})
