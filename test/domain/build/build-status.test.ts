import t from 'tap'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import {
  emptyBuildStatus,
  expiredPending,
  maxArchitectures,
  withExpected,
  withoutPending,
  withPublish
} from '../../../src/domain/build/build-status.ts'
import { fromBuildStatusDocument, toBuildStatusDocument } from '../../../src/domain/build/build-status-document.ts'
import { isBlank } from '../../../src/domain/build/due-time.ts'
import { sourceToJson } from '../../../src/domain/build/sources.ts'
import { after, afterAll, at, type Happening } from '../../support/assemblies.ts'
import { shuffles } from '../../support/shuffles.ts'

const arm64 = parseArchitecture('arm64')
const running = { status: 'running', source: { commit: 'c1' } }
const sourceOf = (...happenings: Happening[]) => {
  const recorded = afterAll(...happenings).sources.get(arm64)
  return recorded && { ...sourceToJson(recorded.source), url: recorded.url }
}

t.test('an assembly comes back from its document as it was', async (t) => {
  const buildStatus = afterAll(
    [1, 'expected', ['arm64', 'x86_64']],
    [2, 'build', 'arm64', { ...running, machine: { name: 'node-3', architecture: 'x86_64' }, started: at(2), log: 'http://ci/1' }],
    [3, 'image', 'arm64', 's3://arm'],
    [4, 'build', 'arm64', { status: 'succeeded', finished: at(4) }, 's3://arm'],
    [5, 'test', 'arm64', { status: 'failed', reason: 'no GPU' }, 's3://arm'],
    [6, 'pending', 'amd64', 's3://x'],
    [7, 'image', 's390x', null]
  )

  t.strictSame(fromBuildStatusDocument(toBuildStatusDocument(buildStatus)), buildStatus)
  t.match(JSON.parse(toBuildStatusDocument(buildStatus)), { id: 'hello:1', builds: [{ architecture: 'arm64', emulated: true }] })
})

t.test("a container's own policy is stored, only when there is one, and alone is worth storing", async (t) => {
  const blank = emptyBuildStatus('hello:1', at(0))
  const own = withPublish(blank, { publish: 'all', now: at(1) })

  t.equal(fromBuildStatusDocument(toBuildStatusDocument(own))?.publish, 'all')
  t.notOk('publish' in JSON.parse(toBuildStatusDocument(blank)))
  t.equal(fromBuildStatusDocument(toBuildStatusDocument(own).replace('"all"', '"some"'))?.publish, undefined, 'an unknown policy is none')
  t.strictSame([isBlank(blank), isBlank(own), isBlank(withPublish(own, { publish: null, now: at(2) }))], [true, false, true])
  t.equal(withPublish(own, { publish: 'all', now: at(2) }), own)
})

t.test('names that mean something to JavaScript or an engine are architectures as others are', async (t) => {
  const buildStatus = afterAll([1, 'build', '__proto__', running], [2, 'build', 'constructor', running], [3, 'build', 'a.b', running])

  t.strictSame(fromBuildStatusDocument(toBuildStatusDocument(buildStatus)), buildStatus)
  t.equal(buildStatus.builds.size, 3)
})

t.test('what makes no sense in a document counts as absent, and the rest stays', async (t) => {
  const whole = JSON.parse(toBuildStatusDocument(afterAll([1, 'expected', ['arm64']], [2, 'build', 'arm64', running])))
  const read = (fields: object) => fromBuildStatusDocument(JSON.stringify({ ...whole, ...fields }))!

  t.equal(read({ expected: { architectures: 'arm64', since: at(0) } }).expected, null)
  t.strictSame(read({ expected: { architectures: ['arm64', 5, 'no name'], since: at(0) } }).expected?.architectures, ['arm64'])
  t.equal(read({ builds: [null, 5, { architecture: 'arm64', status: 'dancing', reported: at(0) }, { status: 'failed' }] }).builds.size, 0)
  t.equal(read({ builds: {}, tests: 'x', pending: [{ architecture: 'arm64', url: 's3://x' }] }).builds.size, 0)
  t.equal(read({ updated: 'yesterday' }).updated, at(0).replace(/^.*$/, '1970-01-01T00:00:00.000Z'))
  t.equal(read({ builds: 'none' }).expected?.architectures.length, 1)
  for (const foreign of ['', 'null', '[]', '{"id": "hello:1"}', '{broken']) t.equal(fromBuildStatusDocument(foreign), undefined)
})

