import t from 'tap'
import { bucketRule, parseBucketRule } from '../../src/sources/bucket-rules.ts'
import { opening, parseHostRule } from '../../src/sources/host-rules.ts'
import { sourcesFor } from './sites.ts'

const openingOf = (texts: string[], { host, port = '443', usual = true }: { host: string; port?: string; usual?: boolean }) =>
  opening(
    texts.map((text) => parseHostRule(text)!),
    { host, port, usual }
  )

t.test('a name in full opens that host, a pattern the hosts that it fits, neither any other', async (t) => {
  t.equal(openingOf(['files.example.org'], { host: 'files.example.org' }), 'named')
  t.equal(openingOf(['Files.Example.org.'], { host: 'files.example.org.' }), 'named')
  t.equal(openingOf(['*.example.org'], { host: 'files.example.org' }), 'listed')
  t.equal(openingOf(['*.example.org', 'files.example.org'], { host: 'files.example.org' }), 'named')
  for (const host of ['example.org', 'files.example.org.evil.net', 'evilexample.org', 'files.example.orgy']) {
    t.equal(openingOf(['*.example.org', 'files.example.org'], { host }), undefined, host)
  }
})

t.test('without a port a rule opens the usual one of the scheme, with one that alone, with * any', async (t) => {
  const at = { host: 'minio', port: '9000', usual: false }

  t.equal(openingOf(['minio'], at), undefined)
  t.equal(openingOf(['minio:9000'], at), 'named')
  t.equal(openingOf(['minio:*'], at), 'named')
  t.equal(openingOf(['minio:9000'], { host: 'minio' }), undefined)
  t.equal(openingOf(['minio:443'], { host: 'minio' }), 'named')
})

t.test('an address is one host, however it is spelled', async (t) => {
  t.equal(openingOf(['127.0.0.1'], { host: '127.0.0.1' }), 'named')
  t.equal(openingOf(['0x7f.1'], { host: '127.0.0.1' }), 'named')
  t.equal(openingOf(['fd00:0::1'], { host: '[fd00::1]' }), 'named')
  t.equal(openingOf(['[fd00::1]:8080'], { host: '[fd00::1]', port: '8080', usual: false }), 'named')
  t.equal(openingOf(['10.*'], { host: '10.0.0.1' }), 'listed')
})

t.test('a bucket is opened where its rule says: on AWS, or on the server that it names', async (t) => {
  const rules = ['hysds-*', 'http://minio:9000/images', 'https://store.example.org/*'].map((text) => parseBucketRule(text)!)
  const on = (host: string, port?: string, secure = false) => ({ host, secure, ...(port && { port }) })

  t.equal(bucketRule(rules, { bucket: 'hysds-images' }), rules[0])
  t.equal(bucketRule(rules, { bucket: 'images', server: on('minio', '9000') }), rules[1])
  t.equal(bucketRule(rules, { bucket: 'any', server: on('store.example.org') }), rules[2])
  t.equal(bucketRule(rules, { bucket: 'any', server: on('store.example.org', '443', true) }), rules[2])
  t.equal(bucketRule(rules, { bucket: 'images' }), undefined)
  t.equal(bucketRule(rules, { bucket: 'hysds-images', server: on('minio', '9000') }), undefined)
  t.equal(bucketRule(rules, { bucket: 'images', server: on('minio') }), undefined)
  t.equal(bucketRule(rules, { bucket: 'images', server: on('minio', '9000', true) }), undefined)
})

t.test('an entry that makes no sense is refused with what was expected, when the program starts', async (t) => {
  t.throws(() => sourcesFor({ hosts: ['http://example.org/'] }), {
    message: 'LEPORELLO_VERIFY_HOSTS holds "http://example.org/"; expected a host such as files.example.org, *.example.org or minio:9000'
  })
  t.throws(() => sourcesFor({ hosts: ['u@example.org'] }), TypeError)
  t.throws(() => sourcesFor({ hosts: ['example.org:port'] }), TypeError)
  t.throws(() => sourcesFor({ buckets: ['images/key'] }), TypeError)
  t.throws(() => sourcesFor({ buckets: ['http://minio:9000'] }), TypeError)
  t.throws(() => sourcesFor({ buckets: ['http://u:p@minio:9000/b'] }), TypeError)
  t.throws(() => sourcesFor({ roots: ['data'] }), TypeError)
})
