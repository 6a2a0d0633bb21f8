import t from 'tap'
import { globMatches } from '../../../src/domain/glob.ts'
import { matches } from '../../../src/domain/json/query.ts'

t.test('a glob of stars and question marks matches whole texts', async (t) => {
  t.ok(globMatches('*', ''))
  t.ok(globMatches('container-*:v?.0', 'container-hello:v1.0'))
  t.ok(globMatches('a*b*c', 'aXbYbZc'))
  t.notOk(globMatches('a*b', 'aXbY'))
  t.notOk(globMatches('a', 'ab'))
  t.notOk(globMatches('?', ''))
  t.ok(globMatches('?', '😀'), 'a character, not half of one')
  t.ok(globMatches('[a].+', '[a].+'), 'nothing else is special')
  t.notOk(globMatches(`${'*a'.repeat(200)}b`, 'a'.repeat(5000)), 'a hostile pattern ends')
})

t.test('conditions hold for strings at the top of a document', async (t) => {
  const document = '{"id": "a", "version": "1", "n": 5, "deep": {"id": "b"}}'

  t.ok(matches(document, []))
  t.ok(
    matches(document, [
      { field: 'id', equals: 'a' },
      { field: 'version', glob: '?' }
    ])
  )
  t.notOk(matches(document, [{ field: 'id', equals: 'b' }]))
  t.notOk(matches(document, [{ field: 'n', glob: '*' }]))
  t.notOk(matches(document, [{ field: 'none', glob: '*' }]))
})
