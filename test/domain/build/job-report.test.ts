import t from 'tap'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import { isEmulated, parseJobWord } from '../../../src/domain/build/job-report.ts'

const arm64 = parseArchitecture('arm64')

t.test('a job says as little as its status', async (t) => {
  t.strictSame(parseJobWord({ status: 'running' }), {
    status: 'running',
    reason: null,
    log: null,
    source: null,
    machine: null,
    started: null,
    finished: null
  })
})

t.test('what a script has no value for is empty, and that is none', async (t) => {
  const word = parseJobWord({ status: 'running', reason: '', log: '', source: '', machine: '', started: '', finished: '' })

  t.strictSame(word, parseJobWord({ status: 'running' }))
})

t.test('times are kept in UTC, and a bare source is a commit', async (t) => {
  const word = parseJobWord({ status: 'failed', started: '2026-01-02T03:04:05+02:00', finished: '2026-01-02', source: '9c0e' })

  t.match(word, { started: '2026-01-02T01:04:05.000Z', finished: '2026-01-02T00:00:00.000Z' })
  t.strictSame([...word.source!], [['commit', '9c0e']])
})

t.test('the order in which a source is written does not show', async (t) => {
  const one = parseJobWord({ status: 'running', source: { commit: 'c', base: 'b', containerfile: null } })
  const other = parseJobWord({ status: 'running', source: { base: 'b', containerfile: '', commit: 'c' } })

  t.strictSame([...one.source!], [...other.source!])
})

t.test('every problem is told with its place', async (t) => {
  const wrong = {
    status: 'done',
    log: 'x'.repeat(3000),
    started: 'yesterday',
    machine: { architecture: 'no name', emulated: 'yes', memory: 5 },
    source: { 'a b': 'x', commit: 5 },
    rason: 'typo'
  }

  try {
    parseJobWord(wrong)
    t.fail('it was taken')
  } catch (error) {
    const { details, code } = error as { code: string; details: { errors: { path: string; message: string }[] } }
    t.equal(code, 'parameter_invalid')
    t.strictSame(details.errors.map(({ path }) => path).sort(), [
      'log',
      'machine.architecture',
      'machine.emulated',
      'machine.memory',
      'rason',
      'source.a b',
      'source.commit',
      'started',
      'status'
    ])
    t.match(details.errors.find(({ path }) => path === 'status')?.message, 'is "done"; expected one of pending, running, succeeded, failed')
  }
  for (const value of [null, 5, [], 'running']) t.throws(() => parseJobWord(value), { code: 'parameter_invalid', message: /^build: is / })
})

t.test('a reason that is a whole log is cut, for the news counts', async (t) => {
  const { reason } = parseJobWord({ status: 'failed', reason: `error: ${'x'.repeat(100_000)}` })

  t.equal(reason!.length, 2000)
  t.match(reason, /^error: x+…$/)
})

t.test('a build is emulated when its machine is another one, or the job says so', async (t) => {
  const emulated = (machine: unknown) => isEmulated(arm64, parseJobWord({ status: 'running', machine }))

  t.equal(emulated({ name: 'build-3', architecture: 'x86_64' }), true)
  t.equal(emulated({ architecture: 'aarch64' }), false)
  t.equal(emulated({ architecture: 'aarch64', emulated: true }), true)
  t.equal(emulated({ name: 'build-3' }), false)
  t.equal(emulated('x86_64'), true, 'a machine may be what uname -m says')
  t.equal(emulated('build-3'), false, 'or a name')
  t.equal(emulated(null), false)
})
