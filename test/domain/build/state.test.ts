import t from 'tap'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import type { Publish } from '../../../src/domain/build/rules.ts'
import { stateOf } from '../../../src/domain/build/state.ts'
import { fromDocument } from '../../../src/domain/container/document.ts'
import type { Facts } from '../../../src/domain/image/facts.ts'
import { afterAll, at, type Happening } from '../../support/assemblies.ts'
import { someFacts } from '../../support/facts.ts'
import { shuffles } from '../../support/shuffles.ts'

type Tap = typeof t

interface Given {
  urls?: { [architecture: string]: string }
  url?: string
  facts?: Facts[]
  happened?: Happening[]
  expected?: string[]
  publish?: Publish
  now?: string
}

const x = { amd64: 's3://x' }
const both = { amd64: 's3://x', arm64: 's3://arm' }

function standing({ urls, url, facts = [], happened, expected = [], publish = 'each', now = at(600) }: Given) {
  return stateOf({
    record: fromDocument('hello:1', JSON.stringify({ urls, url })),
    facts: new Map(facts.map((one) => [one.imageKey, one])),
    buildStatus: happened && afterAll(...happened),
    expected: { architectures: expected.map(parseArchitecture), since: null },
    publish,
    buildTimeoutMs: 60 * 60_000,
    now
  })
}

const codes = ({ reasons }: ReturnType<typeof stateOf>) => reasons.map(({ code, architecture }) => `${architecture} ${code}`).join(', ')

/** What is given, the state, and the reasons as `architecture code`. */
type Case = [name: string, given: Given, state: string, reasons: string]

function cases(t: Pick<Tap, 'strictSame'>, table: Case[]) {
  for (const [name, given, state, reasons] of table) {
    const answer = standing(given)
    t.strictSame([answer.state, codes(answer)], [state, reasons], name)
  }
}

t.test('what is expected and there makes a container complete', async (t) => {
  cases(t, [
    ['nothing expected, one image', { urls: x }, 'complete', ''],
    ['nothing expected, no image', {}, 'partial', 'null missing'],
    ['both expected, both there', { urls: both, expected: ['arm64', 'amd64'] }, 'complete', ''],
    ['one expected is missing', { urls: x, expected: ['arm64', 'amd64'] }, 'partial', 'arm64 missing'],
    ['all expected are missing', { expected: ['s390x', 'amd64'] }, 'partial', 'amd64 missing, s390x missing'],
    ['more than expected', { urls: both, expected: ['amd64'] }, 'complete', ''],
    ['something else than expected', { urls: x, expected: ['arm64'] }, 'partial', 'arm64 missing']
  ])
  t.strictSame(standing({ expected: ['s390x', 'amd64'] }).missing, ['amd64', 's390x'])
})

t.test('the image of a record that names no architecture is what it is proven to be, and x86_64 until then', async (t) => {
  const url = 's3://x'
  const proven = someFacts({ url, architecture: 'arm64' })

  cases(t, [
    ['unproven', { url, expected: ['amd64'] }, 'complete', ''],
    ['unproven, another expected', { url, expected: ['arm64'] }, 'partial', 'arm64 missing'],
    ['proven', { url, facts: [proven], expected: ['arm64'] }, 'complete', ''],
    ['proven to be another', { url, facts: [proven], expected: ['amd64'] }, 'partial', 'amd64 missing'],
    ['unreadable', { url, facts: [someFacts({ url, verdict: 'unreadable' })], expected: ['amd64'] }, 'degraded', 'amd64 unreadable'],
    ['beside urls, url is no image', { url, urls: { arm64: 's3://arm' }, expected: ['amd64'] }, 'partial', 'amd64 missing']
  ])
})

