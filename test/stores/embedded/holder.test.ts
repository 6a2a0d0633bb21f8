import { spawnSync } from 'node:child_process'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { embeddedStores } from '../../../src/stores/embedded/embedded-stores.ts'
import { eventually, runProgram } from '../../support/processes.ts'
import { temporaryDirectory } from './directory.ts'

const module = new URL('../../../src/stores/embedded/embedded-stores.js', import.meta.url).href
const writer = fileURLToPath(new URL('./kill-writer.js', import.meta.url))

t.test('a second process is told who has the directory', async (t) => {
  const data = temporaryDirectory(t)
  const stores = await embeddedStores({ data, patienceMs: 60_000 })
  t.teardown(() => stores.close())
  const script = `import { embeddedStores } from ${JSON.stringify(module)}
    try { await embeddedStores({ data: ${JSON.stringify(data)}, patienceMs: 60_000 }) } catch ({ code, message }) { console.log(code, message) }`

  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })

  t.match(stdout, /^store_unavailable /)
  t.ok(stdout.includes(`${data} is in use by process ${process.pid} on ${hostname()}, since 20`), stdout)
})

t.test('so is a second one in the same process', async (t) => {
  const data = temporaryDirectory(t)
  const stores = await embeddedStores({ data, patienceMs: 60_000 })
  t.teardown(() => stores.close())

  await t.rejects(embeddedStores({ data, patienceMs: 60_000 }), { code: 'store_unavailable', message: /in use by process/ })

  await stores.migrate()
  t.equal((await stores.containers.put('still', '{}')).created, true, 'which harms the first one in nothing')
})

t.test('a holder that closed, or was killed, holds no longer', async (t) => {
  const data = temporaryDirectory(t)
  const first = await embeddedStores({ data, patienceMs: 60_000 })
  await first.close()
  const killed = runProgram([process.execPath, writer, data, '1'])
  await eventually(async () => killed.output().includes('1/0/') || undefined, { what: 'a first write', everyMs: 20 })
  await t.rejects(embeddedStores({ data, patienceMs: 60_000 }), {
    code: 'store_unavailable',
    message: new RegExp(`process ${killed.process.pid} `)
  })

  killed.process.kill('SIGKILL')
  await killed.ended
  const next = await embeddedStores({ data, patienceMs: 60_000 })

  await next.close()
})
