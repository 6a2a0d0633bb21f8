import t from 'tap'
import { applies, factsId, fromFactsDocument, toFactsDocument } from '../../../src/domain/image/facts.ts'
import { asArchitectureName } from '../../../src/domain/json/reading.ts'
import { someFacts } from '../../support/facts.ts'

const sha256 = 'ab'.repeat(32)

t.test('facts apply to the URL and digest that they were learnt under, and to no other', async (t) => {
  const facts = someFacts({ url: 's3://b/a.tar', digest: 'one' })

  t.equal(applies(facts, { url: 's3://b/a.tar', digest: 'one' }), true)
  t.equal(applies(facts, { url: 's3://b/other.tar', digest: 'one' }), false, 'another URL')
  t.equal(applies(facts, { url: 's3://b/a.tar', digest: 'two' }), false, 'the same URL, built anew')
  t.equal(applies(facts, { url: 's3://b/a.tar', digest: undefined }), false)
})

t.test('a tarball that is named for its content stays what it is when another image changes the digest of the record', async (t) => {
  const url = 'http://here/storage/containers/hello-1/abababababab/hello-1.tar'
  const key = 'containers/hello-1/abababababab/hello-1.tar'

  t.equal(applies(someFacts({ url, key, sha256, digest: 'one' }), { url, digest: 'two' }), true)
  t.equal(applies(someFacts({ url, key: 'elsewhere/abababababab/x', sha256, digest: 'one' }), { url, digest: 'two' }), false)
  t.equal(applies(someFacts({ url, key, sha256: null, digest: 'one' }), { url, digest: 'two' }), false)
  t.equal(applies(someFacts({ url, key, sha256, digest: 'one' }), { url: 's3://b/else.tar', digest: 'one' }), false)
})

t.test('facts come back from their document as they were', async (t) => {
  const facts = someFacts({ imageKey: 'arm/v7', report: { images: [1], problems: [], verdict: 'match' } })

  t.strictSame(fromFactsDocument(toFactsDocument(facts, 'the-id')), facts)
  t.equal(JSON.parse(toFactsDocument(facts, 'the-id')).id, 'the-id')
  t.equal(fromFactsDocument('{"id": "somebody else wrote this"}'), undefined)
})

t.test('a report that is too large to be kept is cut, and says so', async (t) => {
  const facts = someFacts({ report: { images: Array.from({ length: 1000 }, () => 'x'.repeat(1000)), problems: [], verdict: 'match' } })

  const { report } = fromFactsDocument(toFactsDocument(facts, 'the-id'))!

  t.match(report, { verdict: 'match', images: [], problems: [{ code: 'report_too_large' }] })
})

t.test('the id of a document tells containers and slots apart', async (t) => {
  const hash = (text: string) => `hash of ${JSON.stringify(text)}`

  t.equal(factsId({ container: 'a:1', imageKey: asArchitectureName('aarch64')! }, hash), 'hash of "a:1\\narm64"')
  t.equal(factsId({ container: 'a:1', imageKey: '' }, hash), 'hash of "a:1\\n"')
  t.equal(asArchitectureName('no name of any'), null)
})