t.test('nothing grows beyond its bound', async (t) => {
  const names = Array.from({ length: maxArchitectures + 1 }, (_, i) => `machine${i}`)
  const full = afterAll(...names.slice(1).map((name): Happening => [1, 'build', name, running]))

  t.equal(full.builds.size, maxArchitectures)
  t.throws(() => after(full, [2, 'build', names[0]!, running]), { code: 'parameter_invalid' })
  t.doesNotThrow(() => after(full, [2, 'build', names[1]!, running]))
  t.throws(() => after(full, [2, 'expected', names]), { code: 'parameter_invalid' })
  const flood = {
    ...JSON.parse(toBuildStatusDocument(full)),
    pending: names.map((architecture) => ({ architecture, url: 'u', since: at(0), expires: at(1) }))
  }
  t.equal(fromBuildStatusDocument(JSON.stringify(flood))!.pending.size, maxArchitectures)
})

t.test('expectations are kept in one order, and said again change nothing', async (t) => {
  const first = afterAll([1, 'expected', ['s390x', 'arm64', 'x86_64', 'aarch64', 'zeta', 'alpha']])

  t.strictSame(first.expected?.architectures, ['amd64', 'arm64', 's390x', 'alpha', 'zeta'])
  for (const names of shuffles(['s390x', 'arm64', 'amd64', 'zeta', 'alpha'], 30)) t.equal(after(first, [2, 'expected', names]), first)
  t.equal(after(first, [2, 'expected', ['arm64']]).expected?.since, at(2))
  t.equal(after(first, [2, 'expected', null]).expected, null)
  t.strictSame(after(first, [2, 'expected', []]).expected?.architectures, [], 'none expected is something that was said')
})

t.test('a later word of a run need not repeat the earlier one', async (t) => {
  const buildStatus = afterAll(
    [1, 'build', 'arm64', { ...running, machine: 'build-3', log: 'http://ci/1', started: at(1) }],
    [9, 'build', 'arm64', { status: 'failed', reason: 'out of disk' }]
  )

  t.match(buildStatus.builds.get(arm64), {
    status: 'failed',
    reason: 'out of disk',
    log: 'http://ci/1',
    machine: { name: 'build-3' },
    begun: at(1),
    reported: at(9)
  })
  t.match(after(buildStatus, [10, 'build', 'arm64', { status: 'running' }]).builds.get(arm64), { log: null, machine: null, begun: at(10) })
})

t.test('the end of a run that was overtaken, and a late word of a run that has ended, change nothing', async (t) => {
  const second = afterAll(
    [1, 'build', 'arm64', { status: 'running', started: at(1) }],
    [5, 'build', 'arm64', { status: 'running', started: at(5) }]
  )
  const ended = after(second, [7, 'build', 'arm64', { status: 'succeeded', started: at(5) }])

  t.equal(after(second, [6, 'build', 'arm64', { status: 'failed', reason: 'called off', started: at(1) }]), second)
  t.equal(after(ended, [8, 'build', 'arm64', { status: 'running', started: at(5) }]), ended)
  t.not(after(ended, [9, 'build', 'arm64', { status: 'running', started: at(9) }]), ended)
})

t.test('an end told twice is written once; a sign of life is written each time', async (t) => {
  const failed = afterAll([1, 'build', 'arm64', { ...running, log: 'l' }], [2, 'build', 'arm64', { status: 'failed', reason: 'why' }])

  t.equal(after(failed, [3, 'build', 'arm64', { status: 'failed', reason: 'why' }]), failed)
  t.not(after(failed, [3, 'build', 'arm64', { status: 'failed', reason: 'another' }]), failed)
  t.not(after(after(failed, [3, 'image', 'arm64', 's3://arm']), [4, 'build', 'arm64', { status: 'failed', reason: 'why' }]), failed)
  const alive = afterAll([1, 'build', 'arm64', running])
  t.match(after(alive, [2, 'build', 'arm64', running]).builds.get(arm64), { reported: at(2), begun: at(1) })
})

t.test('later writes have later times, whatever the clocks of the replicas say', async (t) => {
  const failed = afterAll([5, 'build', 'arm64', { status: 'failed' }])
  const skewed = after(failed, [4.5, 'image', 'arm64', 's3://arm'])

  t.ok(skewed.arrivals.get(arm64)!.since > failed.builds.get(arm64)!.reported)
  t.equal(after(failed, [1, 'image', 'arm64', 's3://arm']).updated, at(1), 'a clock that is wrong by more is not followed')
})

