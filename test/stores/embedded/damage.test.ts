import { closeSync, mkdirSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { embeddedStores } from '../../../src/stores/embedded/embedded-stores.ts'
import { temporaryDirectory } from './directory.ts'

t.test('a file that is no database is refused with what to do, and left as it is', async (t) => {
  const data = temporaryDirectory(t)
  const file = join(data, 'leporello.db')
  writeFileSync(file, 'not a database '.repeat(1000))

  await t.rejects(embeddedStores({ data, patienceMs: 60_000 }), { code: 'store_unavailable', message: /leporello\.db is damaged .*backup/ })
  await t.rejects(embeddedStores({ data, patienceMs: 60_000 }), { code: 'store_unavailable', message: /is damaged/ }, 'nobody holds it')

  t.equal(statSync(file).size, 15_000)
})

t.test('a database damaged in the middle answers store_unavailable, and the process lives', async (t) => {
  const data = temporaryDirectory(t)
  const first = await embeddedStores({ data, patienceMs: 60_000 })
  await first.migrate()
  const ids = Array.from({ length: 300 }, (_, i) => `image-${i}`)
  await Promise.all(ids.map((id) => first.containers.put(id, JSON.stringify({ id, url: 'x'.repeat(2000) }))))
  await first.close()
  overwrite(join(data, 'leporello.db'))

  const stores = await embeddedStores({ data, patienceMs: 60_000 })
  t.teardown(() => stores.close())

  const damaged = { code: 'store_unavailable', message: /is damaged.*recover/ }
  await t.rejects(stores.containers.getMany(ids), damaged)
  await t.rejects(stores.containers.put('image-1', '{}'), damaged)
  await t.rejects(stores.containers.list({ limit: 1000 }), damaged)
  t.match(await stores.health(), { ok: false, reason: /is damaged/ })
})

t.test('a directory that cannot be made is store_unavailable', async (t) => {
  const data = temporaryDirectory(t)
  writeFileSync(join(data, 'file'), '')

  await t.rejects(embeddedStores({ data: join(data, 'file'), patienceMs: 60_000 }), {
    code: 'store_unavailable',
    message: /cannot be opened/
  })
  await t.rejects(embeddedStores({ data: join(data, 'file', 'below'), patienceMs: 60_000 }), { code: 'store_unavailable' })
})

t.test('a directory with the name of the database is store_unavailable', async (t) => {
  const data = temporaryDirectory(t)
  mkdirSync(join(data, 'leporello.db'))

  await t.rejects(embeddedStores({ data, patienceMs: 60_000 }), { code: 'store_unavailable' })
})

/** The second and third page: where the number of the last write stands, and where the containers begin. */
function overwrite(file: string): void {
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Buffer.alloc(2 * 4096, 0xfe), 0, 2 * 4096, 4096)
  closeSync(descriptor)
}
