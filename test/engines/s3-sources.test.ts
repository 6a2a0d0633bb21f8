import { createHash, randomBytes } from 'node:crypto'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import t from 'tap'
import { sourcesFor, textOf } from '../sources/sites.ts'
import { startS3 } from '../support/s3.ts'

const server = await startS3()
t.teardown(() => server.stop())

const { host } = new URL(server.url)
const sources = sourcesFor({ buckets: [`${server.url}/${server.bucket}`] })
const client = new S3Client({ endpoint: server.url, region: 'us-east-1', forcePathStyle: true })
t.teardown(() => client.destroy())

/** The URL of an object, with the keys that osaka would be given. */
async function aTarball({
  key,
  body,
  keys = 'testkey:testsecret@'
}: {
  key: string
  body: Buffer | string
  keys?: string
}): Promise<string> {
  await client.send(new PutObjectCommand({ Bucket: server.bucket, Key: key, Body: body }))
  return `s3://${keys}${host}/${server.bucket}/${key}`
}

t.test('an object arrives whole, by the keys in its URL or by our own', async (t) => {
  const bytes = randomBytes(20_000_000)
  for (const keys of ['testkey:testsecret@', '']) {
    const url = await aTarball({ key: 'sources/hello v1+ü%20.tar', body: bytes, keys })
    const hash = createHash('sha256')

    const { stream, ...info } = await sources.open(url)
    for await (const chunk of stream) hash.update(chunk)

    t.equal(hash.digest('hex'), createHash('sha256').update(bytes).digest('hex'))
    t.match(info, { size: bytes.length, etag: /^".+"$/, modified: /Z$/ })
    t.strictSame(await sources.probe(url), info)
  }
})

t.test('an empty object is a stream without bytes', async (t) => {
  const { stream, size } = await sources.open(await aTarball({ key: 'sources/empty', body: Buffer.alloc(0) }))

  t.equal(size, 0)
  t.equal(await textOf(stream), '')
})

t.test('what is not there is gone, and what the keys do not open is for later', async (t) => {
  const url = await aTarball({ key: 'sources/here', body: 'x' })

  for (const ask of [sources.open, sources.probe]) {
    await t.rejects(ask(`${url}-not`), { code: 'source_gone' })
    await t.rejects(ask(url.replace('testsecret', 'swordfish')), { code: 'source_unavailable', message: /^(?!.*swordfish).*keys/ })
    await t.rejects(ask(url.replace('testkey', 'nobody')), { code: 'source_unavailable' })
    await t.rejects(ask(url.replace(server.bucket, 'another')), { code: 'source_forbidden' })
  }
  await t.rejects(sourcesFor({ buckets: [`${server.url}/*`] }).open(url.replace(server.bucket, 'nosuchbucket')), { code: 'source_gone' })
})

t.test('an object replaced is another by its etag', async (t) => {
  const before = await sources.probe(await aTarball({ key: 'sources/moving', body: 'one' }))
  const after = await sources.probe(await aTarball({ key: 'sources/moving', body: 'two' }))

  t.not(after.etag, before.etag)
})
