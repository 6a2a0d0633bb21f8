import t from 'tap'
import { doorOf } from '../../support/front-door.ts'
import { historyCases } from '../../support/history-cases.ts'
import { appLayer, baseLayer } from '../../support/images.ts'
import { startWithTarballs, tarball } from '../../support/tarballs.ts'

const path = '/api/v1/containers/container-hello%3Av1'

t.test('on the embedded store', async (t) => {
  const { url } = await startWithTarballs(t, { listen: true })
  const door = doorOf(url)

  await historyCases(t, [door, door])
})

t.test('a restore says which tarballs of ours are gone by now', async (t) => {
  const { url, blobs, everything } = await startWithTarballs(t, { listen: true })
  const { ask } = doorOf(url)
  const arm64 = tarball({ architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] })
  await fetch(`${url}${path}/images/arm64`, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(arm64)
  })
  await ask('PUT', `${path}/images/amd64`, { body: { url: 's3://b/x.tar', digest: 'd' } })
  const { revision } = (await ask('GET', path)).body
  await ask('DELETE', path)
  const [key] = await everything()
  const restore = () => ask('POST', `${path}/restore?dryRun=true`, { body: { revision } })

  t.strictSame((await restore()).body.warnings, [])
  await blobs.remove(key!)

  t.match((await restore()).body.warnings, [
    { code: 'gone', architecture: 'arm64', message: new RegExp(`not in the store any more: ${key}`) }
  ])

  const { container } = (await ask('POST', `${path}/restore`, { body: { revision } })).body
  t.match(container, { state: 'degraded', images: { arm64: { verdict: 'match', status: 'gone' } } }, 'proven, and of no use')
})

t.test('a document of somebody else comes back as it was, but not one that nobody could register', async (t) => {
  const { url, stores } = await startWithTarballs(t, { listen: true })
  const { ask } = doorOf(url)
  const document = '{"id": "container-hello:v1", "url": "s3://b/x.tar", "version": "v1", "digest": null, "count": 12345678901234567890}'
  const contradicting = JSON.stringify({ ...JSON.parse(document), urls: JSON.stringify({ amd64: 's3://b/x.tar', x86_64: 's3://b/y.tar' }) })
  await stores.containers.put('container-hello:v1', document)
  const put = () => ask('PUT', path, { body: { version: 'v1', digest: 'd', images: { arm64: 's3://b/arm.tar' } } })
  const previous = async () => (await ask('GET', `${path}/history?kind=record&limit=1`)).body.items[0].previous
  await put()

  t.equal((await ask('POST', `${path}/restore`, { body: { revision: await previous() } })).status, 200)
  t.equal((await stores.containers.get('container-hello:v1'))?.document, document)

  await stores.containers.put('container-hello:v1', contradicting)
  await put()
  const refused = await ask('POST', `${path}/restore`, { body: { revision: await previous() } })
  t.match(refused, { status: 422, body: { code: 'restore_refused', detail: /cannot be registered any more: .*amd64/ } })
  await stores.containers.put('container-hello:v1', '{"id": "container-hello:v1", "url": null}')
  await put()
  t.match(await ask('POST', `${path}/restore`, { body: { revision: await previous() } }), {
    status: 422,
    body: { code: 'restore_refused', detail: /names no image/ }
  })
})

t.test('whole documents keep every digit of a number', async (t) => {
  const { url, stores } = await startWithTarballs(t, { listen: true })
  const { ask } = doorOf(url)
  await stores.containers.put('container-hello:v1', '{"id":"container-hello:v1","url":"s3://b/x","count":12345678901234567890}')
  await ask('DELETE', path)
  const [{ id }] = (await ask('GET', `${path}/history?kind=record`)).body.items

  const text = await (await fetch(`${url}${path}/history/${id}`)).text()

  t.match(text, '"before":{"id":"container-hello:v1","url":"s3://b/x","count":12345678901234567890},"after":null}')
})
