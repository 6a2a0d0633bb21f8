import t from 'tap'
import { type Requirement, type Rule, requiredOf } from '../../../src/domain/build/rules.ts'
import { fromDocument } from '../../../src/domain/container/document.ts'
import { type Candidate, type FoundCandidate, memberOf } from '../../../src/domain/releases/candidate.ts'
import { containerOf, planPromotion, targetId } from '../../../src/domain/releases/promotion.ts'
import { setDiff } from '../../../src/domain/releases/set-diff.ts'

const targets: [id: string, target: { namespace?: string; name_prefix?: string; tag: string }, wanted: string][] = [
  ['nova-api:aaa', { tag: 'current' }, 'nova-api:current'],
  ['nova-api', { tag: 'current' }, 'nova-api:current'],
  ['experimental/x:1', { tag: '1', namespace: 'stable' }, 'stable/x:1'],
  ['docker.io:5000/a/b/x:1', { tag: '2', namespace: 'docker.io:5000/c' }, 'docker.io:5000/c/x:2'],
  ['a/x:1', { tag: '1', namespace: '' }, 'x:1'],
  ['a/x:1', { tag: '1', name_prefix: 'centos-' }, 'a/centos-x:1'],
  ['a/centos-x:1', { tag: '1', name_prefix: 'centos-' }, 'a/centos-x:1']
]

t.test('an id keeps what the target does not name', (t) => {
  for (const [id, target, wanted] of targets) t.equal(targetId(id, target), wanted, id)
  t.end()
})

const urls = { amd64: 's3://b/x', arm64: 's3://b/x-arm64' }

interface Known {
  version?: string
  digest?: string
  urls?: Record<string, string>
  verdicts?: Record<string, string>
  partial?: string
  expected?: string[]
  tests?: Record<string, { status: string; image: string; reason?: string }>
}

function candidate(id: string, known: Known | undefined, was?: Record<string, string>): Candidate {
  if (!known) return { id, origin: id, found: undefined }
  const { version = '1', digest = 'sha256:1', verdicts = {}, partial, expected = [], tests = {} } = known
  const document = JSON.stringify({ id, version, digest, urls: JSON.stringify(known.urls ?? urls) })
  const found = {
    record: fromDocument(id, document),
    revision: 'a.1.1',
    facts: new Map(
      Object.entries(verdicts).map(([imageKey, verdict]) => [imageKey, { imageKey, verdict, summary: '', given: null, config: null }])
    ),
    status: { state: partial ? 'partial' : 'complete', reasons: partial ? [{ message: partial }] : [], missing: [] },
    expected,
    tests: [new Map(Object.entries(tests).map(([name, report]) => [name, { reason: null, ...report }]))]
  } as unknown as FoundCandidate
  const former = was && memberOf({ id, origin: id, found: candidate(id, { urls: was }).found }, id)
  return { id, origin: id, found, ...(former && { was: former }) }
}

const ok = { status: 'succeeded', image: 's3://b/x' }
const okArm = { status: 'succeeded', image: 's3://b/x-arm64' }

const refused: { what: string; candidates: Candidate[]; require?: Requirement[]; reasons: string[] }[] = [
  { what: 'nothing', candidates: [], reasons: ['the set is empty; expected at least one image'] },
  {
    what: 'all that is missing, at once',
    candidates: [candidate('a:1', undefined), candidate('b:1', { partial: 'there is no image for arm64' }), candidate('c:1', undefined)],
    require: ['complete'],
    reasons: ['a:1 does not exist', 'b:1 is not complete: there is no image for arm64', 'c:1 does not exist']
  },
  {
    what: 'two of one repository',
    candidates: [candidate('a:1', {}), candidate('a:2', {}), candidate('a:1', {})],
    reasons: ['a:1 and a:2 would both be a:current; name one', 'a:1 is named twice; name one']
  },
  {
    what: 'a record without version and digest',
    candidates: [candidate('a:1', { version: '', digest: '' })],
    reasons: ['a:1 has no version and no digest; register it again with one']
  },
  { what: 'a record without images', candidates: [candidate('a:1', { urls: {} })], reasons: ['a:1 has no image'] },
  {
    what: 'an image that is not proven',
    candidates: [
      candidate('a:1', { verdicts: { amd64: 'match', arm64: 'mislabelled' } }),
      candidate('b:1', { verdicts: { amd64: 'match' } })
    ],
    require: ['proven'],
    reasons: ['a:1 is not proven: the image for arm64 is mislabelled', 'b:1 is not proven: the image for arm64 is unverified']
  },
  {
    what: 'architectures without a successful test of this image',
    candidates: [
      candidate('a:1', { tests: { amd64: ok } }),
      candidate('b:1', { tests: { amd64: { ...ok, image: 's3://b/other' }, arm64: { ...okArm, status: 'failed', reason: 'exit 1' } } }),
      candidate('c:1', { urls: { amd64: urls.amd64 }, expected: ['amd64', 'arm64'], tests: { amd64: ok } })
    ],
    require: ['tested'],
    reasons: [
      'a:1 is not tested: there is no test result for arm64',
      'b:1 is not tested: the test on amd64 was of another image',
      'b:1 is not tested: the test on arm64 is failed: exit 1',
      'c:1 is not tested: there is no test result for arm64'
    ]
  },
  {
    what: 'what was changed behind its channel',
    candidates: [candidate('a:1', {}, { amd64: 's3://b/x' })],
    reasons: ['a:1 was changed since it was promoted there; promote that channel again, or name the images in set']
  }
]

