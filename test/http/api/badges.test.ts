import t from 'tap'
import { appLayer, baseLayer } from '../../support/images.ts'
import { startWithTarballs, tarball } from '../../support/tarballs.ts'

t.test('a badge shows what is proven, and nothing that is only claimed', async (t) => {
  const { app } = await startWithTarballs(t)
  const container = '/api/v1/containers/hello%3A1.0'
  const upload = (architecture: string, payload: Buffer) =>
    app.inject({
      method: 'PUT',
      url: `${container}/images/${architecture}`,
      payload,
      headers: { 'content-type': 'application/octet-stream' }
    })
  await upload('amd64', tarball())
  await upload('s390x', tarball({ tags: ['another:1'] }))
  await app.inject({ method: 'PUT', url: `${container}/images/ppc64le`, payload: { url: 's3://b/claimed', digest: 'sha256:1' } })

  const json = await app.inject('/api/v1/badge/hello%3A1.0.json')
  const svg = await app.inject('/api/v1/badge/hello%3A1.0.svg')
  const known = await app.inject({ url: '/api/v1/badge/hello%3A1.0.svg', headers: { 'if-none-match': String(svg.headers.etag) } })
  await upload('arm64', tarball({ architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] }))
  const more = await app.inject('/api/v1/badge/hello%3A1.0.json')

  t.match(json.json(), { schemaVersion: 1, label: 'runs on', architectures: ['amd64'], message: 'amd64' })
  t.match(svg.headers, { 'content-type': 'image/svg+xml; charset=utf-8', 'cache-control': /max-age/, etag: /^"/ })
  t.match(svg.body, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg".*aria-label="runs on: amd64"/)
  t.notMatch(svg.body, /<script|s390x|ppc64le|href/)
  t.equal(known.statusCode, 304)
  t.match(more.json(), { architectures: ['amd64', 'arm64'], message: 'amd64 | arm64' })
})

t.test('a badge of a container without proof, and of none', async (t) => {
  const { app } = await startWithTarballs(t)
  await app.inject({ method: 'PUT', url: '/api/v1/containers/a%2Fb', payload: { version: '1', digest: 'd', url: 's3://b/x' } })

  t.match((await app.inject('/api/v1/badge/a%2Fb.json')).json(), { architectures: [], message: 'nothing proven' })
  t.match((await app.inject('/api/v1/badge/a%2Fb.svg')).body, /nothing proven/)
  t.match((await app.inject('/api/v1/badge/none.svg')).json(), { status: 404, code: 'container_unknown' })
})
