import { embeddedStores } from '../../../src/stores/embedded/embedded-stores.ts'
import { documentStoreContract } from '../contract.ts'
import { temporaryDirectory } from './directory.ts'

documentStoreContract('embedded', async (t) => ({
  stores: await embeddedStores({ data: temporaryDirectory(t), patienceMs: 10_000 }),
  settle: async () => {}
}))
