import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import t, { type Test } from 'tap'
import { openS3Blobs } from '../../src/blobs/s3/s3-blobs.ts'
import { broken, drain, from, many, sha256, someBytes } from '../blobs/bytes.ts'
import { blobStoreContract } from '../blobs/contract.ts'
import { leavesNothing } from '../blobs/leavings.ts'
import { type Manner, startRudeProxy } from '../support/rude-proxy.ts'
import { startS3 } from '../support/s3.ts'

const server = await startS3()
t.teardown(() => server.stop())

const options = { bucket: server.bucket, endpoint: server.url, pathStyle: true }

blobStoreContract({
  name: 's3',
  presigns: true,
  async place() {
    const here = { ...options, prefix: `contract/${randomUUID()}` }
    return { open: () => openS3Blobs(here), description: { adapter: 's3', options: here } }
  }
})

t.test('presigned URLs lead where clients reach the server, or there are none', async (t) => {
  const key = `public/${randomUUID()}`
  for (const [publicEndpoint, origin] of [
    [undefined, server.url],
    [server.url.replace('127.0.0.1', 'localhost'), server.url.replace('127.0.0.1', 'localhost')],
    ['none', undefined]
  ] as const) {
    const store = await openS3Blobs({ ...options, ...(publicEndpoint !== undefined && { publicEndpoint }) })
    t.teardown(() => store.close())
    await store.put(key, from(Buffer.from('bytes')))
    const url = await store.presign(key, { seconds: 60 })
    t.equal(url && new URL(url).origin, origin)
    if (url) t.equal(await (await fetch(url)).text(), 'bytes', 'the signature is for that host')
  }
})

const mega = 1024 * 1024
const client = new S3Client({ endpoint: server.url, region: 'us-east-1', forcePathStyle: true })
t.teardown(() => client.destroy())
const prefix = () => `quirks/${randomUUID()}/`

t.test('a large blob whose digest is known is not copied; either way it carries its digest for other programs', async (t) => {
  const here = { ...options, prefix: prefix() }
  const store = await openS3Blobs(here)
  const bytes = someBytes(17 * mega)
  const etagOf = async (key: string) => {
    const { ETag, Metadata } = await client.send(new HeadObjectCommand({ Bucket: server.bucket, Key: here.prefix + key }))
    t.equal(Metadata?.['sha256'], sha256(bytes))
    return ETag
  }

  await store.put('known', from(bytes), { expected: { sha256: sha256(bytes) } })
  await store.put('unknown', from(bytes))

  t.match(await etagOf('known'), /-3"$/, 'our three parts')
  t.match(await etagOf('unknown'), /-1"$/, 'one part, copied')
})

t.test('an object that another program put there is a blob without a digest', async (t) => {
  const here = { ...options, prefix: prefix() }
  await client.send(new PutObjectCommand({ Bucket: server.bucket, Key: `${here.prefix}by/hand`, Body: 'by hand' }))

  const got = (await (await openS3Blobs(here)).get('by/hand'))!

  t.match(got, { sha256: undefined, size: 7 })
  t.equal(String(await drain(got)), 'by hand')
})

t.test('of two servers that go on with one upload, one is sent to ask again', async (t) => {
  const here = { ...options, prefix: prefix() }
  const [one, two] = [await openS3Blobs(here), await openS3Blobs(here)]
  const { id } = await one.uploads.create({})
  const [bytes, others] = [someBytes(9 * mega, 1), someBytes(9 * mega, 2)]

  const ends = await Promise.allSettled([
    one.uploads.append({ id, at: 0, source: from(bytes) }),
    two.uploads.append({ id, at: 0, source: from(others) })
  ])

  const refused = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []))
  t.match(refused, [{ code: 'upload_conflict' }])
  t.equal(refused.length, 1)
  t.equal((await two.uploads.get(id))?.offset, 9 * mega)
})

