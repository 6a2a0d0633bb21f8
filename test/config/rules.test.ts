import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/config.ts'

const rules = [{ match: 'operator*', expected: ['x86_64', 'aarch64'], publish: 'all' }]
const read = [{ match: 'operator*', expected: ['amd64', 'arm64'], publish: 'all' }]

t.test('rules stand in the environment, in a file that it names, or in the file of settings', async (t) => {
  const folder = t.testdir({ 'rules.json': JSON.stringify(rules), 'settings.json': JSON.stringify({ rules, add: 'merge' }) })

  for (const environment of [
    { LEPORELLO_RULES: JSON.stringify(rules) },
    { LEPORELLO_RULES: join(folder, 'rules.json') },
    { LEPORELLO_CONFIG: join(folder, 'settings.json') }
  ]) {
    t.match(loadConfig(environment), { config: { rules: read } })
  }
  t.match(loadConfig({}), { config: { rules: [], add: 'replace' } })
})

t.test('everything that is wrong with rules is told at once, beside what else is wrong', async (t) => {
  const path = join(t.testdir(), 'rules.json')
  writeFileSync(path, '[{"match": "*",]')
  const problemsOf = (environment: Record<string, string>) => {
    const loaded = loadConfig(environment)
    return 'problems' in loaded ? loaded.problems : []
  }

  const problems = problemsOf({
    LEPORELLO_RULES: '[{"match": "", "colour": 1, "publish": "some"}, 5, {"match": "*", "expected": ["a b"]}]',
    LEPORELLO_ADD: 'both'
  })
  t.equal(problems.length, 6)
  t.match(problems.join('\n'), /LEPORELLO_RULES: rules\[0\]\.publish is "some"; expected one of each, all, verified/)
  t.match(problems.join('\n'), /LEPORELLO_ADD is "both"; expected one of replace, merge/)
  t.match(problemsOf({ LEPORELLO_RULES: path }), [/rules\.json, which is not JSON/])
  t.match(problemsOf({ LEPORELLO_RULES: '/nowhere/rules.json' }), [/names \/nowhere\/rules\.json, which does not exist; expected/])
  t.match(problemsOf({ LEPORELLO_RULES: '{"match": "*"}' }), [/LEPORELLO_RULES: rules is .*; expected a list/])
})
