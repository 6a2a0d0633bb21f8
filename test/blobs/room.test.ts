import { statfs } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { openLocalBlobs } from '../../src/blobs/local/local-blobs.ts'
import { createRoom } from '../../src/blobs/local/room.ts'
import { temporaryDirectory } from '../stores/embedded/directory.ts'
import { eventually } from '../support/processes.ts'

const GiB = 2 ** 30
async function* hello() {
  yield Buffer.from('hello')
}

const full = { code: 'store_full' }

/** A directory that has about 100 GiB to give, whatever the disk has; other programs may write meanwhile. */
async function open(t: Test) {
  const directory = temporaryDirectory(t)
  const { bavail, bsize } = await statfs(directory)
  return { directory, reserve: bavail * bsize - 100 * GiB }
}

t.test('what is promised to one upload is not there for another', async (t) => {
  const { directory, reserve } = await open(t)
  const room = createRoom(directory, reserve)

  await room.promise('a', 60 * GiB)
  await t.rejects(room.promise('b', 60 * GiB), { ...full, message: /beside what 1 uploads that are under way were promised; end some/ })
  await t.rejects(room.check(60 * GiB), full)
  await room.check(60 * GiB, 'a')
  room.remains('a', 20 * GiB)
  await room.promise('b', 60 * GiB)
  room.remains('b', 0)

  t.ok((await room.available()) > 70 * GiB)
})

t.test('two at once are not both promised the same room', async (t) => {
  const { directory, reserve } = await open(t)
  const room = createRoom(directory, reserve)

  const outcomes = await Promise.allSettled([room.promise('a', 60 * GiB), room.promise('b', 60 * GiB)])

  t.ok(outcomes.some(({ status }) => status === 'rejected'))
})

t.test('an upload has its room until its last byte, or its end, also after a restart', async (t) => {
  const options = await open(t)
  const blobs = await openLocalBlobs(options)
  const { id } = await blobs.uploads.create({ size: 60 * GiB })

  await t.rejects(blobs.uploads.create({ size: 60 * GiB }), full)
  const again = await openLocalBlobs(options)
  await t.rejects(again.uploads.create({ size: 60 * GiB }), full)
  await again.uploads.append({ id, at: 0, source: hello() })
  t.equal(await again.uploads.discard(id), true)
  const other = await again.uploads.create({ size: 60 * GiB })

  t.ok(other.id)
})

t.test('a put has room for what is declared while it lasts, and no longer', async (t) => {
  const blobs = await openLocalBlobs(await open(t))
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  async function* source() {
    yield* hello()
    await ended
    throw new Error('cut off')
  }

  const put = blobs.put('a', source(), { expected: { size: 60 * GiB } }).catch((error) => error)
  await eventually(async () => (((await blobs.available()) ?? 0) < 50 * GiB ? true : undefined), { what: 'room is reserved', everyMs: 5 })
  await t.rejects(blobs.put('b', source(), { expected: { size: 60 * GiB } }), full)
  end()
  await put

  t.ok(((await blobs.available()) ?? 0) > 90 * GiB)
})
