import t from 'tap'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import { imageUpdates, withImageUpdates } from '../../../src/domain/build/image-updates.ts'
import { type Arrival, isPublished, publishedPending, withArrivedImages } from '../../../src/domain/build/pending.ts'
import { fromDocument } from '../../../src/domain/container/document.ts'
import { afterAll, at, type Happening } from '../../support/assemblies.ts'

const amd64 = parseArchitecture('amd64')
const arm64 = parseArchitecture('arm64')
const image = { architecture: arm64, url: 's3://arm', version: '1', digest: 'd' }
const recordOf = (fields: object) => fromDocument('hello:1', JSON.stringify({ id: 'hello:1', version: '1', digest: 'd', ...fields }))

t.test('what becomes of an image that arrives', async (t) => {
  const first: Arrival = { images: [image], published: [], via: 'http://here', pendingMs: 600_000, now: at(5) }
  const pendingAfter = (happened: Happening[], change: Partial<Arrival> = {}) => {
    const waiting = withArrivedImages(afterAll(), first)
    const buildStatus = { ...afterAll(...happened), pending: waiting.pending }
    const after = withArrivedImages(buildStatus, { ...first, now: at(8), ...change })
    if (after === buildStatus) return 'the same request again'
    return after.pending.get(arm64) ? 'pending anew' : 'not pending'
  }
  const other = (fields: Partial<typeof image>) => ({ images: [{ ...image, ...fields }] })
  const built: Happening = [7, 'build', 'arm64', { status: 'succeeded' }]

  t.match(withArrivedImages(afterAll(), first).pending.get(arm64), { url: 's3://arm', via: 'http://here', since: at(5), expires: at(15) })
  t.equal(pendingAfter([]), 'the same request again')
  t.equal(pendingAfter([], other({ url: 's3://new' })), 'pending anew')
  t.equal(pendingAfter([], other({ digest: 'other' })), 'pending anew')
  t.equal(pendingAfter([], other({ version: '2' })), 'pending anew')
  t.equal(pendingAfter([], { now: at(16) }), 'pending anew', 'its time was over')
  t.equal(pendingAfter([built]), 'pending anew', 'a build was reported since')
  t.equal(pendingAfter([], { published: [arm64] }), 'not pending', 'the record has it already')
})

t.test('which images a record has already', async (t) => {
  const record = recordOf({ urls: '{"arm64": "s3://arm"}' })

  t.equal(isPublished(record, image), true)
  t.equal(isPublished(undefined, image), false)
  for (const other of [{ url: 's3://new' }, { version: '2' }, { digest: 'other' }]) {
    t.equal(isPublished(record, { ...image, ...other }), false, JSON.stringify(other))
  }
  const pending = afterAll([1, 'pending', 'arm64', 's3://arm'], [2, 'pending', 'amd64', 's3://x'])
  t.strictSame(publishedPending(pending, recordOf({ version: '', urls: '{"arm64": "s3://arm", "amd64": "s3://old"}' })), [arm64])
  t.strictSame(publishedPending(pending, undefined), [])
})

t.test('what a change of a record does to its images', async (t) => {
  const both = recordOf({ urls: '{"amd64": "s3://x", "arm64": "s3://arm"}' })
  const one = recordOf({ urls: '{"amd64": "s3://x"}' })
  const legacy = recordOf({ url: 's3://x' })
  const updates = (before: typeof both | undefined, after: typeof both, brought: 'all' | (typeof amd64)[] = []) =>
    Object.fromEntries([...imageUpdates({ before, after, brought })].map(([name, { url, isNew }]) => [name, [url, isNew ? 'new' : 'same']]))

  t.strictSame(updates(undefined, both), { amd64: ['s3://x', 'new'], arm64: ['s3://arm', 'new'] })
  t.strictSame(updates(one, both), { arm64: ['s3://arm', 'new'] })
  t.strictSame(updates(both, one), { arm64: [null, 'new'] })
  t.strictSame(updates(both, both), {})
  t.strictSame(updates(both, both, [arm64]), { arm64: ['s3://arm', 'same'] }, 'it was registered again')
  t.strictSame(updates(both, both, 'all'), { amd64: ['s3://x', 'same'], arm64: ['s3://arm', 'same'] })
  const digested = recordOf({ urls: '{"amd64": "s3://x", "arm64": "s3://arm"}', digest: 'sha256:another' })
  t.strictSame(updates(both, digested, 'all'), { amd64: ['s3://x', 'new'], arm64: ['s3://arm', 'new'] }, 'the record has another digest')
  t.strictSame(updates(both, digested), {}, 'whose digest that is, only who registers images knows')
  t.strictSame(updates(legacy, one), {}, 'url is the amd64 image')
  const noted = withImageUpdates(afterAll(), { updates: imageUpdates({ before: undefined, after: both, brought: [] }), now: at(1) })
  t.equal(noted.arrivals.get(arm64)?.url, 's3://arm')
})
