import t, { type Test } from 'tap'
import { createSpecReferences } from '../../../src/catalogue/containers/spec-references.ts'
import { CatalogueError } from '../../../src/domain/errors.ts'
import { openStores } from '../../support/start-server.ts'

const minute = 60_000

async function open(t: Test) {
  const { jobSpecs } = await openStores(t)
  const clock = { time: Date.parse('2026-01-02T03:04:05Z') }
  let lists = 0
  const list: typeof jobSpecs.list = (query) => {
    lists++
    return jobSpecs.list(query)
  }
  const references = createSpecReferences({ jobSpecs: { list }, now: () => new Date(clock.time), patienceMs: 60_000 })
  const naming = (container: string) => references.naming(container, { most: 20 })
  return { jobSpecs, references, naming, clock, lists: () => lists }
}

const spec = (id: string, container: string) => JSON.stringify({ id, container })

t.test('specifications are read once, and what is stored or removed from then on is known at once', async (t) => {
  const { jobSpecs, references, naming, lists } = await open(t)
  await jobSpecs.put('job-b', spec('job-b', 'hello:1'))

  t.strictSame(await naming('hello:1'), ['job-b'])
  references.note('job-a', spec('job-a', 'hello:1'))
  references.note('job-c', JSON.stringify({ dependency_images: [{ container_image_name: 'hello:1' }] }))
  t.strictSame(await naming('hello:1'), ['job-a', 'job-b', 'job-c'])
  references.note('job-a', spec('job-a', 'hello:2'))
  references.note('job-b', undefined)
  t.strictSame(await naming('hello:1'), ['job-c'])
  t.equal(lists(), 1)
})

t.test("other programs' changes are known ten minutes later", async (t) => {
  const { jobSpecs, naming, clock } = await open(t)
  await jobSpecs.put('job-a', spec('job-a', 'hello:1'))
  await naming('hello:1')
  await jobSpecs.remove('job-a')
  await jobSpecs.put('job-b', spec('job-b', 'hello:1'))

  clock.time += 9 * minute
  t.strictSame(await naming('hello:1'), ['job-a'])
  clock.time += 2 * minute
  t.strictSame(await naming('hello:1'), ['job-b'])
})

t.test('what is noted while the specifications are read counts more than what is read', async (t) => {
  const { jobSpecs, references, naming } = await open(t)
  await jobSpecs.put('job-a', spec('job-a', 'hello:1'))

  const reading = naming('hello:1')
  references.note('job-a', undefined)
  references.note('job-b', spec('job-b', 'hello:1'))

  t.strictSame(await reading, ['job-b'])
})

t.test('a store that does not answer costs no more than the warning', async (t) => {
  const list = () => Promise.reject(new CatalogueError('store_unavailable', 'away'))
  const references = createSpecReferences({ jobSpecs: { list }, now: () => new Date() })

  references.note('job-a', spec('job-a', 'hello:1'))

  t.strictSame(await references.naming('hello:1', { most: 20 }), ['job-a'])
})

t.test('specifications that take too long to be read are not waited for', async (t) => {
  const list = () => new Promise<never>(() => {})
  const references = createSpecReferences({ jobSpecs: { list }, now: () => new Date(), patienceMs: 1 })

  t.strictSame(await references.naming('hello:1', { most: 20 }), [])
})
