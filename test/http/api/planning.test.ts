import t from 'tap'
import { appLayer, baseLayer } from '../../support/images.ts'
import { startWithTarballs, tarball } from '../../support/tarballs.ts'

const container = '/api/v1/containers/hello%3A1'
const octets = { 'content-type': 'application/octet-stream' }
const arm64 = tarball({ architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] })

t.test('a plan reuses what was built from the same source and builds what was not, whatever the order', async (t) => {
  const { app } = await startWithTarballs(t)
  const sources = { amd64: { commit: 'c1' }, arm64: { commit: 'c1' } }
  const plan = async (sources: object, format = 'json') =>
    app.inject({ method: 'POST', url: `/api/v1/plan?format=${format}`, payload: { container: 'hello:1', sources } })

  const first = await plan(sources)
  t.equal(first.statusCode, 200)
  t.match(first.json(), { build: ['amd64', 'arm64'], reuse: [] })
  t.same((await plan({ aarch64: sources.arm64, x86_64: sources.amd64 })).json(), first.json())

  const axis = await plan(sources, 'jenkins')
  t.match(axis.headers['content-type'], /^text\/plain/)
  t.match(axis.body, /values 'amd64', 'arm64'/)
  t.match((await plan(sources, 'kubernetes')).json(), { code: 'parameter_missing', errors: [{ path: 'job' }] })
  t.match((await plan(sources, 'xml')).json(), { status: 400, errors: [{ path: 'format' }] })
  t.match((await plan({ 'no architecture': {} })).json(), { status: 400, errors: [{ path: /^sources/ }] })
})

t.test('Kubernetes Jobs are bound to machines of their architecture', async (t) => {
  const { app } = await startWithTarballs(t)
  const job = { image: 'builder:1', command: ['sh', '-c', 'make $(ARCHITECTURE)'] }
  const payload = { container: 'hello:1', sources: { arm64: { commit: 'c1' } }, job }

  const reply = await app.inject({ method: 'POST', url: '/api/v1/plan?format=kubernetes', payload })

  const { kind, items } = reply.json()
  t.equal(kind, 'List')
  t.match(items, [{ kind: 'Job', spec: { template: { spec: { nodeSelector: { 'kubernetes.io/arch': 'arm64' } } } } }])
})

t.test('a container as a manifest list names what is proven, and what is not', async (t) => {
  const { app } = await startWithTarballs(t)
  await app.inject({ method: 'PUT', url: `${container}/images/arm64`, headers: octets, payload: arm64 })
  await app.inject({ method: 'PUT', url: `${container}/images/amd64`, payload: { url: 's3://b/x.tar' } })

  const oci = await app.inject(`${container}/manifest`)
  const docker = await app.inject({
    url: `${container}/manifest`,
    headers: { accept: 'application/vnd.docker.distribution.manifest.list.v2+json' }
  })

  t.equal(oci.headers['content-type'], 'application/vnd.oci.image.index.v1+json')
  t.match(oci.json(), {
    schemaVersion: 2,
    pullable: true,
    manifests: [{ platform: { architecture: 'arm64', os: 'linux' }, digest: /^sha256:/ }],
    unproven: [{ architecture: 'amd64', why: 'nobody has read the image' }]
  })
  t.equal(docker.json().mediaType, 'application/vnd.docker.distribution.manifest.list.v2+json')
  t.equal((await app.inject(`${container}/manifest`)).body, oci.body)
  t.equal((await app.inject('/api/v1/containers/nowhere/manifest')).statusCode, 404)
})

