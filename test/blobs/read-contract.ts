import t from 'tap'
import type { BlobQuery, BlobStore } from '../../src/blobs/blob-store.ts'
import { drain, from, someBytes } from './bytes.ts'
import type { Subject } from './contract.ts'

export function readContract({ name, place, presigns }: Subject): void {
  const open = async () => (await place()).open()

  t.test(`${name}: a range gives its bytes and says which they are`, async (t) => {
    const store = await open()
    const bytes = someBytes(100_000)
    await store.put('blob', from(bytes))

    for (const [range, first, last] of [
      [{ first: 0, last: 0 }, 0, 0],
      [{ first: 0, last: 999 }, 0, 999],
      [{ first: 70_000, last: 70_001 }, 70_000, 70_001],
      [{ first: 99_999 }, 99_999, 99_999],
      [{ first: 50_000, last: 1e9 }, 50_000, 99_999],
      [{ suffix: 10 }, 99_990, 99_999],
      [{ suffix: 1e9 }, 0, 99_999]
    ] as const) {
      const got = await store.get('blob', { range })
      t.match(got, { first, last, size: 100_000 })
      t.ok((await drain(got!)).equals(bytes.subarray(first, last + 1)), `${first} to ${last}`)
    }
  })

  t.test(`${name}: a range without bytes is refused, with the size`, async (t) => {
    const store = await open()
    await store.put('blob', from('hello'))
    await store.put('empty', from(''))

    for (const range of [{ first: 5 }, { first: 9, last: 10 }, { suffix: 0 }]) {
      await t.rejects(store.get('blob', { range }), { code: 'range_invalid', message: /blob has 5 bytes/ })
    }
    await t.rejects(store.get('empty', { range: { first: 0 } }), { code: 'range_invalid', message: /empty has 0 bytes/ })
    t.equal(await store.get('none', { range: { first: 0 } }), undefined)
  })

  t.test(`${name}: what is not there is undefined`, async (t) => {
    const store = await open()
    await store.put('a/blob', from('x'))

    for (const key of ['none', 'a', 'a/none', 'a/blob/under', 'none/none']) {
      t.equal(await store.get(key), undefined, key)
      t.equal(await store.head(key), undefined)
      t.equal(await store.remove(key), false)
    }
    t.match(await store.head('a/blob'), { size: 1 })
  })

  t.test(`${name}: a stream that is not read to its end lets go`, async (t) => {
    const store = await open()
    await store.put('blob', from(someBytes(2_000_000)))

    for (let i = 0; i < 100; i++) {
      const { stream } = (await store.get('blob'))!
      stream.destroy()
    }

    t.equal((await drain((await store.get('blob'))!)).length, 2_000_000)
  })

  t.test(`${name}: a list of more than 2,500 keys is walked page by page, in the order of bytes`, async (t) => {
    const store = await open()
    const keys = Array.from({ length: 2_520 }, (_, i) => `list/${['a-b', 'a', 'a0', 'ａ', '🙂'][i % 5]}/${String(i).padStart(5, '0')}`)
    await inParallel(keys, (key) => store.put(key, from('x')))
    await store.put('list/a.tar', from('beside'))
    await store.put('other', from('x'))
    const sorted = [...keys, 'list/a.tar'].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))

    for (const limit of [1000, 333]) {
      t.strictSame((await walk(store, { prefix: 'list/', limit })).keys, sorted, `pages of ${limit}`)
    }
    t.strictSame(
      (await walk(store, { prefix: 'list/a', limit: 1000 })).keys,
      sorted.filter((key) => key.startsWith('list/a'))
    )
    t.match((await store.list({ prefix: 'other', limit: 1 })).items, [{ key: 'other', size: 1, modified: Date }])
    t.strictSame((await walk(store, { prefix: 'none', limit: 10 })).keys, [])
    const shallow = await walk(store, { prefix: 'list/', shallow: true, limit: 2 })
    t.strictSame(shallow.keys, ['list/a.tar'])
    t.strictSame(shallow.folders, ['list/a-b', 'list/a', 'list/a0', 'list/ａ', 'list/🙂'])
  })

  t.test(`${name}: a list cannot be asked for what is not one`, async (t) => {
    const store = await open()

    for (const cursor of ['!', '', 'AAA=']) await t.rejects(store.list({ limit: 1, cursor }), { code: 'cursor_invalid' })
    for (const prefix of ['/', '../', 'a//', 'a/../b']) await t.rejects(store.list({ limit: 1, prefix }), { code: 'key_invalid' })
    await t.rejects(store.list({ limit: 1, prefix: 'a', shallow: true }), { code: 'key_invalid' })
    for (const limit of [0, 1001, 1.5]) await t.rejects(store.list({ limit }), { code: 'parameter_invalid' })
  })

  t.test(
    `${name}: ${presigns ? 'a presigned URL serves the blob under its name, for anybody' : 'there are no presigned URLs'}`,
    async (t) => {
      const store = await open()
      const bytes = someBytes(100_000)
      await store.put('a b:c/ü%.tar', from(bytes))

      const url = await store.presign('a b:c/ü%.tar', { seconds: 60, filename: 'ü "x".tar' })

      if (!presigns) {
        t.equal(url, undefined)
        return
      }
      const reply = await fetch(url!, { headers: { range: 'bytes=10-19' } })
      t.equal(reply.status, 206)
      t.ok(Buffer.from(await reply.arrayBuffer()).equals(bytes.subarray(10, 20)))
      t.match(reply.headers.get('content-disposition'), /^attachment; filename="_ _x_\.tar"; filename\*=UTF-8''%C3%BC%20%22x%22\.tar$/)
      t.equal((await fetch(url!.replace(/Signature=.{8}/, 'Signature=00000000'))).status, 403)
    }
  )

  t.test(`${name}: a store that works says so`, async (t) => {
    const store = await open()

    t.strictSame(await store.health(), { ok: true })
    const available = await store.available()
    t.ok(available === undefined || available > 0)
    await store.close()
  })
}

async function walk(store: BlobStore, query: BlobQuery): Promise<{ keys: string[]; folders: string[] }> {
  const found = { keys: [] as string[], folders: [] as string[] }
  let cursor: string | undefined
  do {
    const page = await store.list({ ...query, ...(cursor ? { cursor } : {}) })
    found.keys.push(...page.items.map(({ key }) => key))
    found.folders.push(...page.folders)
    cursor = page.next
  } while (cursor)
  return found
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = [...items]
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let item = rest.pop(); item !== undefined; item = rest.pop()) await work(item)
    })
  )
}
