import t, { type Test } from 'tap'
import { factsId, toFactsDocument } from '../../../src/domain/image/facts.ts'
import { someFacts } from '../../support/facts.ts'
import { sha256, startServer } from '../../support/start-server.ts'

const urls = '{"x86_64": "s3://b/hello.tar.gz", "arm64": "s3://b/hello-arm64.tar.gz"}'
const hello = { name: 'hello:1', version: 'v1', digest: 'sha256:1', url: 's3://b/hello.tar.gz', urls }
const armUrl = 's3://b/hello-arm64.tar.gz'

/** A server that has hello:1, and knows of its arm64 image that its bytes are for amd64. */
async function withMislabelled(t: Test) {
  const started = await startServer(t)
  await started.app.inject({ method: 'POST', url: '/container/add', query: hello })
  const facts = someFacts({
    imageKey: 'arm64',
    url: armUrl,
    verdict: 'mislabelled',
    architecture: 'amd64',
    summary: '/bin/sh is for amd64'
  })
  const id = factsId(facts, sha256)
  await started.stores.facts.put(id, toFactsDocument(facts, id))
  return started
}

t.test('a machine is refused an image that is proven to be for others, with what the bytes are', async (t) => {
  const { app } = await withMislabelled(t)
  const message = 'the image for arm64 of hello:1 is proven to be for amd64: /bin/sh is for amd64; force=true gives it all the same'

  for (const path of ['resolve', 'info']) {
    const reply = await app.inject(`/api/v0.1/container/${path}?id=hello:1&arch=aarch64`)

    t.equal(reply.statusCode, 409, path)
    t.strictSame(reply.json(), { success: false, message, result: null }, path)
  }
  const text = await app.inject('/container/resolve?id=hello:1&arch=aarch64&format=text')
  t.equal(text.statusCode, 409)
  t.equal(text.body, `${message}\n`)
})

t.test('force=true gives it all the same, and tells the verdict', async (t) => {
  const { app } = await withMislabelled(t)

  const resolved = await app.inject('/container/resolve?id=hello:1&arch=aarch64&force=true')
  const info = await app.inject('/container/info?id=hello:1&arch=aarch64&force=true')

  t.match(resolved.json().result, { url: armUrl, verdict: 'mislabelled' })
  t.match(info.json().result, { url: armUrl, resolved: { verdict: 'mislabelled' } })
})

t.test('the other machines and the record itself are as they were', async (t) => {
  const { app } = await withMislabelled(t)

  t.match((await app.inject('/container/resolve?id=hello:1&arch=x86_64')).json().result, { url: hello.url, verdict: 'unverified' })
  t.equal((await app.inject('/container/info?id=hello:1')).statusCode, 200)
})

t.test('a new build under the same URL is not judged by the bytes before it', async (t) => {
  const { app } = await withMislabelled(t)

  await app.inject({ method: 'POST', url: '/container/add', query: { ...hello, digest: 'sha256:2' } })

  t.match((await app.inject('/container/resolve?id=hello:1&arch=arm64')).json().result, { url: armUrl, verdict: 'unverified' })
})