t.test('what is wrong with an image that is there degrades a container, whether it is expected or not', async (t) => {
  const facts = (verdict: Facts['verdict'], more: object = {}) => [someFacts({ imageKey: 'arm64', url: 's3://arm', verdict, ...more })]
  const arm = { urls: both, expected: ['amd64'] }

  cases(t, [
    ['mislabelled', { ...arm, facts: facts('mislabelled') }, 'degraded', 'arm64 mislabelled'],
    ['mixed', { ...arm, facts: facts('mixed') }, 'degraded', 'arm64 mixed'],
    ['unreadable', { ...arm, facts: facts('unreadable') }, 'degraded', 'arm64 unreadable'],
    ['gone', { ...arm, facts: facts('match', { status: 'gone' }) }, 'degraded', 'arm64 gone'],
    ['gone and mixed', { ...arm, facts: facts('mixed', { status: 'gone' }) }, 'degraded', 'arm64 mixed, arm64 gone'],
    ['unreachable now', { ...arm, facts: facts('match', { status: 'unreachable' }) }, 'complete', ''],
    ['no binaries', { ...arm, facts: facts('no-binaries') }, 'complete', ''],
    ['about an architecture that it has not', { urls: x, facts: facts('mixed') }, 'complete', '']
  ])
  t.match(standing({ ...arm, facts: facts('mixed') }).reasons, [
    { message: 'the image for arm64 is mixed: in words', since: '2026-01-02T03:04:05.000Z' }
  ])
})

t.test('where only proven images are published, an unproven one is not there yet', async (t) => {
  const verified = { urls: both, expected: ['amd64', 'arm64'], publish: 'verified' as const }
  const match = [someFacts({ imageKey: 'amd64', url: 's3://x' }), someFacts({ imageKey: 'arm64', url: 's3://arm' })]

  cases(t, [
    ['all proven', { ...verified, facts: match }, 'complete', ''],
    ['one unread', { ...verified, facts: match.slice(1) }, 'partial', 'amd64 unverified'],
    ['one without binaries', { ...verified, facts: [match[0]!, { ...match[1]!, verdict: 'no-binaries' }] }, 'partial', 'arm64 unverified'],
    ['one mislabelled', { ...verified, facts: [match[0]!, { ...match[1]!, verdict: 'mislabelled' }] }, 'degraded', 'arm64 mislabelled'],
    ['all at once without proof', { ...verified, publish: 'all' }, 'complete', ''],
    ['not expected', { ...verified, expected: [] }, 'complete', '']
  ])
})

const failed = { status: 'failed', reason: 'out of disk' }
const running = { status: 'running' }
const succeeded = { status: 'succeeded' }

