import t from 'tap'
import { listContract } from '../http/api/list-contract.ts'
import { openOn } from '../support/engine-stores.ts'
import { sharedEngine } from '../support/shared-engine.ts'

const engine = await sharedEngine('es7')
t.teardown(engine.stop)

listContract(t, async (t) => {
  const { stores, settle } = await openOn(engine, { hysds: true })(t)
  t.teardown(() => stores.close())
  await stores.migrate()
  return { stores, settle }
})
