import t from 'tap'
import type { CatalogueError } from '../../../src/domain/errors.ts'
import { openDatabase } from '../../../src/stores/embedded/driver.ts'
import { embeddedStores } from '../../../src/stores/embedded/embedded-stores.ts'
import { temporaryDirectory } from './directory.ts'

/** A limit of pages gives what a full disk gives: SQLITE_FULL at some page of some statement. */
const maxPages = 120

t.test('on a full disk a write is refused, nothing is harmed, and with room again it goes on', async (t) => {
  const data = temporaryDirectory(t)
  const stores = await embeddedStores({ data, patienceMs: 60_000, maxPages })
  const documentOf = (id: string) => JSON.stringify({ id, version: 'v1', url: 'x'.repeat(6000) })
  await stores.migrate()

  const ids = Array.from({ length: 200 }, (_, i) => `image-${i}`)
  const ended = await Promise.allSettled(ids.map((id) => stores.containers.put(id, documentOf(id))))

  const stored = ids.filter((_, i) => ended[i]!.status === 'fulfilled')
  const refused = ended.flatMap((one) => (one.status === 'rejected' ? [(one.reason as CatalogueError).code] : []))
  t.ok(stored.length > 5 && refused.length > 5, `${stored.length} stored, ${refused.length} refused`)
  t.ok(refused.every((code) => code === 'store_full'))
  t.strictSame(
    (await stores.containers.getMany(ids)).map((found) => found?.document),
    ids.map((id) => (stored.includes(id) ? documentOf(id) : undefined)),
    'what was acknowledged is there, what was refused is not'
  )
  await t.rejects(stores.containers.put('one-more', documentOf('one-more')), { code: 'store_full', message: /make room/ })
  t.equal((await stores.containers.list({ limit: 1000 })).items.length, stored.length)
  t.strictSame(await stores.health(), { ok: true }, 'it can still be read')

  for (const id of stored.slice(0, 3)) t.equal(await stores.containers.remove(id), true, 'one can make room by removing')
  t.equal((await stores.containers.put('after', documentOf('after'))).created, true)
  await stores.close()

  const database = openDatabase(`${data}/leporello.db`, { busyMs: 0 })
  t.strictSame(database.rows('pragma integrity_check'), [['ok']])
  database.close()
})
