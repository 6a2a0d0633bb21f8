import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import t from 'tap'
import { inspectImage } from '../../src/images/inspect-image.ts'
import { appLayer, baseLayer, inChunks } from '../support/images.ts'
import { type Leporello, ready, startLeporello } from '../support/leporello.ts'
import { eventually } from '../support/processes.ts'
import { startS3 } from '../support/s3.ts'
import { tarball } from '../support/tarballs.ts'

/** Images through the running program, with its tarballs in S3 and others' tarballs in another bucket of it. */

const amd64 = tarball()
const arm64 = tarball({ architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] })

const s3 = await startS3()
t.teardown(() => s3.stop())
const { host } = new URL(s3.url)
const server = await startLeporello({
  OBJECTS: 's3',
  S3_ENDPOINT: s3.url,
  S3_BUCKET: s3.bucket,
  S3_REGION: 'us-east-1',
  S3_PATH_STYLE: 'true',
  S3_PREFIX: 'ours/',
  VERIFY: 'all',
  VERIFY_BUCKETS: `${s3.url}/${s3.bucket}`
})
t.teardown(() => server.stop())
await ready(server)

const image = (id: string, architecture: string) => `${server.url}/api/v1/containers/${id}%3Av1/images/${architecture}`
const bytesOf = async (reply: Response) => Buffer.from(await reply.arrayBuffer())
const put = (id: string, { architecture, body }: { architecture: string; body: Buffer }) =>
  fetch(image(id, architecture), { method: 'PUT', body: new Uint8Array(body) })

const verdictOf = (server: Leporello, { id, architecture }: { id: string; architecture: string }): Promise<string> =>
  eventually(
    async () => {
      const { verdict } = (await (await fetch(`${server.url}/api/v1/containers/${id}%3Av1/images/${architecture}`)).json()) as {
        verdict: string
      }
      return verdict === 'unverified' ? undefined : verdict
    },
    { what: `the image for ${architecture} of ${id} is read` }
  )

t.test('a download is sent to a presigned URL, whole or in part, under the name of the tarball', async (t) => {
  t.equal((await put('ours', { architecture: 'arm64', body: arm64 })).status, 201)

  const reply = await fetch(`${image('ours', 'arm64')}/download`, { redirect: 'manual' })

  t.equal(reply.status, 307)
  t.match(reply.headers.get('repr-digest'), /^sha-256=:/)
  const url = reply.headers.get('location')!
  t.match(url, /X-Amz-Signature=/)
  const whole = await fetch(url)
  t.match(whole.headers.get('content-disposition'), /ours.*-arm64\.tar\.gz/)
  t.ok((await bytesOf(whole)).equals(arm64))
  const part = await fetch(`${image('ours', 'arm64')}/download`, { headers: { range: 'bytes=10-19' } })
  t.equal(part.status, 206)
  t.ok((await bytesOf(part)).equals(arm64.subarray(10, 20)))
  const head = await fetch(`${image('ours', 'arm64')}/download`, { method: 'HEAD' })
  t.match(head, { status: 200, redirected: false })
  t.equal(head.headers.get('content-length'), String(arm64.length))
  t.equal((await fetch(url.replace(/X-Amz-Signature=\w{8}/, 'X-Amz-Signature=00000000'))).status, 403)
})

t.test('a whole container comes out of S3 as one OCI layout', async (t) => {
  t.equal((await put('both', { architecture: 'arm64', body: arm64 })).status, 201)
  t.equal((await put('both', { architecture: 'amd64', body: amd64 })).status, 201)

  const reply = await fetch(`${server.url}/api/v1/containers/both%3Av1/download?format=oci`)

  const { report } = await inspectImage(inChunks(await bytesOf(reply)))
  t.strictSame(
    report.images.map(({ architecture, verdict }) => [architecture, verdict]),
    [
      ['amd64', 'match'],
      ['arm64', 'match']
    ]
  )
})

t.test("images registered by osaka's URLs of a bucket are read behind the back of who registered them", async (t) => {
  const client = new S3Client({ endpoint: s3.url, region: 'us-east-1', forcePathStyle: true })
  t.teardown(() => client.destroy())
  for (const [key, body] of Object.entries({ 'right.tar.gz': arm64, 'wrong.tar.gz': amd64 })) {
    await client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: `theirs/${key}`, Body: body }))
  }
  const url = (key: string) => `s3://${host}/${s3.bucket}/theirs/${key}`
  const urls = JSON.stringify({ aarch64: url('right.tar.gz'), ppc64le: url('wrong.tar.gz'), s390x: 's3://elsewhere/not-permitted.tar' })
  const body = new URLSearchParams({ name: 'theirs:v1', version: '1', url: '', urls, digest: 'sha256:1' })

  t.equal((await fetch(`${server.url}/api/v0.1/container/add`, { method: 'POST', body })).status, 200)

  t.equal(await verdictOf(server, { id: 'theirs', architecture: 'arm64' }), 'match')
  t.equal(await verdictOf(server, { id: 'theirs', architecture: 'ppc64le' }), 'mislabelled')
  t.match(await (await fetch(image('theirs', 's390x'))).json(), { verdict: 'unverified' })
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  t.match(metrics, /leporello_inspections_total\{verdict="mislabelled"\} 1/)
})
