import t from 'tap'
import { cleanScriptName } from '../../../src/http/shared/public-url.ts'

t.test('a script name is a path without its last slashes, or none', async (t) => {
  const cases: [string, string | undefined][] = [
    ['/mozart', '/mozart'],
    ['/a/b///', '/a/b'],
    ['/', undefined],
    ['', undefined],
    ['//host', undefined],
    ['mozart', undefined]
  ]

  for (const [value, path] of cases) t.equal(cleanScriptName(value), path, value)
})

t.test('a header of slashes is read once, not from each of them', async (t) => {
  t.equal(cleanScriptName(`${'/'.repeat(1_000_000)}x`), undefined)
})
