import t from 'tap'
import { parseStrict } from '../../../src/domain/json/strict.ts'

const parse = (text: string) => parseStrict(text, { what: 'the body' })

t.test('JSON with a member twice in one object is refused, however its name is written', async (t) => {
  for (const text of [
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '[{"x":{"a":{},"b":[1,{"c":1}],"a":2}}]',
    '{"__proto__":1,"__proto__":1}',
    '{"a":"}","a":1}'
  ]) {
    t.throws(
      () => parse(text),
      { code: 'json_invalid', message: /^the body has the member "(a|__proto__)" twice in one object; give it once$/ },
      text
    )
  }
})

t.test('the same name in several objects, and as a value, is fine', async (t) => {
  for (const text of [
    '{"a":{"a":{"a":1}},"b":"a"}',
    '[{"a":1},{"a":1}]',
    '{"a":["a","a",{"a":"a"}],"b":{"a":"{\\"a\\":1,\\"a\\":2}"}}',
    '"a"',
    '[]',
    '{}'
  ]) {
    t.strictSame(parse(text), JSON.parse(text), text)
  }
  t.strictSame(parse('\ufeff{"a":1}'), { a: 1 })
  t.throws(() => parse('{'), { code: 'json_invalid', message: /^the body is not JSON/ })
})
