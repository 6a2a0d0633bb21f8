import t from 'tap'
import { embeddedStores } from '../../../src/stores/embedded/embedded-stores.ts'
import { documentStoreContract } from '../contract.ts'
import { temporaryDirectory } from './directory.ts'

documentStoreContract('embedded', async (t) => ({
  stores: await embeddedStores({ data: temporaryDirectory(t), patienceMs: 60_000 }),
  settle: async () => {}
}))

t.test('the embedded store describes a document for people as Elasticsearch lays it out', async (t) => {
  const stores = await embeddedStores({ data: temporaryDirectory(t), patienceMs: 60_000 })
  t.teardown(() => stores.close())
  await stores.migrate()
  await stores.containers.put('shown', '{"id":"shown", "big":12345678901234567}')

  const { body } = await stores.containers.describe('shown', { pretty: true })

  t.match(body, /\n {2}"_source" : \{\n {4}"id" : "shown",\n {4}"big" : 12345678901234567\n {2}\}\n\}\n$/)
})
