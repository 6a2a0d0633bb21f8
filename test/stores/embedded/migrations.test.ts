import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openDatabase } from '../../../src/stores/embedded/driver.ts'
import { embeddedStores } from '../../../src/stores/embedded/embedded-stores.ts'
import { projectFolder } from '../../support/project.ts'
import { temporaryDirectory } from './directory.ts'

const names = readdirSync(join(projectFolder, 'migrations/embedded')).map((name) => name.replace(/\.sql$/, ''))

t.test('migrations are numbered without a gap', async (t) => {
  t.strictSame(
    names.map((name) => Number(name.slice(0, 4))),
    names.map((_, i) => i + 1)
  )
})

t.test('all are applied to a new directory, in order, and recorded', async (t) => {
  const data = temporaryDirectory(t)
  const stores = await embeddedStores({ data, patienceMs: 60_000 })

  const result = await stores.migrate()

  t.strictSame(result, { version: names.length, applied: names })
  await stores.close()
  const database = openDatabase(join(data, 'leporello.db'), { busyMs: 0 })
  t.equal(database.rows('select number from migrations').length, names.length)
  database.close()
})

t.test('a database newer than the program is refused with both versions, and left as it is', async (t) => {
  const data = temporaryDirectory(t)
  const older = await embeddedStores({ data, patienceMs: 60_000 })
  await older.migrate()
  await older.containers.put('kept', '{"id":"kept"}')
  await older.close()
  const database = openDatabase(join(data, 'leporello.db'), { busyMs: 0 })
  database.run('insert into migrations values (?, ?, ?)', [9000, '9000-from-the-future', 'then'])
  database.close()

  const stores = await embeddedStores({ data, patienceMs: 60_000 })
  t.teardown(() => stores.close())

  const versions = new RegExp(`version 9000.* up to ${names.length}\\b`)
  await t.rejects(stores.migrate(), { code: 'database_newer', message: versions })
  t.equal((await stores.containers.get('kept'))?.document, '{"id":"kept"}')
})

t.test('before it is migrated, a store is not healthy and answers store_unavailable', async (t) => {
  const stores = await embeddedStores({ data: temporaryDirectory(t), patienceMs: 60_000 })
  t.teardown(() => stores.close())

  t.equal((await stores.health()).ok, false)
  await t.rejects(stores.containers.get('any'), { code: 'store_unavailable' })

  await stores.migrate()
  t.equal((await stores.health()).ok, true)
  t.equal(await stores.containers.get('any'), undefined)
})

t.test('it needs nothing of the project but build/src, migrations and the packages', async (t) => {
  const installed = temporaryDirectory(t)
  cpSync(join(projectFolder, 'build/src'), join(installed, 'build/src'), { recursive: true })
  cpSync(join(projectFolder, 'migrations'), join(installed, 'migrations'), { recursive: true })
  cpSync(join(projectFolder, 'package.json'), join(installed, 'package.json'))
  symlinkSync(join(projectFolder, 'node_modules'), join(installed, 'node_modules'))
  const script = `import { embeddedStores } from './build/src/stores/embedded/embedded-stores.js'
    const stores = await embeddedStores({ data: 'data', patienceMs: 60000 })
    console.log((await stores.migrate()).version, (await stores.containers.put('a', '{}')).created)
    await stores.close()`

  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: installed, encoding: 'utf8' })

  t.equal(stdout, `${names.length} true\n`, stderr)
})