for (const { what, candidates, require = [], reasons } of refused) {
  t.test(`a promotion is refused: ${what}`, (t) => {
    const plan = planPromotion({ candidates, require, target: { tag: 'current' }, before: [], keep: false })
    t.strictSame('reasons' in plan && plan.reasons.map(({ message }) => message), reasons)
    t.end()
  })
}

t.test('rules require more of the ids that they match, besides what the request requires', (t) => {
  const rules: Rule[] = [
    { match: '*:passed', require: ['tested'] },
    { match: 'a:*', require: ['complete', 'proven'] }
  ]
  const wanted = (tag: string, require: Requirement[] = []) => {
    const candidates = [candidate('a:1', { partial: 'arm64 is missing' }), candidate('b:1', {})]
    const input = { candidates, require, requiredOf: (id: string) => requiredOf(id, rules), before: [], keep: false }
    const plan = planPromotion({ ...input, target: { tag } })
    return 'reasons' in plan ? plan.reasons.map(({ path, message }) => `${path} ${/is not (?:complete|proven|tested)/.exec(message)}`) : []
  }

  t.strictSame(
    wanted('passed'),
    [0, 0, 1, 1].map((i) => `set[${i}] is not tested`)
  )
  t.strictSame(wanted('current'), ['set[0] is not complete', 'set[0] is not proven', 'set[0] is not proven'])
  t.strictSame(wanted('passed', ['complete']), ['set[0] is not complete', ...[0, 0, 1, 1].map((i) => `set[${i}] is not tested`)])
  t.end()
})

t.test('a set replaces another; what it lacks loses the tag, unless it is kept', (t) => {
  const before = [memberOf(candidate('a:1', {}), 'a:current'), memberOf(candidate('b:1', {}), 'b:current')]
  const candidates = [
    candidate('c:2', { tests: { amd64: ok, arm64: okArm }, verdicts: { amd64: 'match', arm64: 'match' } }),
    candidate('b:2', {})
  ]
  const input = { candidates, require: [], target: { tag: 'current' }, before }

  const moved = planPromotion({ ...input, keep: false })
  const kept = planPromotion({ ...input, keep: true })
  const tested = planPromotion({ ...input, candidates: candidates.slice(0, 1), require: ['complete', 'proven', 'tested'], keep: false })

  if ('reasons' in moved || 'reasons' in kept) throw new Error('they are refused')
  t.strictSame(
    moved.set.map(({ id, from }) => `${id} < ${from}`),
    ['b:current < b:2', 'c:current < c:2']
  )
  t.strictSame(moved.removed, ['a:current'])
  t.strictSame(
    kept.set.map(({ id, from }) => `${id} < ${from}`),
    ['a:current < a:1', 'b:current < b:2', 'c:current < c:2']
  )
  t.strictSame([kept.removed, kept.written.map(({ id }) => id).sort()], [[], ['b:current', 'c:current']])
  t.notOk('reasons' in tested)
  t.end()
})

t.test('a member is written as what its record said, with or without architectures', (t) => {
  const named = memberOf(candidate('a:1', {}), 'a:current')
  const found = {
    ...candidate('a:1', {}).found!,
    record: fromDocument('a:1', '{"id":"a:1","version":"1","digest":"d","url":"s3://b/only"}')
  }
  const single = memberOf({ id: 'a:1', origin: 'a:1', found }, 'a:current')

  t.strictSame(containerOf(named), { version: '1', digest: 'sha256:1', images: urls })
  t.strictSame(containerOf(single), { version: '1', digest: 'd', url: 's3://b/only' })
  t.end()
})

t.test('sets differ by what their images are, not by their tags', (t) => {
  const member = (id: string, known: Known = {}) => memberOf(candidate(id, known), id)
  const before = [member('a:1'), member('b:1'), member('c:1')]
  const after = [member('a:2'), member('b:2', { digest: 'sha256:2' }), member('d:2')]

  const differences = setDiff(before, after).map(({ repository, before, after }) => [repository, before?.id ?? null, after?.id ?? null])

  t.strictSame(differences, [
    ['b', 'b:1', 'b:2'],
    ['c', 'c:1', null],
    ['d', null, 'd:2']
  ])
  t.end()
})
