import t from 'tap'
import type { BlobStore } from '../../src/blobs/blob-store.ts'
import { broken, collect, digestOf, drain, from, many, sha256, someBytes } from './bytes.ts'
import type { Subject } from './contract.ts'
import { leavesNothing } from './leavings.ts'

const mega = 1024 * 1024

export function uploadContract({ name, place }: Subject): void {
  const open = async () => (await place()).open()

  t.test(`${name}: an upload in pieces of any size becomes the blob that was sent`, async (t) => {
    const store = await open()
    const bytes = someBytes(20 * mega + 5)
    const digest = sha256(bytes)
    const hints = [{}, { size: bytes.length }, { key: 'up/known', sha256: digest }]
    for (const [i, hint] of hints.entries()) {
      const key = hint.key ?? `up/${i}`
      const { id } = await store.uploads.create({ ...hint, note: 'n\u00f6te' })

      for (const [start, end] of [
        [0, 1],
        [1, 3 * mega],
        [3 * mega, 8 * mega],
        [8 * mega, 8 * mega],
        [8 * mega, bytes.length]
      ] as const) {
        t.match(await store.uploads.append({ id, at: start, source: from(bytes.subarray(start, end)) }), { id, offset: end })
        t.match(await store.uploads.get(id), { offset: end, note: 'n\u00f6te', created: Date, touched: Date })
      }
      const put = await store.uploads.finish(id, { key, expected: { size: bytes.length } })

      t.strictSame(put, { key, size: bytes.length, sha256: digest, created: true })
      t.match(await store.head(key), { size: bytes.length, sha256: digest })
      t.ok((await drain((await store.get(key))!)).equals(bytes))
      t.equal(await store.uploads.get(id), undefined)
    }
    await leavesNothing(t, store)
  })

  t.test(`${name}: small and empty uploads are blobs too`, async (t) => {
    const store = await open()
    for (const text of ['', 'hello']) {
      const { id } = await store.uploads.create({ size: text.length })
      await store.uploads.append({ id, at: 0, source: from(text) })

      t.match(await store.uploads.finish(id, { key: 'small' }), { sha256: sha256(text), size: text.length })

      t.equal(String(await drain((await store.get('small'))!)), text)
    }
    await leavesNothing(t, store)
  })

  t.test(`${name}: an upload goes on in a server that was started anew, from where it broke off`, async (t) => {
    const here = await place()
    const bytes = someBytes(19 * mega)
    const first = await here.open()
    const { id } = await first.uploads.create({ size: bytes.length, note: 'resumed' })
    for (const end of [100, 7 * mega, 18 * mega]) {
      const { offset } = (await first.uploads.get(id))!
      await t.rejects(first.uploads.append({ id, at: offset, source: broken(from(bytes.subarray(offset, end))) }), /went away/)
      t.match(await first.uploads.get(id), { offset: end }, 'what had come is kept')
    }
    await first.close()

    const second = await here.open()
    t.match(await collect(second.uploads.list()), [{ id, offset: 18 * mega, size: bytes.length, note: 'resumed' }])
    await second.uploads.append({ id, at: 18 * mega, source: from(bytes.subarray(18 * mega)) })
    const put = await second.uploads.finish(id, { key: 'resumed' })

    t.equal(put.sha256, sha256(bytes))
    t.ok((await drain((await second.get('resumed'))!)).equals(bytes))
    t.same(await collect(second.uploads.list()), [])
    await leavesNothing(t, second)
  })

  t.test(`${name}: a piece goes nowhere but the end`, async (t) => {
    const { uploads } = await open()
    const { id } = await uploads.create({ size: 10 })
    await uploads.append({ id, at: 0, source: from('12345') })

    for (const at of [0, 4, 6]) await t.rejects(uploads.append({ id, at, source: from('x') }), { code: 'upload_conflict' })
    await t.rejects(uploads.append({ id, at: 5, source: from('678901') }), { code: 'size_mismatch' })
    await t.rejects(uploads.finish(id, { key: 'early' }), { code: 'size_mismatch', message: /5 of 10/ })
    t.match(await uploads.get(id), { offset: 5 })
    await uploads.append({ id, at: 5, source: from('67890') })

    t.match(await uploads.finish(id, { key: 'whole' }), { sha256: sha256('1234567890') })
  })

  t.test(`${name}: while a piece is arriving, another is refused`, async (t) => {
    const { uploads } = await open()
    const { id } = await uploads.create({})
    let go = () => {}
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    async function* slow() {
      yield Buffer.from('12345')
      await gate
    }
    const arriving = uploads.append({ id, at: 0, source: slow() })

    await t.rejects(uploads.append({ id, at: 0, source: from('x') }), { code: 'upload_conflict' })
    await t.rejects(uploads.finish(id, { key: 'x' }), { code: 'upload_conflict' })
    await t.rejects(uploads.discard(id), { code: 'upload_conflict' })
    go()

    t.match(await arriving, { offset: 5 })
  })

  t.test(`${name}: an upload whose digest is wrong is gone; one that may not replace stays`, async (t) => {
    const store = await open()
    const { uploads } = store
    await store.put('there', from('old'))
    for (const size of [5, 17 * mega]) {
      const wrong = await filled(store, size)
      await t.rejects(uploads.finish(wrong, { key: 'x', expected: { sha256: sha256('other') } }), { code: 'digest_mismatch' })
      t.equal(await uploads.get(wrong), undefined)

      const late = await filled(store, size)
      await t.rejects(uploads.finish(late, { key: 'there', onlyIfAbsent: true }), { code: 'already_exists' })
      t.match(await uploads.get(late), { offset: size })
      t.match(await uploads.finish(late, { key: `elsewhere/${size}`, onlyIfAbsent: true }), { created: true })
    }
    const bound = (await uploads.create({ key: 'bound', sha256: sha256('right') })).id
    await t.rejects(uploads.finish(bound, { key: 'other' }), { code: 'key_invalid' })
    await t.rejects(uploads.finish(bound, { key: 'bound' }), { code: 'digest_mismatch' })

    t.equal(await store.head('x'), undefined)
    t.equal(String(await drain((await store.get('there'))!)), 'old')
    await leavesNothing(t, store)
  })

  t.test(`${name}: a complete upload can be read before it is finished, and again behind that when it is kept`, async (t) => {
    const here = await place()
    for (const size of [0, 5, 17 * mega]) {
      const store = await here.open()
      const bytes = someBytes(size)
      const { id } = await store.uploads.create({ size })
      if (size > 0) await t.rejects(store.uploads.read(id), { code: 'size_mismatch' })
      await store.uploads.append({ id, at: 0, source: from(bytes) })

      for (let i = 0; i < 2; i++) t.equal(await digestOf(await store.uploads.read(id)), sha256(bytes), 'as often as one likes')
      const put = await store.uploads.finish(id, { key: `kept/${size}`, keep: true })
      t.match(await store.uploads.get(id), { offset: size, placed: put, ended: false })
      await store.close()

      const again = await here.open()
      t.strictSame(await again.uploads.finish(id, { key: `kept/${size}`, keep: true }), put, 'a finish that is repeated')
      t.equal(await digestOf(await again.uploads.read(id)), sha256(bytes))
      await t.rejects(again.uploads.append({ id, at: size, source: from('x') }), { code: 'upload_conflict' })
      await t.rejects(again.uploads.finish(id, { key: 'other', keep: true }), { code: 'key_invalid' })
      t.match(await again.uploads.end(id, 'well'), { id, note: 'well', ended: true })

      t.match(await again.uploads.get(id), { note: 'well', ended: true, placed: put })
      t.match(await again.head(`kept/${size}`), { size, sha256: sha256(bytes) })
      t.equal(await again.uploads.discard(id), true)
      t.match(await again.head(`kept/${size}`), { size })
      await leavesNothing(t, again)
    }
  })

  t.test(`${name}: an upload that has ended keeps its note and nothing else`, async (t) => {
    const store = await open()
    for (const size of [0, 5, 17 * mega]) {
      const id = await filled(store, size)

      await store.uploads.end(id, 'refused')

      t.match(await store.uploads.get(id), { note: 'refused', ended: true, offset: size })
      t.match(await collect(store.uploads.list()), [{ id }])
      const ended = { code: 'upload_conflict', message: /has ended/ }
      await t.rejects(store.uploads.append({ id, at: size, source: from('x') }), ended)
      await t.rejects(store.uploads.read(id), ended)
      await t.rejects(store.uploads.finish(id, { key: 'x' }), ended)
      await leavesNothing(t, store)
      await store.uploads.discard(id)
    }
    await t.rejects(store.uploads.end('f'.repeat(32), ''), { code: 'upload_unknown' })
    const bound = (await store.uploads.create({ key: 'bound' })).id
    await t.rejects(store.uploads.read(bound), { code: 'upload_conflict' })
  })

  t.test(`${name}: a discarded upload leaves nothing, and an unknown one is named as such`, async (t) => {
    const store = await open()
    const { uploads } = store
    const ids = [await filled(store, 0), await filled(store, 3), await filled(store, 17 * mega)]
    ids.push((await uploads.create({ key: 'k', sha256: sha256('k') })).id)

    for (const id of ids) {
      t.equal(await uploads.discard(id), true)
      t.equal(await uploads.discard(id), false)
    }

    for (const id of [ids[0]!, 'none', '../../files', '', 'f'.repeat(32)]) {
      t.equal(await uploads.get(id), undefined)
      await t.rejects(uploads.append({ id, at: 0, source: from('x') }), { code: 'upload_unknown' })
      await t.rejects(uploads.finish(id, { key: 'x' }), { code: 'upload_unknown' })
    }
    await t.rejects(uploads.create({ size: -1 }), { code: 'parameter_invalid' })
    await t.rejects(uploads.create({ key: '../x' }), { code: 'key_invalid' })
    await leavesNothing(t, store)
  })
}

async function filled({ uploads }: BlobStore, size: number): Promise<string> {
  const { id } = await uploads.create({})
  await uploads.append({ id, at: 0, source: many(size) })
  return id
}
