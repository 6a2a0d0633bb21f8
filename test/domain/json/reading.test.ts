import t from 'tap'
import { asTime, cut, type FieldProblem, readText, refuseProblems, shown } from '../../../src/domain/json/reading.ts'

t.test('a moment is read in UTC, wherever this runs', async (t) => {
  t.equal(asTime('2026-01-02T03:04:05.678Z'), '2026-01-02T03:04:05.678Z')
  t.equal(asTime('2026-01-02T03:04:05.123456789+05:30'), '2026-01-01T21:34:05.123Z')
  t.equal(asTime('2026-01-02T03:04:05+0100'), '2026-01-02T02:04:05.000Z')
  t.equal(asTime('2026-07-02T03:04:05'), '2026-07-02T03:04:05.000Z')
  t.equal(asTime('2026-07-02'), '2026-07-02T00:00:00.000Z')
  for (const none of ['yesterday', '2026-13-02', '2026-01-02 03:04', '20260102', '', 5, null, '2026-01-02T25:00Z', '+275760-09-13'])
    t.equal(asTime(none), null, String(none))
})

t.test('a text is cut with a mark, and never within a character', async (t) => {
  t.equal(cut('abcdef', 6), 'abcdef')
  t.equal(cut('abcdefg', 6), 'abcde…')
  t.equal(cut('abc😀😀', 5), 'abc…', 'half of a pair would be no text')
  t.equal(shown({ a: 'x'.repeat(200) }).length, 80)
  t.equal(shown(undefined), 'nothing')
})

t.test('problems are thrown together, the first one in words', async (t) => {
  const problems: FieldProblem[] = []
  for (const value of [undefined, null, '', 'fine']) readText(value, { path: 'a', max: 5, problems })
  t.doesNotThrow(() => refuseProblems('it', problems))

  readText('too long', { path: 'a', max: 5, problems })
  readText(5, { path: 'b', max: 5, problems })

  t.throws(() => refuseProblems('it', problems), {
    code: 'parameter_invalid',
    message: 'it: a has 8 characters; at most 5 are allowed (and 1 more)',
    details: { errors: [{ path: 'a' }, { path: 'b', message: 'is 5; expected a string' }] }
  })
})
