import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openDatabase } from '../../../src/stores/embedded/driver.ts'
import { embeddedStores } from '../../../src/stores/embedded/embedded-stores.ts'
import { temporaryDirectory } from './directory.ts'

/** How often this process has a file open. */
const opened = (file: string): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === file
    } catch {
      return false // closed meanwhile
    }
  }).length

t.test('writes that are refused, one after another, leave no file open behind them', async (t) => {
  const data = temporaryDirectory(t)
  const file = join(data, 'leporello.db')
  const stores = await embeddedStores({ data, patienceMs: 20 })
  t.teardown(() => stores.close())
  await stores.migrate()
  const other = openDatabase(file, { busyMs: 0 })
  other.exec('begin immediate')
  const before = opened(file)

  for (let i = 0; i < 20; i++) await t.rejects(stores.containers.put(`a:${i}`, '{}'), { code: 'store_unavailable' })
  const after = opened(file)
  other.close()

  t.equal(after, before)
  t.equal((await stores.containers.put('a:1', '{}')).created, true)
})
