import t from 'tap'
import { from } from './bytes.ts'
import type { Subject } from './contract.ts'
import { leavesNothing } from './leavings.ts'

export function folderContract({ name, place }: Subject): void {
  const open = async () => (await place()).open()

  t.test(`${name}: a blob makes its folders, and they go with their last blob`, async (t) => {
    const { put, remove, folders } = await open()

    await put('a/b/one', from('1'))
    await put('a/b/two', from('2'))

    for (const key of ['', 'a', 'a/b']) t.equal(await folders.exists(key), true, key)
    for (const key of ['b', 'a/b/one', 'a/b/one/x', 'a/c']) t.equal(await folders.exists(key), false, key)
    await remove('a/b/one')
    t.equal(await folders.exists('a/b'), true)
    await remove('a/b/two')
    t.equal(await folders.exists('a/b'), false)
    t.equal(await folders.exists('a'), false)
  })

  t.test(`${name}: a folder that was made stays when it is empty, and shows in no list of keys`, async (t) => {
    const store = await open()

    t.equal(await store.folders.make('made/deep'), true)
    t.equal(await store.folders.make('made/deep'), false)
    t.equal(await store.folders.make('made'), false)
    await store.put('made/deep/x', from('x'))
    t.equal(await store.folders.make('made/deep'), false)
    await store.remove('made/deep/x')

    t.equal(await store.folders.exists('made/deep'), true)
    t.strictSame(await store.list({ limit: 10 }), { items: [], folders: [] })
    t.strictSame(await store.list({ limit: 10, prefix: 'made/', shallow: true }), { items: [], folders: ['made/deep'] })
    await leavesNothing(t, store)
  })

  t.test(`${name}: only an empty folder is removed`, async (t) => {
    const store = await open()
    await store.put('full/x', from('x'))
    await store.folders.make('outer/inner')

    await t.rejects(store.folders.remove('full'), { code: 'blob_conflict', message: /full/ })
    await t.rejects(store.folders.remove('outer'), { code: 'blob_conflict' })
    t.equal(await store.folders.remove('outer/inner'), true)
    t.equal(await store.folders.remove('outer/inner'), false)
    t.equal(await store.folders.remove('full/x'), false, 'a blob is not a folder')
    t.equal(await store.folders.exists('outer/inner'), false)
    t.match(await store.head('full/x'), { size: 1 })
  })

  t.test(`${name}: nothing is put under a blob or onto a folder, and the refusal names it`, async (t) => {
    const store = await open()
    await store.put('a/file', from('old'))
    await store.folders.make('made')
    let read = false
    async function* unread() {
      read = true
      yield Buffer.from('x')
    }

    for (const [key, named] of [
      ['a/file/x', 'a/file'],
      ['a/file/x/y', 'a/file'],
      ['a', 'a'],
      ['made', 'made']
    ] as const) {
      const conflict = { code: 'blob_conflict', message: new RegExp(`^${named} is a (file|folder)`) }
      await t.rejects(store.put(key, unread()), conflict, key)
      await t.rejects(
        store.put(() => key, from('x')),
        conflict,
        `${key}, chosen late`
      )
      const upload = await store.uploads.create({})
      await t.rejects(store.uploads.finish(upload.id, { key }), conflict, `${key}, by an upload`)
      await store.uploads.discard(upload.id)
    }
    await t.rejects(store.folders.make('a/file'), { code: 'blob_conflict' })
    await t.rejects(store.folders.make('a/file/x'), { code: 'blob_conflict' })

    t.equal(read, false, 'what is refused is not read first')
    t.match(await store.head('a/file'), { size: 3 })
    await leavesNothing(t, store)
  })

  t.test(`${name}: folders come and go under those who fill them`, async (t) => {
    const store = await open()

    await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        for (let round = 0; round < 15; round++) {
          await store.put(`shared/folder/${i}`, from('x'))
          await store.remove(`shared/folder/${i}`)
        }
      })
    )

    t.strictSame(await store.list({ limit: 10 }), { items: [], folders: [] })
    t.equal(await store.folders.exists('shared'), false)
  })
}
