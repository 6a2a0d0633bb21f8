import t from 'tap'
import { parseUrlEncoded } from '../../../src/http/shared/url-encoded.ts'

t.test('pairs are read as Werkzeug reads them', async (t) => {
  const cases: [text: string, fields: Record<string, string>][] = [
    ['', {}],
    ['a=1&b=2', { a: '1', b: '2' }],
    ['a=1&a=2', { a: '1' }],
    ['a=&b', { a: '', b: '' }],
    ['a=&a=2', { a: '' }],
    ['&&a=1&', { a: '1' }],
    ['a=b=c', { a: 'b=c' }],
    ['a=1;b=2', { a: '1;b=2' }],
    ['a=p+q&b=p%2Bq&c=%20x%20', { a: 'p q', b: 'p+q', c: ' x ' }],
    ['%61+b=1', { 'a b': '1' }],
    ['a=%E6%97%A5%F0%9F%98%80', { a: '日😀' }],
    ['a=%FF%FE:v1', { a: '%FF%FE:v1' }],
    ['a=%c3%a9%ff%C3', { a: 'é%FF%C3' }],
    ['a=%ED%A0%80', { a: '%ED%A0%80' }],
    ['a=100%&b=%zz%4', { a: '100%', b: '%zz%4' }],
    ['a=%EF%BB%BFx', { a: '\ufeffx' }],
    ['a=\u00c3\u00a9', { a: 'é' }],
    ['a=\u00ff', { a: '%FF' }],
    ['__proto__=1&constructor=2', { ['__proto__']: '1', constructor: '2' }]
  ]

  for (const [text, fields] of cases) t.strictSame(Object.entries(parseUrlEncoded(text)), Object.entries(fields), JSON.stringify(text))
})

t.test('a name that nobody sent is absent, whatever objects know', async (t) => {
  t.equal(parseUrlEncoded('a=1')['toString'], undefined)
})
