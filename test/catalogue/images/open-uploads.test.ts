import t from 'tap'
import type { Upload } from '../../../src/blobs/blob-store.ts'
import { createOpenUploads } from '../../../src/catalogue/images/open-uploads.ts'
import { background } from '../../../src/domain/history/entry.ts'

const note = (client: string) => JSON.stringify({ tarball: { id: 'hello:1', cause: background('a test'), client } })
const upload = (id: string, client: string, more: Partial<Upload> = {}): Upload => ({
  ...{ id, offset: 0, size: 10, created: new Date(), touched: new Date(), note: note(client), ended: false },
  ...more
})

const ownerOf = ({ note }: Upload): string | undefined => (JSON.parse(note) as { tarball?: { client: string } }).tarball?.client

function open(stored: Upload[] = []) {
  const uploads = {
    async *list() {
      yield* stored
    }
  }
  const opened = createOpenUploads({ uploads, ownerOf, isExpired: ({ id }) => id.startsWith('expired') })
  const begin = (client: string, id: string) => opened.begin(client, async () => upload(id, client))
  const list = async () => {
    for await (const _ of opened.list());
  }
  return { ...opened, opened, begin, list, stored }
}

t.test('a client may have 250 open uploads, with those from before the start', async (t) => {
  const { begin, count, saw, gone, refused } = open(Array.from({ length: 249 }, (_, i) => upload(`old-${i}`, 'a')))

  await begin('a', 'new')
  await t.rejects(begin('a', 'one more'), { code: 'share_exceeded', message: /^a has 250 of the 1000 uploads that are open/ })
  await begin('b', 'other')
  t.match([count(), refused()], [251, 1])
  saw(upload('old-1', 'a', { offset: 10 }))
  await begin('a', 'after one arrived')
  gone('old-2')
  await begin('a', 'after one was discarded')
  await t.rejects(begin('a', 'one more'), { code: 'share_exceeded' })
})

t.test('all clients together may have 1000', async (t) => {
  const { begin } = open(Array.from({ length: 1000 }, (_, i) => upload(`old-${i}`, `client ${i}`)))

  await t.rejects(begin('a', 'new'), { code: 'uploads_exceeded', message: /GET \/api\/v1\/uploads lists those of tarballs/ })
})

t.test('what has ended, expired, or arrived whole is not open, nor what failed to begin', async (t) => {
  const { begin, count, awaited, opened } = open([
    upload('a', 'a', { ended: true }),
    upload('expired', 'a'),
    upload('b', 'a', { offset: 10 }),
    upload('c', 'a', { note: '{}' }),
    upload('d', 'a', { offset: 4 })
  ])

  await begin('a', 'e')
  await t.rejects(
    opened.begin('a', () => Promise.reject(new Error('full'))),
    { message: 'full' }
  )

  t.match([count(), awaited()], [2, 16])
})

t.test('beginning many at once does not get around the share', async (t) => {
  const { begin } = open()

  const outcomes = await Promise.allSettled(Array.from({ length: 300 }, (_, i) => begin('a', String(i))))

  t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 250)
})

t.test('what another replica discarded is found to be gone', async (t) => {
  const { list, count, stored } = open([upload('a', 'a'), upload('b', 'b')])
  await list()
  stored.pop()

  await list()

  t.equal(count(), 1)
})
