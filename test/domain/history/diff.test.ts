import t from 'tap'
import { fromDocument } from '../../../src/domain/container/document.ts'
import { fingerprintText } from '../../../src/domain/container/fingerprint.ts'
import { diffOf, summaryOf } from '../../../src/domain/history/diff.ts'
import { shuffles } from '../../support/shuffles.ts'

const record = (fields: object) => fromDocument('hello:1', JSON.stringify({ id: 'hello:1', ...fields }))
const base = { version: '1', digest: 'sha256:a', url: 's3://x' }
const both = { ...base, urls: { amd64: 's3://x', arm64: 's3://arm' } }

t.test('what changed is told by field and by architecture', async (t) => {
  const changes = diffOf(record(both), record({ ...base, version: '2', digest: null, urls: { amd64: 's3://y', s390x: 's3://z' } }))

  t.strictSame(
    changes.map(({ kind, what, architecture, before, after }) => [kind, what, architecture, before, after]),
    [
      ['changed', 'version', null, '1', '2'],
      ['removed', 'digest', null, 'sha256:a', null],
      ['changed', 'image', 'amd64', 's3://x', 's3://y'],
      ['removed', 'image', 'arm64', 's3://arm', null],
      ['added', 'image', 's390x', null, 's3://z']
    ]
  )
  t.strictSame(
    changes.map(({ message }) => message),
    [
      'version was changed from 1 to 2',
      'digest was removed; it was sha256:a',
      'the image for amd64 was changed from s3://x to s3://y',
      'the image for arm64 was removed; it was s3://arm',
      'the image for s390x was added: s3://z'
    ]
  )
  t.match(summaryOf(changes), /^version was changed from 1 to 2; digest was removed; .*: s3:\/\/z$/)
})

t.test('a container that came or went is told first', async (t) => {
  t.strictSame(
    diffOf(undefined, record(base)).map(({ message }) => message),
    ['the container was added', 'version was added: 1', 'digest was added: sha256:a', 'url was added: s3://x']
  )
  t.match(diffOf(record(base), undefined)[0], { kind: 'removed', what: 'container' })
  t.strictSame(diffOf(undefined, undefined), [])
  t.match(diffOf(undefined, record({})), [{ what: 'container' }], 'even an empty one')
})

t.test('secrets are masked, and a change of nothing else is still told', async (t) => {
  const url = (secret: string) => `s3://me:${secret}@host/x?X-Amz-Signature=${secret}`

  const changes = diffOf(record({ url: url('one') }), record({ url: url('two') }))

  t.equal(changes.length, 1)
  t.notMatch(JSON.stringify(changes), /one|two/)
  t.match(changes[0]?.message, /^url was changed from s3:\/\/\*\*\*@host\/x\S+ to s3:\/\/\*\*\*@host\/x\S+, in a part that is not shown$/)
})

t.test('there is no difference exactly where fingerprints are equal', async (t) => {
  const records = [
    base,
    { ...base, urls: 'null' },
    both,
    { ...both, urls: JSON.stringify(both.urls) },
    { ...base, urls: { aarch64: 's3://arm', x86_64: 's3://x' } },
    { ...both, version: 1 },
    { ...both, version: '' },
    { ...both, url: '' },
    { ...both, extra: 5 },
    {}
  ].map(record)

  for (const one of records) {
    for (const other of records) t.equal(diffOf(one, other).length === 0, fingerprintText(one) === fingerprintText(other))
  }
  t.equal(summaryOf([]), 'nothing changed in what it means')
})

t.test('the order of architectures does not show', async (t) => {
  const names = ['zeta', 'arm64', 'amd64', 'alpha', 's390x']
  const of = (order: string[]) => diffOf(record({}), record({ urls: Object.fromEntries(order.map((name) => [name, `s3://${name}`])) }))

  for (const order of shuffles(names, 30))
    t.strictSame(
      of(order).map(({ architecture }) => architecture),
      ['amd64', 'arm64', 's390x', 'alpha', 'zeta']
    )
})

t.test('a summary of many or long changes is bounded', async (t) => {
  const urls = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`machine${i}`, `s3://${'x'.repeat(5000)}`]))

  const summary = summaryOf(diffOf(record({}), record({ urls })))

  t.ok(summary.length <= 2000)
  t.match(
    summaryOf(diffOf(record({}), record({ urls: Object.fromEntries(Object.keys(urls).map((name) => [name, 'u'])) }))),
    /; and 52 more changes$/
  )
})