t.test('what an image was made from is known when it came with a build that says so', async (t) => {
  const succeeded = { status: 'succeeded', source: { commit: 'c1' } }
  const known = { commit: 'c1', url: 's3://arm' }
  const earlier: Happening[] = [
    [1, 'build', 'arm64', { status: 'running', source: 'c0' }],
    [2, 'image', 'arm64', 's3://old'],
    [3, 'build', 'arm64', { status: 'succeeded' }, 's3://old']
  ]

  for (const before of [[], earlier]) {
    const old = before.length === 0 ? undefined : 's3://old'
    t.strictSame(
      sourceOf(
        ...before,
        [10, 'build', 'arm64', running, old],
        [11, 'image', 'arm64', 's3://arm'],
        [12, 'build', 'arm64', { status: 'succeeded' }, 's3://arm']
      ),
      known,
      'during the build'
    )
    t.strictSame(
      sourceOf(...before, [10, 'image', 'arm64', 's3://arm'], [12, 'build', 'arm64', succeeded, 's3://arm']),
      known,
      'before its only word'
    )
    t.strictSame(sourceOf(...before, [10, 'build', 'arm64', succeeded, old], [12, 'image', 'arm64', 's3://arm']), known, 'after it')
    t.strictSame(
      sourceOf(
        ...before,
        [10, 'build', 'arm64', running, old],
        [11, 'build', 'arm64', running, old],
        [12, 'build', 'arm64', succeeded, 's3://arm']
      ),
      known,
      'on a face that told nothing'
    )
  }
  t.strictSame(
    sourceOf(...earlier, [10, 'build', 'arm64', succeeded, 's3://old']),
    { commit: 'c1', url: null },
    'its image is still to come'
  )
  t.strictSame(
    sourceOf(...earlier, [10, 'build', 'arm64', succeeded, 's3://old'], [11, 'image', 'arm64', 's3://old']),
    { commit: 'c1', url: 's3://old' },
    'the same content again'
  )
})

t.test('an image that waits was made from what its build says, and stays so when it is published', async (t) => {
  const old: Happening[] = [[1, 'image', 'arm64', 's3://old']]
  const known = { commit: 'c1', url: 's3://arm' }
  const during: Happening[] = [
    ...old,
    [10, 'build', 'arm64', running, 's3://old'],
    [11, 'pending', 'arm64', 's3://arm'],
    [12, 'build', 'arm64', { status: 'succeeded' }, 's3://old']
  ]

  t.strictSame(sourceOf(...during), known)
  t.strictSame(sourceOf(...during, [20, 'image', 'arm64', 's3://arm']), known)
  t.strictSame(
    sourceOf(...old, [12, 'build', 'arm64', { status: 'succeeded', source: 'c1' }], [13, 'pending', 'arm64', 's3://arm']),
    { commit: 'c1', url: 's3://arm' },
    'after its only word'
  )
})

t.test('an image from elsewhere was made of nothing that we know', async (t) => {
  const built: Happening[] = [
    [1, 'build', 'arm64', running],
    [2, 'image', 'arm64', 's3://arm'],
    [3, 'build', 'arm64', { status: 'succeeded' }, 's3://arm']
  ]

  t.equal(sourceOf(...built, [9, 'image', 'arm64', 's3://by-hand']), undefined)
  t.equal(sourceOf(...built, [9, 'image', 'arm64', null]), undefined, 'nor one that was taken away')
  t.equal(
    sourceOf(
      ...built,
      [8, 'build', 'arm64', { status: 'running' }],
      [9, 'image', 'arm64', 's3://b'],
      [10, 'build', 'arm64', { status: 'succeeded' }, 's3://b']
    ),
    undefined,
    'nor one whose build does not say'
  )
  t.match(
    sourceOf(...built, [8, 'build', 'arm64', { status: 'running', source: 'c2' }], [9, 'build', 'arm64', { status: 'failed' }]),
    { commit: 'c1' },
    'a failure leaves the image'
  )
})

t.test('an image that waits is given up after its time, and goes when it is published', async (t) => {
  const buildStatus = afterAll([1, 'pending', 'arm64', 's3://arm'], [30, 'pending', 'amd64', 's3://x'])

  t.strictSame(expiredPending(buildStatus, at(60)), [])
  t.strictSame(expiredPending(buildStatus, at(61)), ['arm64'])
  t.strictSame(expiredPending(buildStatus, at(600)), ['amd64', 'arm64'])
  t.strictSame([...withoutPending(buildStatus, { architectures: [arm64], now: at(61) }).pending.keys()], ['amd64'])
  t.equal(withoutPending(buildStatus, { architectures: [parseArchitecture('s390x')], now: at(61) }), buildStatus)
})

t.test('what is left to the rules already changes nothing', async (t) => {
  const buildStatus = emptyBuildStatus('hello:1', at(0))

  t.equal(withExpected(buildStatus, { architectures: null, by: 'x', now: at(6) }), buildStatus)
})
