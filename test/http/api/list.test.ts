import t from 'tap'
import { openStores } from '../../support/start-server.ts'
import { listContract } from './list-contract.ts'

listContract(t, async (t) => ({ stores: await openStores(t), settle: async () => {} }))
