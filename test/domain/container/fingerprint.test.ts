import { createHash } from 'node:crypto'
import t from 'tap'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import { containerFrom, parseRegistration } from '../../../src/domain/container/container.ts'
import { fromDocument, toDocument } from '../../../src/domain/container/document.ts'
import { fingerprintOf, fingerprintText } from '../../../src/domain/container/fingerprint.ts'
import { guardUrl } from '../../../src/domain/image/guard.ts'
import { shuffles } from '../../support/shuffles.ts'

const text = (document: object | string) =>
  fingerprintText(fromDocument('hello:1', typeof document === 'string' ? document : JSON.stringify(document)))
const fields = { id: 'hello:1', version: '1', digest: 'sha256:d', url: 's3://x' }
const images = { x86_64: 's3://x', aarch64: 's3://arm', armv7l: 's3://v7', s390x: 's3://z' }

t.test('order, spacing and aliases never change a fingerprint', async (t) => {
  const expected = text({ ...fields, urls: JSON.stringify(images) })
  const aliases = { x86_64: 'AMD64', aarch64: 'linux/arm64/v8', armv7l: 'armhf', s390x: 'S390X' }

  for (const names of shuffles(Object.entries(images), 50)) {
    t.equal(text({ urls: JSON.stringify(Object.fromEntries(names)), ...fields }), expected, 'another order')
    t.equal(text({ urls: Object.fromEntries(names), ...fields }), expected, 'an object stands for its JSON string')
    const renamed = names.map(([name, url]) => [aliases[name as keyof typeof aliases], url])
    t.equal(text(JSON.stringify({ ...fields, urls: JSON.stringify(Object.fromEntries(renamed), null, 3) }, null, 2)), expected)
  }
})

t.test('the names that a registration adds are not in it', async (t) => {
  const registered = containerFrom(parseRegistration({ ...fields, urls: '{"aarch64": "s3://arm"}' }), {
    publicUrl: 'http://here',
    guarded: [parseArchitecture('s390x')]
  })

  t.equal(text(toDocument(registered)), text({ ...fields, urls: { amd64: 's3://x', arm64: 's3://arm' } }))
})

t.test('guard URLs, unknown fields and what is null are absent', async (t) => {
  const guard = guardUrl('http://here', 'hello:1', parseArchitecture('amd64'))

  t.equal(
    text({ ...fields, url: guard, urls: { amd64: guard, arm64: 's3://arm' } }),
    text({ ...fields, url: '', urls: { arm64: 's3://arm' } })
  )
  t.equal(text({ ...fields, '@timestamp': 'now', urls: null }), text(fields))
  t.equal(text({ id: 'hello:1', url: 's3://x', version: null }), text({ id: 'hello:1', url: 's3://x' }))
})

t.test('whatever a record says of version, digest, url or an image is in it', async (t) => {
  const texts = [
    fields,
    { ...fields, version: '2' },
    { ...fields, version: 2.5 },
    { ...fields, version: '' },
    { ...fields, digest: 'sha256:e' },
    { ...fields, url: 's3://y' },
    { ...fields, url: null },
    { ...fields, urls: { amd64: 's3://x' } },
    { ...fields, urls: { amd64: 's3://y' } },
    { ...fields, urls: { arm64: 's3://x' } },
    { ...fields, urls: { amd64: 's3://x', arm64: 's3://x' } }
  ].map(text)

  t.equal(new Set(texts).size, texts.length)
  t.not(fingerprintText(fromDocument('hello:2', '{}')), fingerprintText(fromDocument('hello:1', '{}')), 'the id')
  t.not(
    text({ ...fields, version: '1","d', digest: 'x' }),
    text({ ...fields, version: '1', digest: 'd","x' }),
    'no field runs into another'
  )
})

t.test('it is hashed by what is handed in', async (t) => {
  const sha256 = (value: string) => createHash('sha256').update(value).digest('hex')
  const record = fromDocument('hello:1', JSON.stringify(fields))

  t.equal(fingerprintOf(record, sha256), sha256('["hello:1","1","sha256:d","s3://x",[]]'))
})
