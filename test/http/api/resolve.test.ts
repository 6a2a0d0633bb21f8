import t from 'tap'
import { factsDocuments } from '../../support/facts.ts'
import { appLayer, baseLayer, inChunks } from '../../support/images.ts'
import { startWithTarballs, tarball } from '../../support/tarballs.ts'

const base = '/api/v1/containers/container-hello%3Av1'

t.test('a machine is given its image, by any name of its architecture, or told which there are', async (t) => {
  const { app } = await startWithTarballs(t)
  await app.inject({ method: 'PUT', url: `${base}/images/arm64`, payload: { url: 's3://b/arm.tar', digest: 'd' } })

  const given = await app.inject(`${base}/resolve?arch=aarch64`)
  const refused = await app.inject(`${base}/resolve?arch=x86_64`)

  t.equal(given.statusCode, 200)
  t.strictSame(given.json(), { architecture: 'arm64', requested: 'aarch64', url: 's3://b/arm.tar', source: 'urls', verdict: 'unverified' })
  t.equal(refused.statusCode, 404)
  t.match(refused.json(), { code: 'image_missing', available: ['arm64'] })
})

t.test('a mislabelled image is given to none that do not insist', async (t) => {
  const { app } = await startWithTarballs(t)
  const payload = tarball({ architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] })
  await app.inject({ method: 'PUT', url: `${base}/images/amd64`, headers: { 'content-type': 'application/octet-stream' }, payload })

  const refused = await app.inject(`${base}/resolve?arch=x86_64`)
  const forced = await app.inject(`${base}/resolve?arch=x86_64&force=true`)

  t.equal(refused.statusCode, 409)
  t.match(refused.json(), { status: 409, detail: /proven to be for arm64/ })
  t.match(forced.json(), { architecture: 'amd64', verdict: 'mislabelled' })
})

t.test('no architecture, an empty one, an unknown container or parameter are refused', async (t) => {
  const { app } = await startWithTarballs(t)

  for (const query of ['', '?arch=']) {
    const reply = await app.inject(`${base}/resolve${query}`)
    t.match(reply.json(), { status: 400, code: 'parameter_missing' })
  }
  t.match((await app.inject(`${base}/resolve?arch=arm64`)).json(), { status: 404, code: 'container_unknown' })
  t.match((await app.inject(`${base}/resolve?arch=arm64&force=perhaps`)).json(), { status: 400 })
  t.match((await app.inject(`${base}/resolve?arch=arm64&format=text`)).json(), { status: 400, code: 'parameter_invalid' })
})

t.test('an image that is known to be gone is given to none that do not insist; what could not be reached is given', async (t) => {
  const { app, catalogue, stores } = await startWithTarballs(t)
  await app.inject({
    method: 'PUT',
    url: `${base}/images/arm64`,
    payload: { url: 'http://127.0.0.1:0/storage/never-there.tar', digest: 'd' }
  })
  t.equal((await app.inject(`${base}/resolve?arch=arm64`)).statusCode, 200, 'nobody has looked yet')
  await catalogue.verifier!.work({ atOnce: 1, signal: new AbortController().signal })

  const refused = await app.inject(`${base}/resolve?arch=arm64`)
  t.match(refused.json(), { status: 409, code: 'image_gone', detail: /is gone: at .* there was nothing at .*never-there.tar/ })
  t.match((await app.inject(`${base}/resolve?arch=arm64&force=true`)).json(), { architecture: 'arm64', status: 'gone' })
  t.equal((await app.inject('/container/resolve?id=container-hello:v1&arch=arm64')).statusCode, 409)
  const info = await app.inject('/container/info?id=container-hello:v1&arch=arm64')
  t.match(info.json().result, { url: /never-there/, resolved: { architecture: 'arm64', status: 'gone' } })
  const copied = await app.inject({
    method: 'PUT',
    url: '/api/v1/containers/other%3A1/images/arm64',
    payload: { from: 'container-hello:v1' }
  })
  t.match(copied.json(), { status: 409, code: 'image_gone' })

  const [stored] = await factsDocuments(stores)
  await stores.facts.put(stored!.id, stored!.document.replace('"gone"', '"unreachable"'))
  t.equal((await app.inject(`${base}/resolve?arch=arm64`)).statusCode, 200)
})

t.test('an image that was gone, and is registered again, is looked for again', async (t) => {
  const { app, blobs, catalogue } = await startWithTarballs(t)
  const register = () =>
    app.inject({ method: 'PUT', url: `${base}/images/amd64`, payload: { url: 'http://127.0.0.1:0/storage/by-hand/x.tar', digest: 'd' } })
  const work = () => catalogue.verifier!.work({ atOnce: 1, signal: new AbortController().signal })
  await register()
  await work()
  t.equal((await app.inject(`${base}/resolve?arch=amd64`)).statusCode, 409)

  await blobs.put('by-hand/x.tar', inChunks(tarball()))
  await register()
  await work()

  t.match((await app.inject(`${base}/resolve?arch=amd64`)).json(), { architecture: 'amd64', verdict: 'match' })
})
