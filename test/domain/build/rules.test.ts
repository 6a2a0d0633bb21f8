import t from 'tap'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import { bundleOf, defaults, expectedOf, parseRules, policiesOf, type Rule, requiredOf } from '../../../src/domain/build/rules.ts'
import { afterAll, at } from '../../support/assemblies.ts'

function rulesOf(...rules: object[]): Rule[] {
  const { rules: read, problems } = parseRules(rules)
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
  return read
}

t.test('the first rule that matches and says something holds, property by property', async (t) => {
  const rules = rulesOf(
    { match: 'operator:*', publish: 'all' },
    { match: 'operator*', expected: ['s390x', 'aarch64'], publish: 'each', pendingMs: 5000 },
    { match: '*', expected: ['amd64'], buildTimeoutMs: 7000, pendingMs: 9000 }
  )

  t.strictSame(policiesOf('operator:1', { rules, defaults }), { publish: 'all', buildTimeoutMs: 7000, pendingMs: 5000 })
  t.strictSame(policiesOf('hello:1', { rules, defaults }), { publish: 'each', buildTimeoutMs: 7000, pendingMs: 9000 })
  t.strictSame(policiesOf('hello:1', { rules: [], defaults }).publish, 'each')
  t.strictSame(
    policiesOf('operator:1', { buildStatus: { publish: 'verified' }, rules, defaults }).publish,
    'verified',
    'what was said of it'
  )
  t.match(expectedOf('operator:1', { buildStatus: undefined, rules, defaults }), {
    architectures: ['arm64', 's390x'],
    from: 'rule',
    pattern: 'operator*'
  })
})

t.test('what was said of the container beats rules, and rules beat the default', async (t) => {
  const rules = rulesOf({ match: 'hello:*', expected: ['arm64'] })
  const buildStatus = afterAll([1, 'expected', ['amd64', 'arm64']])
  const some = { expected: [parseArchitecture('ppc64le')] }

  t.match(expectedOf('hello:1', { buildStatus, rules, defaults: some }), {
    architectures: ['amd64', 'arm64'],
    from: 'container',
    since: at(1),
    by: 'container'
  })
  t.match(expectedOf('hello:1', { buildStatus: undefined, rules, defaults: some }), { architectures: ['arm64'], from: 'rule', since: null })
  t.match(expectedOf('other:1', { buildStatus: undefined, rules, defaults: some }), {
    architectures: ['ppc64le'],
    from: 'default',
    pattern: null
  })
  t.match(expectedOf('other:1', { buildStatus: undefined, rules, defaults }), { architectures: [], from: 'none' })
  t.match(expectedOf('hello:1', { buildStatus: afterAll([1, 'expected', []]), rules, defaults }), { architectures: [], from: 'container' })
})

t.test('an image whose name has a suffix belongs to another container as well', async (t) => {
  const bundle = [
    { suffix: '-arm64', architecture: 'aarch64' },
    { suffix: '-amd64', architecture: 'amd64' },
    { suffix: '-64', architecture: 'riscv64' }
  ]
  const rules = rulesOf({ match: 'off-*', bundle: [] }, { match: '*', bundle })

  t.strictSame(bundleOf('operator-arm64:1', rules), { container: 'operator:1', architecture: 'arm64' })
  t.strictSame(bundleOf('host:5000/a/operator-amd64', rules), { container: 'host:5000/a/operator', architecture: 'amd64' })
  t.strictSame(bundleOf('x-64:1', rules), { container: 'x:1', architecture: 'riscv64' })
  for (const none of ['operator:1', 'operator:1-arm64', '-arm64:1', '-arm64', 'operator-arm64x:1', 'off-operator-arm64:1']) {
    t.equal(bundleOf(none, rules), undefined, none)
  }
})

t.test('a bundling rule may name either container', async (t) => {
  const bundle = [{ suffix: '-arm64', architecture: 'arm64' }]

  for (const match of ['operator:*', 'operator-*', '*']) {
    t.equal(bundleOf('operator-arm64:1', rulesOf({ match, bundle }))?.container, 'operator:1', match)
  }
  t.equal(bundleOf('operator-arm64:1', rulesOf({ match: 'other*', bundle })), undefined)
})

t.test('everything that is wrong with rules is told with its place', async (t) => {
  const { problems } = parseRules([
    5,
    { match: '', expected: 'arm64', publish: 'never', buildTimeoutMs: 0, pendingMs: '5s', expect: [] },
    { match: '*', expected: ['arm64', 'no name', 5], bundle: [{ suffix: 'a:b', architecture: 'arm64', x: 1 }, {}] },
    { match: '*', bundle: {} }
  ])

  t.strictSame(problems.map(({ path }) => path).sort(), [
    'rules[0]',
    'rules[1].buildTimeoutMs',
    'rules[1].expect',
    'rules[1].expected',
    'rules[1].match',
    'rules[1].pendingMs',
    'rules[1].publish',
    'rules[2].bundle[0].suffix',
    'rules[2].bundle[0].x',
    'rules[2].bundle[1].architecture',
    'rules[2].bundle[1].suffix',
    'rules[2].expected[1]',
    'rules[2].expected[2]',
    'rules[3].bundle'
  ])
  t.match(problems.find(({ path }) => path === 'rules[1].publish')?.message, 'is "never"; expected one of each, all, verified')
  t.match(parseRules({}, 'LEPORELLO_RULES').problems, [{ path: 'LEPORELLO_RULES', message: /^is \{\}; expected a list/ }])
  t.equal(parseRules(Array.from({ length: 1001 }, () => ({ match: '*' }))).problems.length, 1)
})

t.test('what a promotion requires is told by the first rule that matches and says so', (t) => {
  const rules = rulesOf(
    { match: '*', immutable: true },
    { match: '*:passed', require: ['tested', 'proven', 'tested'] },
    { match: 'hello:*', require: [] },
    { match: '*', require: ['complete'] }
  )

  t.strictSame(requiredOf('x:passed', rules), ['tested', 'proven'])
  t.strictSame(requiredOf('hello:1', rules), [])
  t.strictSame(requiredOf('x:1', rules), ['complete'])
  t.strictSame(requiredOf('x:1', []), [])
  for (const require of ['tested', ['good'], [1], {}]) {
    const expected = { path: 'rules[0].require', message: /expected a list of complete, proven, tested/ }
    t.match(parseRules([{ match: '*', require }]).problems, [expected])
  }
  t.end()
})
