import { Worker } from 'node:worker_threads'
import t from 'tap'
import { createLink, type Link } from '../../../src/stores/embedded/link.ts'
import { eventually } from '../../support/processes.ts'
import { limitMs } from '../../support/speed.ts'

/** A worker that answers a check, dies of an ids, and sits on a page until the check after it is due. */
const program = `
  const { parentPort } = require('node:worker_threads')
  parentPort.on('message', (message) => {
    if (message === 'end') return parentPort.close()
    const { n, kind, request } = message
    if (kind === 'ids') throw new Error('no memory left')
    if (kind === 'page') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, request.query.limit)
    parentPort.postMessage({ n, answer: true })
  })`

const startWorker = () => new Worker(program, { eval: true, execArgv: [] })
const answersAgain = (link: Link) => eventually(() => link.ask('check', {}), { what: 'an answer', everyMs: 20 })
const die = (link: Link) => link.ask('ids', { table: 'containers', after: '', limit: 1 })
const sleep = (link: Link, ms: number) => link.ask('page', { table: 'containers', query: { limit: ms } })

t.test('when the worker dies, all that was under way fails, and another worker goes on', async (t) => {
  const link = createLink(startWorker, { patienceMs: 5000, unhurried: [] })
  t.teardown(() => link.stop())
  await answersAgain(link)

  const underWay: Promise<unknown>[] = [die(link), link.ask('check', {}), link.ask('check', {})]

  for (const asked of underWay) await t.rejects(asked, { code: 'store_unavailable', message: /died: no memory left.*may or may not/ })
  await t.rejects(link.ask('check', {}), { code: 'store_unavailable', message: /being restarted/ })
  t.equal(await answersAgain(link), true)
  await t.rejects(die(link), { code: 'store_unavailable' }, 'and again')
  t.equal(await answersAgain(link), true)
})

t.test('when no other worker can be started at the moment, requests are refused, and it is tried again until one can', async (t) => {
  let starts = 0
  const meanwhile: Promise<unknown>[] = []
  const start = () => {
    starts++
    if (starts === 1 || starts === 4) return startWorker()
    setImmediate(() => meanwhile.push(link.ask('check', {}).catch((error) => error)))
    throw new Error('no thread left')
  }
  const link = createLink(start, { patienceMs: 5000, unhurried: [] })
  t.teardown(() => link.stop())
  await answersAgain(link)

  await t.rejects(die(link), { code: 'store_unavailable' })
  t.equal(await answersAgain(link), true)

  t.equal(starts, 4)
  const refused = { code: 'store_unavailable', message: /being restarted/, cause: { message: 'no thread left' } }
  t.match(await Promise.all(meanwhile), [refused, refused])
})

t.test('a worker that does not answer in time is not waited for, and is heard again when it answers', async (t) => {
  const patienceMs = limitMs(300)
  const link = createLink(startWorker, { patienceMs, unhurried: [] })
  t.teardown(() => link.stop())
  await answersAgain(link)

  await t.rejects(sleep(link, 5 * patienceMs), { code: 'store_unavailable', message: `did not answer within ${patienceMs} ms` })
  await t.rejects(link.ask('check', {}), { code: 'store_unavailable', message: /has not answered/ }, 'nobody queues up behind it')

  t.equal(await answersAgain(link), true)
})

t.test('what is unhurried may take longer', async (t) => {
  const patienceMs = limitMs(200)
  const link = createLink(startWorker, { patienceMs, unhurried: ['page'] })
  t.teardown(() => link.stop())
  await eventually(() => link.ask('check', {}), { what: 'the worker', everyMs: 20 })

  t.equal(await sleep(link, 3 * patienceMs), true)
})

t.test('a link that was stopped refuses', async (t) => {
  const link = createLink(startWorker, { patienceMs: 300, unhurried: [] })

  await link.stop()

  await t.rejects(link.ask('check', {}), { code: 'store_unavailable', message: /closed/ })
})
