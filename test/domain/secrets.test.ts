import t from 'tap'
import { isMasked, maskedStart, maskJson, maskSecrets } from '../../src/domain/secrets.ts'
import { secretUrls, theSecret } from '../support/secret-urls.ts'

t.test('secrets in URLs are masked, whatever surrounds them', async (t) => {
  const cases: [string, string][] = [
    ['s3://user:hunter2@host:9000/bucket/x', 's3://***@host:9000/bucket/x'],
    ['fetch dav://user:hunter2@host/x and s3://a:hunter2@b/y', 'fetch dav://***@host/x and s3://***@b/y'],
    ['s3://user:hun@ter2@host/x', 's3://***@host/x'],
    ['/add?url=s3%3A%2F%2Fuser%3Ahun%40ter2%40host%2Fx&to=a%40b', '/add?url=s3%3A%2F%2F***%40host%2Fx&to=a%40b'],
    ['s3://AKIA:hun/ter2@host/x', 's3://***@host/x'],
    ['s3://AKIA:my hun ter2@host:9000/x is there', 's3://***@host:9000/x is there'],
    ['PUT dav://my user:hun\tter2@host/x and s3://a:hun ter2@b/y', 'PUT dav://***@host/x and s3://***@b/y'],
    ['s3://user:hun t@er2@host/x', 's3://***@host/x'],
    ['s3://AKIA:hun/t@er2@host/x', 's3://***@host/x'],
    ['{"url":"s3://user:hun ter2@host/x", "by": "ops@example.org"}', '{"url":"s3://***@host/x", "by": "ops@example.org"}'],
    ['{"url":"https://token@host/x"}', '{"url":"https://***@host/x"}'],
    ['/add?url=s3%3A%2F%2Fuser%3Ahunter2%40host%2Fx&name=y', '/add?url=s3%3A%2F%2F***%40host%2Fx&name=y'],
    [
      'https://b.s3.amazonaws.com/x?X-Amz-Signature=hunter2&X-Amz-Date=1',
      'https://b.s3.amazonaws.com/x?X-Amz-Signature=***&X-Amz-Date=***'
    ],
    ['https://b/x?sig=hunter2&v=1', 'https://b/x?sig=***&v=1']
  ]

  for (const [text, masked] of cases) t.equal(maskSecrets(text), masked)
})

t.test('what is no secret stays', async (t) => {
  for (const text of [
    's3://bucket/a:v1.tar.gz',
    'http://host:8888/a@b',
    'docker://host:5000/name@sha256:abc',
    'user@example.org',
    'http://host:8888 is asked by ops@example.org',
    'http://host: no answer; ask ops@example.org',
    'http://host/a is asked for hello:v1 by ops@example.org',
    'http://host:8888\n    at file:1:2 @x',
    'a design=b',
    'policy=open key=x',
    'https://host/x?author=bob&v=1.2#part',
    'hello:v1@sha256:abc',
    'a%20b%3Dc'
  ]) {
    t.equal(maskSecrets(text), text)
  }
})

t.test('a text that is nothing but beginnings of secrets is read once, not from each of them', async (t) => {
  for (const beginning of ['://a:b', '://a:b c', '://a b', '://a:1', '://', ':// a:', ' a:b ']) {
    const text = beginning.repeat(300_000)

    t.equal(maskSecrets(text), text)
    t.equal(maskSecrets(`${text} s3://AKIA:hun/ter2@host`), `${text} s3://***@host`)
  }
  t.equal(maskSecrets('://a:b@c'.repeat(300_000)), '://***@c'.repeat(300_000))
  t.equal(maskSecrets(`://a:b ${'@ '.repeat(300_000)}`), `://***@ ${'@ '.repeat(299_999)}`)
})

t.test('a text is masked before it is cut: half a secret is not known for one', async (t) => {
  const url = `s3://AKIAIOSFODNN7EXAMPLE:${'hunter2/'.repeat(5)}@host/bucket/x`

  t.equal(maskedStart(`[${JSON.stringify(url)}]`, 16), '["s3://***@host/')
  t.equal(maskedStart('short', 16), 'short')
})

t.test('every kind of secret in a URL is masked: as it is, in a sentence, in JSON, and inside the parameter of another URL', async (t) => {
  for (const { kind, url } of secretUrls) {
    const once = encodeURIComponent(url)
    const texts = [
      url,
      `GET ${url} was answered 403`,
      `the image is "${url}"; it was ${url}`,
      `https://host/fetch?url=${once}&then=x`,
      `https://host/fetch?url=${encodeURIComponent(`https://host/fetch?url=${once}`)}`
    ]

    for (const text of texts) t.notMatch(maskSecrets(text), theSecret, `${kind}: ${text}`)
    for (const document of [{ url }, { urls: JSON.stringify({ x86_64: url, [url]: url }) }, [[url]]]) {
      const masked = maskJson(JSON.stringify(document))
      t.notMatch(masked, theSecret, `${kind} in JSON`)
      t.doesNotThrow(() => JSON.parse(masked), kind)
    }
    t.equal(maskSecrets(maskSecrets(url)), maskSecrets(url), `${kind}, masked twice`)
    t.ok(isMasked(maskSecrets(url)), `${kind} is recognized as masked`)
    t.notOk(isMasked(url), kind)
  }
})

t.test('a URL without secrets is not taken for a masked one', async (t) => {
  for (const url of ['s3://bucket/***/x', 'https://host/a***@b', 'https://host/x?note=***b', 'https://u:p@host/***'])
    t.notOk(isMasked(url), url)
})

t.test('in JSON only secrets change: digits, order, ids and cursors are left as they are', async (t) => {
  const text = '{"id":"a?token=b","n":12345678901234567.0,"b":1,"a":{"next":"c=d&sig=e","u":"\\u0041"},"ids":["x?key=1"]}'

  t.equal(maskJson(text), text)
  t.equal(maskJson('{"n":1.0, "url": "s3://u:p@h/x"}'), '{"n":1.0, "url": "s3://***@h/x"}')
  t.equal(maskJson('{"url":"https:\\/\\/h?tok\\u0065n\\u003dabc"}'), '{"url":"https://h?token=***"}')
})

t.test('masking takes time in proportion to the length, whatever the text is made of', async (t) => {
  const pieces = [
    '=',
    'token=',
    'a=',
    '%3D',
    '%25',
    '%253Dtoken',
    '"',
    '\\"',
    '\\',
    '=//',
    'http:a:',
    '%3A%2F%2Fa%3A',
    '%3A%2F%2F',
    '@',
    'lep_',
    'a',
    '[',
    ';'
  ]
  for (const piece of pieces) {
    const text = piece.repeat(200_000 / piece.length)

    t.type(maskSecrets(`${text}=@`), 'string', piece)
    t.type(maskJson(`"${text}=@`), 'string', piece)
  }
})
