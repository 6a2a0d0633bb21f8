import t, { type Test } from 'tap'
import { type Claimed, createTaskQueue } from '../../../src/catalogue/jobs/task-queue.ts'
import { backoffMs } from '../../../src/domain/image/task.ts'
import { openStores, sha256 } from '../../support/start-server.ts'

/** Several replicas over one store, with a clock that the test moves. */
async function replicas(t: Test) {
  const { tasks } = await openStores(t)
  let now = Date.parse('2026-01-02T03:04:05Z')
  const replica = () => createTaskQueue(tasks, { hash: sha256, now: () => new Date(now), leaseMs: 1000 })
  const pass = (ms: number) => {
    now += ms
  }
  return { tasks, replica, pass }
}

const image = (container: string) => ({ kind: 'verify' as const, container, imageKey: '' as const, key: null })
const names = (claimed: Claimed[]) => claimed.map(({ task }) => task.container).sort()

t.test('what was put down is given to one of several that ask at once', async (t) => {
  const { replica } = await replicas(t)
  const [one, other] = [replica(), replica()]
  for (const name of ['a', 'b', 'c', 'd']) await one.add(image(name))

  const [mine, theirs] = await Promise.all([one.claim('verify', 10), other.claim('verify', 10)])

  t.strictSame([...names(mine), ...names(theirs)].sort(), ['a', 'b', 'c', 'd'])
  t.strictSame(await one.claim('verify', 10), [])
})

t.test('the same image put down twice is one task', async (t) => {
  const { replica } = await replicas(t)
  const queue = replica()
  await queue.add(image('a'))
  await queue.add(image('a'))

  t.strictSame(names(await queue.claim('verify', 10)), ['a'])
})

t.test('a replica that gives no sign of life loses its task to another, and cannot end it any more', async (t) => {
  const { tasks, replica, pass } = await replicas(t)
  await replica().add(image('a'))
  const [dead] = await replica().claim('verify', 1)

  pass(1001)
  const [alive] = await replica().claim('verify', 1)
  await dead!.finish()

  t.equal(alive!.task.attempts, 2)
  t.equal(await dead!.extend(), false)
  t.equal(await alive!.extend(), true)
  await alive!.finish()
  t.strictSame((await tasks.list({ limit: 10 })).items, [])
})

t.test('a sign of life keeps a task', async (t) => {
  const { replica, pass } = await replicas(t)
  await replica().add(image('a'))
  const [mine] = await replica().claim('verify', 1)

  pass(900)
  t.equal(await mine!.extend(), true)
  pass(900)

  t.strictSame(await replica().claim('verify', 1), [])
})

t.test('a sign of life says how far an image was read, until its lease ends', async (t) => {
  const { replica, pass } = await replicas(t)
  const [mine, other] = [replica(), replica()]
  await mine.add(image('a'))
  const [claimed] = await mine.claim('verify', 1)
  await mine.add(image('b'))
  const held = async () => (await other.held('verify')).map(({ container, reading }) => [container, reading])
  t.strictSame(await held(), [['a', undefined]])

  await claimed!.extend({ read: 5, size: 10, begun: '2026-01-02T03:04:05Z' })
  t.strictSame(await held(), [['a', { read: 5, size: 10, begun: '2026-01-02T03:04:05Z' }]])

  pass(1001)
  t.strictSame(await held(), [])
  await other.claim('verify', 2)
  t.strictSame(
    (await held()).sort(),
    [
      ['a', undefined],
      ['b', undefined]
    ],
    'another replica begins anew'
  )
})

t.test('a task that is put down anew while somebody is at it is done once more', async (t) => {
  const { replica } = await replicas(t)
  const queue = replica()
  await queue.add(image('a'))
  const [mine] = await queue.claim('verify', 1)

  await queue.add(image('a'))
  await mine!.finish()

  t.strictSame(names(await queue.claim('verify', 1)), ['a'])
})

t.test('what failed is tried again later, and ever later', async (t) => {
  const { replica, pass } = await replicas(t)
  await replica().add(image('a'))
  const [mine] = await replica().claim('verify', 1)

  await mine!.postpone(backoffMs(1))

  t.strictSame(await replica().claim('verify', 1), [])
  pass(backoffMs(1))
  t.strictSame(names(await replica().claim('verify', 1)), ['a'])
  t.ok(backoffMs(2) > backoffMs(1))
  t.equal(backoffMs(100), 3_600_000)
})