t.test('of a build and an image the newest word counts', async (t) => {
  const want = { expected: ['amd64', 'arm64'] }
  const fail: Happening = [10, 'build', 'arm64', failed]
  const failWithImage: Happening = [10, 'build', 'arm64', failed, 's3://arm']

  cases(t, [
    ['failed, no image', { ...want, urls: x, happened: [fail] }, 'degraded', 'arm64 build_failed, arm64 missing'],
    ['failed, none expected, no image', { urls: x, happened: [fail] }, 'complete', ''],
    ['failed, none expected, an image', { urls: both, happened: [failWithImage] }, 'degraded', 'arm64 build_failed'],
    [
      'failed beside the image that stood before',
      { ...want, urls: both, happened: [[5, 'image', 'arm64', 's3://arm'], failWithImage] },
      'degraded',
      'arm64 build_failed'
    ],
    [
      'failed beside an image, nobody knows since when',
      { ...want, urls: both, happened: [failWithImage] },
      'degraded',
      'arm64 build_failed'
    ],
    [
      'failed, then queued again',
      { ...want, urls: x, happened: [fail, [20, 'build', 'arm64', { status: 'pending' }]], now: at(21) },
      'partial',
      'arm64 missing'
    ],
    [
      'failed, then running again',
      { ...want, urls: both, happened: [failWithImage, [20, 'build', 'arm64', running, 's3://arm']], now: at(21) },
      'complete',
      ''
    ],
    [
      'failed, then succeeded',
      { ...want, urls: both, happened: [failWithImage, [20, 'build', 'arm64', succeeded, 's3://arm']] },
      'complete',
      ''
    ],
    [
      'failed, then succeeded, not registered',
      { ...want, urls: x, happened: [fail, [20, 'build', 'arm64', succeeded]] },
      'partial',
      'arm64 missing'
    ],
    [
      'succeeded, then failed',
      { ...want, urls: both, happened: [[5, 'build', 'arm64', succeeded, 's3://arm'], failWithImage] },
      'degraded',
      'arm64 build_failed'
    ],
    ['failed, then an image', { ...want, urls: both, happened: [fail, [20, 'image', 'arm64', 's3://arm']] }, 'complete', ''],
    ['failed, then an image past us', { ...want, urls: both, happened: [fail] }, 'complete', ''],
    ['failed, then another image past us', { ...want, urls: both, happened: [[10, 'build', 'arm64', failed, 's3://old']] }, 'complete', ''],
    [
      'failed, then the same image again',
      { ...want, urls: both, happened: [[5, 'image', 'arm64', 's3://arm'], failWithImage, [20, 'image', 'arm64', 's3://arm']] },
      'degraded',
      'arm64 build_failed'
    ],
    [
      'failed, then an image that was taken away',
      { ...want, urls: x, happened: [fail, [20, 'image', 'arm64', 's3://arm'], [30, 'image', 'arm64', null]] },
      'degraded',
      'arm64 build_failed, arm64 missing'
    ],
    [
      'failed, then an image that waits',
      { ...want, urls: x, happened: [fail, [20, 'pending', 'arm64', 's3://arm']], now: at(30) },
      'partial',
      'arm64 pending'
    ],
    [
      'an image that waits, then failed',
      { ...want, urls: x, happened: [[5, 'pending', 'arm64', 's3://arm'], fail], now: at(30) },
      'degraded',
      'arm64 build_failed, arm64 pending'
    ],
    [
      'a late failure of a run that was overtaken',
      {
        ...want,
        urls: x,
        happened: [
          [5, 'build', 'arm64', { ...running, started: at(5) }],
          [6, 'build', 'arm64', { ...failed, started: at(1) }]
        ],
        now: at(7)
      },
      'partial',
      'arm64 missing'
    ]
  ])
  t.match(standing({ ...want, urls: x, happened: [fail] }).reasons[0], {
    message: 'the build for arm64 failed: out of disk',
    since: at(10)
  })
})

t.test('a build that is not heard of for too long is stale, unless its image has come', async (t) => {
  const want = { expected: ['amd64', 'arm64'], urls: x }
  const run: Happening = [10, 'build', 'arm64', running]

  cases(t, [
    ['just before', { ...want, happened: [run], now: at(69.9) }, 'partial', 'arm64 missing'],
    ['just then', { ...want, happened: [run], now: at(70) }, 'degraded', 'arm64 build_stale, arm64 missing'],
    [
      'queued for too long',
      { ...want, happened: [[10, 'build', 'arm64', { status: 'pending' }]], now: at(70) },
      'degraded',
      'arm64 build_stale, arm64 missing'
    ],
    ['a sign of life', { ...want, happened: [run, [60, 'build', 'arm64', running]], now: at(70) }, 'partial', 'arm64 missing'],
    ['its image came', { ...want, urls: both, happened: [run, [20, 'image', 'arm64', 's3://arm']], now: at(70) }, 'complete', ''],
    [
      'beside the image that stood before',
      { ...want, urls: both, happened: [[10, 'build', 'arm64', running, 's3://arm']], now: at(70) },
      'degraded',
      'arm64 build_stale'
    ],
    ['of no concern', { urls: x, happened: [run], now: at(70) }, 'complete', '']
  ])
  t.equal(standing({ ...want, happened: [run], now: at(99) }).reasons[0]?.since, at(70))
})

