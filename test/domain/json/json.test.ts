import t from 'tap'
import { JsonError, pythonString, pythonStyle, readJson, stringOf } from '../../../src/domain/json/json.ts'
import { itemsAt, membersAt, valueEnd } from '../../../src/domain/json/json-scan.ts'

t.test('a JSON text is rewritten in the style of json.dumps without losing anything', async (t) => {
  const cases: [string, string][] = [
    ['{"a":1,"b":[1,2,{}],"c":null}', '{"a": 1, "b": [1, 2, {}], "c": null}'],
    [' {\n"n" : 12345678901234567 , "f":1.0,"e":1e2,"m":-0.0}\t', '{"n": 12345678901234567, "f": 1.0, "e": 1e2, "m": -0.0}'],
    ['{"10":1,"9":2}', '{"10": 1, "9": 2}'],
    ['{"é":"日本😀\\u2028\\/"}', '{"\\u00e9": "\\u65e5\\u672c\\ud83d\\ude00\\u2028/"}'],
    ['"\\ud800 \\u007f \\u001F \\b"', '"\\ud800 \\u007f \\u001f \\b"'],
    ['{"id":"a","x":1,"id":"b","x":2}', '{"id": "b", "x": 2}'],
    ['{"__proto__":{"a":1},"constructor":2}', '{"__proto__": {"a": 1}, "constructor": 2}'],
    ['[]', '[]'],
    ['true', 'true']
  ]

  for (const [source, expected] of cases) t.equal(pythonStyle(source), expected, source)
})

t.test("what is no JSON is refused in the words of Python's json module", async (t) => {
  const cases: [string, string][] = [
    ['', 'Expecting value: line 1 column 1 (char 0)'],
    ['{nope', 'Expecting property name enclosed in double quotes: line 1 column 2 (char 1)'],
    ['{"id": "x",}', 'Expecting property name enclosed in double quotes: line 1 column 12 (char 11)'],
    ["{'id': 'x'}", 'Expecting property name enclosed in double quotes: line 1 column 2 (char 1)'],
    ['{"a" 1}', "Expecting ':' delimiter: line 1 column 6 (char 5)"],
    ['{"a": 1 "b"}', "Expecting ',' delimiter: line 1 column 9 (char 8)"],
    ['[1,]', 'Expecting value: line 1 column 4 (char 3)'],
    ['{"a":\n nope}', 'Expecting value: line 2 column 2 (char 7)'],
    ['{} x', 'Extra data: line 1 column 4 (char 3)'],
    ['"abc', 'Unterminated string starting at: line 1 column 1 (char 0)'],
    ['"a\nb"', 'Invalid control character at: line 1 column 3 (char 2)'],
    ['"\\x"', 'Invalid \\escape: line 1 column 2 (char 1)'],
    ['"\\u12"', 'Invalid \\uXXXX escape: line 1 column 3 (char 2)'],
    ['"😀\\x"', 'Invalid \\escape: line 1 column 3 (char 2)'],
    ['01', 'Extra data: line 1 column 2 (char 1)'],
    ['NaN', 'NaN is not JSON: line 1 column 1 (char 0)'],
    ['[-Infinity]', '-Infinity is not JSON: line 1 column 2 (char 1)']
  ]

  for (const [source, message] of cases) t.throws(() => readJson(source), { name: 'JsonError', message }, source)
})

t.test('nesting without end is refused, not a crash', async (t) => {
  t.throws(() => readJson('['.repeat(1_000_000)), JsonError)
  t.throws(() => readJson('{"a":'.repeat(100_000)), JsonError)
  t.equal(pythonStyle('['.repeat(1000) + ']'.repeat(1000)).length, 2000)
})

t.test('the members of an object are texts in their order', async (t) => {
  const { kind, members } = readJson('{"b": {"x": 1}, "a": "s", "b": [ 2 ]}')

  t.equal(kind, 'object')
  t.strictSame(
    [...members],
    [
      ['b', '[2]'],
      ['a', '"s"']
    ]
  )
  t.equal(stringOf(members.get('a')), 's')
  t.equal(stringOf(members.get('b')), undefined)
  t.equal(pythonString('"\\\u0000é'), '"\\"\\\\\\u0000\\u00e9"')
})

t.test('an engine answer is cut without touching what is inside', async (t) => {
  const source = '{ "a" : "} ] \\" {" , "n":1.0,"deep":{"x":[1,{"y":"\\\\"}]} }'
  const answer = `{"docs":[{"_id":"é\\"1","found":true,"_source":${source}},{"_id":"2","found":false}],"n":3}`

  const docs = itemsAt(membersAt(answer, 0).get('docs')!, 0)

  t.equal(docs.length, 2)
  t.equal(membersAt(docs[0]!, 0).get('_source'), source)
  t.equal(JSON.parse(membersAt(docs[0]!, 0).get('_id')!), 'é"1')
  t.equal(membersAt(docs[1]!, 0).get('found'), 'false')
  t.equal(membersAt(answer, 0).get('n'), '3')
  t.strictSame(itemsAt('[ ]', 0), [])
  t.strictSame([...membersAt('{}', 0)], [])
  t.equal(valueEnd('12,', 0), 2)
})

t.test('where a large text is wrong is told without holding each of its characters', async (t) => {
  const before = process.resourceUsage().maxRSS
  const text = `${' '.repeat(16_000_000)}\n "😀" x`

  t.throws(() => readJson(text), { message: 'Extra data: line 2 column 6 (char 16000006)' })
  t.ok(process.resourceUsage().maxRSS - before < 100_000, 'it takes less than 100 MB')
})