t.test('what machines ask for is counted, and which containers lack it', async (t) => {
  const { app, catalogue, stores } = await startWithTarballs(t)
  await app.inject({ method: 'PUT', url: `${container}/images/amd64`, payload: { url: 's3://b/x.tar', digest: 'd' } })
  const ask = (arch: string) => app.inject(`/container/resolve?id=hello:1&arch=${arch}`)
  await Promise.all([ask('x86_64'), ask('x86_64'), ask('aarch64'), ask('amd64')])

  t.equal(await catalogue.demand.flush(), true)
  t.equal(await catalogue.demand.flush(), false, 'nothing was asked since')

  const { architectures, since } = (await app.inject('/api/v1/architectures?days=2')).json()
  t.equal(since, '2026-01-01')
  t.match(architectures, [
    { architecture: 'amd64', names: ['x86_64', 'amd64'], asked: 3, answered: 3, refused: 0, lacking: [] },
    { architecture: 'arm64', asked: 1, answered: 0, refused: 1, lacking: [{ container: 'hello:1', refused: 1 }] }
  ])

  const { put } = stores.demand
  stores.demand.put = async (...asked) => {
    stores.demand.put = put
    await ask('x86_64')
    return put(...asked)
  }
  await ask('x86_64')
  t.equal(await catalogue.demand.flush(), true)
  t.equal(await catalogue.demand.flush(), true, 'what was asked while it was written')
  for (const days of ['0', '91', 'x', '']) t.equal((await app.inject(`/api/v1/architectures?days=${days}`)).statusCode, 400)
})

t.test('a job spec is told where it can run, and filled where the site wants that', async (t) => {
  const { app, stores } = await startWithTarballs(t, { fillSpecs: true })
  const images = { amd64: 's3://b/x.tar', arm64: 's3://b/arm.tar' }
  await app.inject({ method: 'PUT', url: container, payload: { digest: 'd', images } })
  const spec = {
    id: 'job-a',
    container: 'hello:1',
    dependency_images: [{ container_image_name: 'hello:1', container_image_url: 's3://b/x.tar' }]
  }
  await stores.jobSpecs.put('as-posted', JSON.stringify({ ...spec, id: 'as-posted' }))

  const added = await app.inject({ method: 'POST', url: '/job_spec/add', payload: { spec: JSON.stringify(spec) } })

  t.equal(added.statusCode, 200)
  const report = async (id: string) => (await app.inject(`/api/v1/specs/${id}/report`)).json()
  t.match(await report('as-posted'), { architectures: ['amd64'], ifFilled: ['amd64', 'arm64'], single: ['hello:1'] })
  t.match(await report('job-a'), { architectures: ['amd64', 'arm64'], single: [] })
  t.equal((await app.inject('/api/v1/specs/none/report')).statusCode, 404)
})

t.test('an image whose base has none for an expected architecture is told so in its report and in the plan', async (t) => {
  const { app } = await startWithTarballs(t)
  const put = (id: string, payload: Buffer) =>
    app.inject({ method: 'PUT', url: `/api/v1/containers/${encodeURIComponent(id)}/images/amd64`, headers: octets, payload })
  const reportOf = async (id: string) => (await app.inject(`/api/v1/containers/${encodeURIComponent(id)}/images/amd64/report`)).json().base
  await put('base:1', tarball({ layers: [baseLayer()] }))
  await put('by-layers:1', tarball({ layers: [baseLayer(), appLayer()] }))
  await put('labelled:1', tarball({ config: { Labels: { 'org.opencontainers.image.base.name': 'registry.example/base:1' } } }))
  await put('alone:1', tarball({ layers: [[...baseLayer(), { name: 'other', body: 'x' }]] }))
  const architectures = ['amd64', 'arm64']
  await app.inject({ method: 'PUT', url: '/api/v1/containers/by-layers%3A1/expected', payload: { architectures } })

  const planned = await app.inject({
    method: 'POST',
    url: '/api/v1/plan',
    payload: { container: 'by-layers:1', sources: { '*': { commit: 'c2' } } }
  })

  t.strictSame(await reportOf('by-layers:1'), { container: 'base:1', by: 'layers', architectures: ['amd64'], missing: ['arm64'] })
  t.strictSame(await reportOf('labelled:1'), { container: 'base:1', by: 'label', architectures: ['amd64'], missing: [] })
  t.equal(await reportOf('alone:1'), null)
  t.equal(await reportOf('base:1'), null)
  t.match(planned.json().warnings, [{ code: 'base_missing', architecture: 'arm64', message: /base:1 has no image for arm64/ }])

  await app.inject({ method: 'DELETE', url: '/api/v1/containers/base%3A1' })
  t.equal(await reportOf('by-layers:1'), null, 'a base that was removed is none')
})