t.test('tests count as builds do', async (t) => {
  const want = { expected: ['amd64', 'arm64'], urls: both }
  const test: Happening = [10, 'test', 'arm64', failed, 's3://arm']

  cases(t, [
    ['failed', { ...want, happened: [test] }, 'degraded', 'arm64 test_failed'],
    ['failed, then passed', { ...want, happened: [test, [20, 'test', 'arm64', succeeded, 's3://arm']] }, 'complete', ''],
    ['failed on another image', { ...want, happened: [[10, 'test', 'arm64', failed, 's3://old']] }, 'complete', ''],
    ['never ended', { ...want, happened: [[10, 'test', 'arm64', running, 's3://arm']] }, 'degraded', 'arm64 test_stale'],
    [
      'failed as the build did',
      { ...want, happened: [test, [20, 'build', 'arm64', failed, 's3://arm']] },
      'degraded',
      'arm64 build_failed, arm64 test_failed'
    ]
  ])
})

t.test('an image that waits is not missing, until its time is over', async (t) => {
  const given = { urls: x, expected: ['amd64', 'arm64', 's390x'], happened: [[10, 'pending', 'arm64', 's3://arm']] as Happening[] }

  t.strictSame(standing({ ...given, now: at(69) }).missing, ['s390x'])
  t.strictSame(standing({ ...given, now: at(70) }).missing, ['arm64', 's390x'])
  t.match(standing({ ...given, now: at(70) }).reasons[0]?.message, `given up at ${at(70)}`)
})

t.test('what is missing is told with how its build stands and since when', async (t) => {
  const reason = (...happened: Happening[]) => standing({ urls: x, expected: ['arm64'], happened, now: at(30) }).reasons.at(-1)

  t.match(reason(), { message: 'there is no image for arm64, and no build was reported', since: at(0) })
  t.match(reason([5, 'image', 'arm64', null]), { since: at(5) })
  t.match(reason([5, 'build', 'arm64', running], [9, 'build', 'arm64', running]), {
    message: `there is no image for arm64 yet: its build is running since ${at(5)}`
  })
  t.match(reason([5, 'build', 'arm64', succeeded]), {
    message: `there is no image for arm64, though its build succeeded at ${at(5)}: it was not registered`
  })
})

t.test('secrets in what a job says are masked', async (t) => {
  const [reason] = standing({
    urls: x,
    expected: ['arm64'],
    happened: [[5, 'build', 'arm64', { ...failed, reason: 'GET s3://me:secret@host/x', log: 'http://ci?token=abc' }]]
  }).reasons

  t.equal(reason?.message, 'the build for arm64 failed: GET s3://***@host/x (http://ci?token=***)')
})

t.test('the order in which things are told never shows', async (t) => {
  const urls = Object.entries({ amd64: 'u1', arm64: 'u2', s390x: 'u3', zeta: 'u4', alpha: 'u5' })
  const facts = urls.map(([imageKey, url]) => someFacts({ imageKey, url, verdict: 'mixed' }))
  const happened = ['riscv64', 'ppc64le', 'beta'].map((architecture): Happening => [5, 'build', architecture, failed])
  const expected = ['beta', 'riscv64', 'ppc64le', 'gamma', 'amd64']
  const answer = standing({ urls: Object.fromEntries(urls), facts, happened, expected })

  t.equal(
    codes(answer),
    'amd64 mixed, arm64 mixed, ppc64le build_failed, ppc64le missing, s390x mixed, riscv64 build_failed, riscv64 missing, alpha mixed, beta build_failed, beta missing, gamma missing, zeta mixed'
  )
  for (const order of shuffles([0, 1, 2, 3, 4], 40)) {
    const stirred = <T>(list: T[]) => order.flatMap((i) => (i < list.length ? [list[i]!] : []))
    t.strictSame(
      standing({
        urls: Object.fromEntries(stirred(urls)),
        facts: stirred(facts),
        happened: stirred(happened),
        expected: stirred(expected)
      }).reasons.map(({ since: _, ...reason }) => reason),
      answer.reasons.map(({ since: _, ...reason }) => reason)
    )
  }
})
