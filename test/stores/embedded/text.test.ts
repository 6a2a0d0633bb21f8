import t from 'tap'
import { prettyJson } from '../../../src/stores/embedded/describe.ts'
import { embeddedStores } from '../../../src/stores/embedded/embedded-stores.ts'
import { walk } from '../contract-lists.ts'
import { temporaryDirectory } from './directory.ts'

t.test('text that SQLite or its driver would cut off or choke on is listed whole and in place', async (t) => {
  const stores = await embeddedStores({ data: temporaryDirectory(t), patienceMs: 60_000 })
  t.teardown(() => stores.close())
  await stores.migrate()
  const documents = new Map([
    ['with a NUL\0and more', '{"id":"with a NUL\\u0000and more"}'],
    ['with a NUL\0and less', '{"id":"with a NUL\\u0000and less"}'],
    ['half a pair', '{"id":"\\ud800 half","version":"\\udfff"}'],
    ['half another', '{"id":"\\ud800 hale","version":"\\udfff"}']
  ])
  for (const [id, document] of documents) await stores.containers.put(id, document)

  for (const field of ['id', 'version', 'digest']) {
    for (const order of ['asc', 'desc'] as const) {
      const items = await walk(stores.containers, { limit: 1, sort: { field, order } })
      t.strictSame(new Map(items.map(({ id, document }) => [id, document])), documents, `by ${field} ${order}`)
      t.equal(items.length, documents.size)
    }
  }
  const ids: string[] = []
  for await (const batch of stores.containers.ids()) ids.push(...batch)
  t.strictSame(ids.sort(), [...documents.keys()].sort())
})

t.test('a field with any name can be sorted by', async (t) => {
  const stores = await embeddedStores({ data: temporaryDirectory(t), patienceMs: 60_000 })
  t.teardown(() => stores.close())
  await stores.migrate()
  for (const field of ["it's", 'a.b', 'a[0]', '$', 'ä']) {
    await stores.jobSpecs.put('late', JSON.stringify({ [field]: 'z' }))
    await stores.jobSpecs.put('soon', JSON.stringify({ [field]: 'a' }))

    const { items } = await stores.jobSpecs.list({ limit: 10, sort: { field, order: 'asc' } })

    t.strictSame(
      items.map(({ id }) => id),
      ['soon', 'late'],
      field
    )
  }
})

t.test('revisions go on where they were after a restart', async (t) => {
  const data = temporaryDirectory(t)
  const first = await embeddedStores({ data, patienceMs: 60_000 })
  await first.migrate()
  const before = await first.containers.put('a', '{}')
  await first.containers.remove('a')
  await first.close()

  const stores = await embeddedStores({ data, patienceMs: 60_000 })
  t.teardown(() => stores.close())
  await stores.migrate()
  const after = await stores.containers.put('a', '{}')

  const [store, seq] = before.revision.split('.')
  t.equal(after.revision, `${store}.${Number(seq) + 2}.1`)
})

t.test('JSON is made pretty without touching a token', async (t) => {
  const text = '{"a":[],"b":{ },"c":[1.0,{"d":"x:, \\" {}"}],"e":1e2}'

  t.equal(
    prettyJson(text),
    '{\n  "a" : [ ],\n  "b" : { },\n  "c" : [\n    1.0,\n    {\n      "d" : "x:, \\" {}"\n    }\n  ],\n  "e" : 1e2\n}'
  )
})
