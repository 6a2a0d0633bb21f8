import t from 'tap'
import { buildingContract } from '../http/api/building-contract.ts'
import { openOn } from '../support/engine-stores.ts'
import { type EngineName, startEngine } from '../support/engines.ts'

/** One index for all of a contract's tests: their containers have names of their own. */
async function openedOn(name: EngineName) {
  const engine = await startEngine(name)
  t.teardown(engine.stop)
  const opened = await openOn(engine, { hysds: true })(t)
  t.teardown(() => opened.stores.close())
  await opened.stores.migrate()
  return async () => opened
}

for (const name of ['es7', 'os3'] as const) buildingContract(name, await openedOn(name))
