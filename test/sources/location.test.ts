import t from 'tap'
import { parseBucketRule } from '../../src/sources/bucket-rules.ts'
import { parseLocation } from '../../src/sources/location.ts'

const locate = (text: string, buckets: string[] = []) => parseLocation(text, { buckets: buckets.map((each) => parseBucketRule(each)!) })

t.test('dav is http and davs is https, with basic authentication, as osaka reads them', async (t) => {
  const location = locate('davs://user:pa%2Fss%40@host.example.org:8443/a%20b/c.tar.gz#part')

  t.strictSame(location, {
    kind: 'http',
    url: new URL('https://host.example.org:8443/a%20b/c.tar.gz'),
    authorization: `Basic ${Buffer.from('user:pa/ss@').toString('base64')}`
  })
  t.match(locate('DAV://host/x'), { kind: 'http', url: new URL('http://host/x'), authorization: undefined })
})

t.test('every spelling of an address becomes its plain one', async (t) => {
  for (const host of ['2130706433', '0x7f.1', '0177.0.0.1', '127.1', '①②⑦.0.0.1', '127.0.0.1.']) {
    t.match(locate(`dav://${host}/x`), { url: new URL('http://127.0.0.1/x') }, host)
  }
})

t.test('s3 comes as bucket and key, or behind a server of AWS, whose region it names', async (t) => {
  t.strictSame(locate('s3://images/a/b.tar.gz'), { kind: 's3', bucket: 'images', key: 'a/b.tar.gz' })
  t.strictSame(locate('s3://s3-us-west-2.amazonaws.com/images/a.tar'), { kind: 's3', bucket: 'images', key: 'a.tar', region: 'us-west-2' })
  t.match(locate('s3://s3.dualstack.eu-central-1.amazonaws.com/images/a'), { bucket: 'images', key: 'a', region: 'eu-central-1' })
  t.match(locate('s3://s3.cn-north-1.amazonaws.com.cn/images/a'), { bucket: 'images', region: 'cn-north-1' })
  t.match(locate('s3://s3.amazonaws.com/images/a'), { bucket: 'images', region: 'us-east-1' })
})

t.test('s3 with a port, or on a listed server, names a server, with keys or without', async (t) => {
  t.strictSame(locate('s3://AKIA:se%2Fcret@minio:9000/images/a/b.tar'), {
    kind: 's3',
    bucket: 'images',
    key: 'a/b.tar',
    server: { host: 'minio', port: '9000', secure: false },
    credentials: { accessKeyId: 'AKIA', secretAccessKey: 'se/cret' }
  })
  t.match(locate('s3s://store.example.org/images/a', ['https://store.example.org/*']), { bucket: 'images', server: { secure: true } })
  t.match(locate('s3://store.example.org/images/a'), { bucket: 'store.example.org', key: 'images/a' })
})

t.test('a key is taken character by character, up to ? and #', async (t) => {
  t.match(locate('s3://images/a b//%20+ü.tar?versionId=3#x'), { key: 'a b//%20+ü.tar' })
})

t.test('a path is taken as osaka opens it: nothing decoded, cut at ? and #', async (t) => {
  t.strictSame(locate('/data/a%20b.tar#1'), { kind: 'file', path: '/data/a%20b.tar' })
  t.strictSame(locate('file:///data/a.tar?x'), { kind: 'file', path: '/data/a.tar' })
  t.strictSame(locate('file:/data/a.tar'), { kind: 'file', path: '/data/a.tar' })
})

t.test('what cannot be read here is refused with its reason, and without its secrets', async (t) => {
  const refused = (text: string, message: RegExp) =>
    t.throws(() => locate(text), { code: 'source_unsupported', message }, JSON.stringify(text))

  refused('gs://bucket/key', /cannot be read here; expected http, .*, not gs$/)
  refused('azure://container/blob', /not azure$/)
  refused('docker://registry/name:tag', /not docker$/)
  refused('container-hello.tar.gz', /expected http/)
  refused('', /expected http/)
  refused('http:///etc/passwd', /not a URL/)
  refused('dav://user:swordfish#1@host/x', /%23/)
  refused('http://a b/', /not a URL/)
  refused('http://host/\r\nx', /control characters/)
  refused(' http://host/', /white space/)
  refused('/data/\0.tar', /control characters/)
  refused('file://host/data/a.tar', /names no file/)
  refused('file:data/a.tar', /names no file/)
  refused('s3://images', /names no key/)
  refused('s3://images/', /names no key/)
  refused('s3:///key', /names no bucket/)
  refused('s3://arn:aws:s3:us-east-1:1:accesspoint/key', /names no bucket/)
  refused('s3://minio:9000/images', /names no bucket/)
  refused('s3://images/../other/key', /has \. or \.\. in its key/)
  t.throws(() => locate('dav://user:sword:fish@[/x'), { message: /^(?!.*fish)/ })
  t.throws(() => locate('ftp://user:swordfish@host/x'), { message: /^(?!.*swordfish)/ })
})
