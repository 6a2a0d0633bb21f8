import t from 'tap'
import { startWithTarballs } from '../../support/tarballs.ts'

const base = '/api/v1/containers/container-hello%3Av1'

t.test('a container tells where it stands, and since when', async (t) => {
  const { app } = await startWithTarballs(t, { expected: ['amd64', 'arm64'] })
  const put = (architecture: string) =>
    app.inject({ method: 'PUT', url: `${base}/images/${architecture}`, payload: { url: `s3://b/${architecture}.tar`, digest: 'd' } })

  const first = (await put('amd64')).json().container
  const second = (await put('arm64')).json().container

  t.match(first, { state: 'partial', expected: ['amd64', 'arm64'], missing: ['arm64'], pending: {} })
  t.match(first.reasons, [{ code: 'missing', architecture: 'arm64', message: /no build was reported/ }])
  t.match(second, { state: 'complete', missing: [], reasons: [], fingerprint: /^[0-9a-f]{64}$/ })
  t.not(first.fingerprint, second.fingerprint)
  t.strictSame((await app.inject(base)).json(), second)
  t.match(second, { created: '2026-01-02T03:04:05.000Z', updated: '2026-01-02T03:04:05.000Z' })
})

t.test('with no expectation any image makes a container complete', async (t) => {
  const { app } = await startWithTarballs(t)
  await app.inject({ method: 'POST', url: '/container/add?name=container-hello:v1&url=s3://b/x.tar&version=v1&digest=d' })

  t.match((await app.inject(base)).json(), { state: 'complete', expected: [], missing: [], images: {}, url: 's3://b/x.tar' })
})
