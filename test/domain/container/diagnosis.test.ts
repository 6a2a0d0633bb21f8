import t from 'tap'
import { type KnownContainer, knownFindings, recordFindings } from '../../../src/domain/container/diagnosis.ts'

const [amd, arm] = ['s3://images/hello.tar.gz', 's3://images/hello-arm64.tar.gz']
const all = { x86_64: amd, amd64: amd, arm64: arm, aarch64: arm }
const record = (url: unknown, urls?: unknown) =>
  JSON.stringify({
    id: 'hello:1',
    url,
    version: '1',
    digest: 'd',
    ...(urls !== undefined && { urls: typeof urls === 'string' ? urls : JSON.stringify(urls) })
  })
const codes = (document: string) =>
  recordFindings('hello:1', document).map(({ code, architecture }) => `${code} ${architecture ?? ''}`.trim())

t.test('a record as Leporello writes it has nothing wrong with it', (t) => {
  t.strictSame(recordFindings('hello:1', record(amd, all)), [])
  t.strictSame(recordFindings('hello:1', record('http://here/unavailable/hello%3A1/amd64', { arm64: arm, aarch64: arm })), [])
  t.end()
})

t.test('what HySDS workers stumble over is found in a record, whoever wrote it', (t) => {
  const cases: [string, string[]][] = [
    [record(amd), ['urls_missing']],
    [record(amd, ''), ['urls_missing']],
    [record(amd, '{}'), ['urls_missing']],
    [record(null), ['no_image']],
    [record(amd, '{"x86_64": '), ['urls_unreadable']],
    [record(amd, ['x']), ['urls_unreadable']],
    [record(amd, { arm64: arm, aarch64: 's3://other' }), ['urls_unreadable']],
    [record(amd, { x86_64: amd, amd64: amd, arm64: arm }), ['aliases_incomplete arm64']],
    [record(amd, { amd64: amd, aarch64: arm }), ['aliases_incomplete amd64', 'aliases_incomplete arm64']],
    [record(arm, all), ['url_not_amd64 arm64']],
    [record(arm, { arm64: arm, aarch64: arm }), ['url_not_amd64 arm64']],
    [record('s3://mirror/hello.tar.gz', all), ['url_differs amd64']],
    [record('', all), ['url_missing']],
    [record(`${amd}?v=1`, { x86_64: `${amd}?v=1`, amd64: `${amd}?v=1` }), ['url_with_query amd64']]
  ]
  for (const [document, expected] of cases) t.strictSame(codes(document), expected, document)
  t.end()
})

t.test('a secret in a URL is noted and never repeated', (t) => {
  const url = 's3://AKIA:swordfish@host:9000/images/hello.tar.gz'

  const found = recordFindings('hello:1', record(url, { x86_64: url, amd64: url }))

  t.match(found, [{ code: 'url_with_secret', severity: 'note' }])
  t.notMatch(JSON.stringify(found), /swordfish/)
  t.end()
})

t.test('what is proven speaks against a record', (t) => {
  const image: KnownContainer['images'][string] = {
    url: amd,
    verdict: 'match',
    summary: null,
    proven: null,
    digest: null,
    config: null,
    manifest: null,
    sha256: null,
    status: 'present'
  }
  const known = (digest: string, images: KnownContainer['images']) => knownFindings({ id: 'hello:1', digest, images })

  const well = known('sha256:a', { amd64: { ...image, config: 'sha256:a' }, arm64: { ...image, config: 'sha256:b' } })
  const other = known('sha256:b', { amd64: { ...image, config: 'sha256:a' }, arm64: { ...image, config: 'sha256:b' } })
  const nobody = known('sha256:c', { amd64: { ...image, config: 'sha256:a' } })
  const wrong = known('d', {
    amd64: { ...image, verdict: 'mislabelled', summary: 'its programs are for arm64' },
    arm64: { ...image, verdict: 'match', status: 'gone' },
    ppc64le: { ...image, verdict: 'mixed' },
    s390x: { ...image, verdict: 'unreadable' }
  })

  t.strictSame(well, [])
  t.strictSame(nobody, [])
  t.match(other, [{ code: 'digest_of_other', severity: 'note', architecture: 'arm64' }])
  t.match(wrong, [
    { code: 'mislabelled', severity: 'wrong', architecture: 'amd64', message: /its programs are for arm64/ },
    { code: 'gone', architecture: 'arm64' },
    { code: 'mixed', architecture: 'ppc64le' },
    { code: 'unreadable', architecture: 's390x' }
  ])
  const advised = (proven: string | null) => known('d', { amd64: { ...image, verdict: 'mislabelled', proven } })[0]!.advice
  t.match(advised('arm64'), /relabel/)
  for (const proven of ['amd64', null]) t.match(advised(proven), /^Build it again.*no relabelling changes/)
  for (const { meaning, advice } of [...other, ...wrong]) t.ok(meaning && advice)
  t.end()
})