async function behind(t: Test, manners: (request: IncomingMessage) => Manner) {
  const proxy = await startRudeProxy(server.url, manners)
  t.teardown(proxy.close)
  return { ...options, endpoint: proxy.url, prefix: prefix() }
}

t.test('a server that asks to slow down is asked again, until the patience is at its end', async (t) => {
  let refusals = 0
  const store = await openS3Blobs(await behind(t, () => (refusals-- > 0 ? 'slow down' : 'pass')))
  refusals = 3
  await store.put('blob', from('x'))
  refusals = 3
  t.match(await store.head('blob'), { size: 1 })

  const impatient = await openS3Blobs({ ...(await behind(t, () => 'slow down')), patienceMs: 300 })

  const refused = { code: 'store_unavailable', message: /tarballs at http.* does not work: .*503/ }
  await t.rejects(impatient.head('blob'), refused)
  await t.rejects(impatient.put('blob', from('x')), refused)
  t.match(await impatient.health(), { ok: false, reason: /503/ })
})

t.test("a write whose answer was lost is not taken for another one's", async (t) => {
  let lost = 0
  const publishing = ({ method, url = '' }: IncomingMessage) =>
    (method === 'PUT' && !url.includes('partNumber')) || (method === 'POST' && /uploadId/.test(url))
  const store = await openS3Blobs(await behind(t, (it) => (publishing(it) && lost++ === 0 ? 'lose the answer' : 'pass')))
  for (const size of [10, 17 * mega]) {
    for (const expected of [{}, { sha256: sha256(someBytes(size)) }]) {
      lost = 0
      const key = `lost/${size}/${Object.keys(expected).length}`

      t.match(await store.put(key, from(someBytes(size)), { onlyIfAbsent: true, expected }), {
        created: true,
        sha256: sha256(someBytes(size))
      })

      t.ok(lost > 1, 'it was sent again')
      await t.rejects(store.put(key, from('other'), { onlyIfAbsent: true }), { code: 'already_exists' })
    }
  }
  await leavesNothing(t, store)
})

t.test('a wrong key and a bucket that is not there are told apart', async (t) => {
  const store = await openS3Blobs({ ...options, bucket: 'nowhere' })
  t.match(await store.health(), { ok: false, reason: /there is no bucket nowhere/ })
  await t.rejects(store.get('x'), { code: 'store_unavailable', message: /NoSuchBucket/ })
  await t.rejects(store.put('x', from('x')), { code: 'store_unavailable', message: /NoSuchBucket/ })

  process.env['AWS_SECRET_ACCESS_KEY'] = 'wrong'
  t.teardown(() => {
    process.env['AWS_SECRET_ACCESS_KEY'] = 'testsecret'
  })
  t.match(await (await openS3Blobs(options)).health(), { ok: false, reason: /the keys are not allowed to use it/ })
})

t.test('while S3 is away everything is refused in time, and a put with more patience rides over it', async (t) => {
  const here = { ...options, prefix: prefix() }
  const store = await openS3Blobs({ ...here, patienceMs: 300 })
  const patient = await openS3Blobs({ ...here, patienceMs: 60_000 })
  await store.put('before', from('x'))
  let halfway = () => {}
  const reached = new Promise<void>((resolve) => {
    halfway = resolve
  })
  const riding = patient.put(
    'riding',
    many(40 * mega, (sent) => sent > 10 * mega && halfway())
  )
  await reached
  await server.halt()

  const away = { code: 'store_unavailable' }
  await t.rejects(store.get('before'), away)
  await t.rejects(store.put('x', many(20 * mega)), away)
  await t.rejects(store.list({ limit: 1 }), away)
  await t.rejects(store.uploads.create({}), away)
  t.match(await store.health(), { ok: false, reason: /ECONNREFUSED/ })
  await server.restart()

  t.match(await riding, { size: 40 * mega })
  t.match(await store.head('before'), { size: 1 })
  await t.rejects(store.put('x', broken(many(20 * mega))), /went away/)
  await leavesNothing(t, store)
})
