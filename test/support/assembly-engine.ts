import t from 'tap'
import { arrivalsContract } from '../http/api/arrivals-contract.ts'
import { buildingContract } from '../http/api/building-contract.ts'
import { publicationContract } from '../http/api/publication-contract.ts'
import { waitingContract } from '../http/api/waiting-contract.ts'
import { openOn } from './engine-stores.ts'
import type { EngineName } from './engines.ts'
import { sharedEngine } from './shared-engine.ts'

/** What the API says about one container and its many builders, on one engine. The contracts' containers have names of their own. */
export async function assemblyOn(name: EngineName): Promise<void> {
  const engine = await sharedEngine(name)
  t.teardown(engine.stop)
  const opened = await openOn(engine, { hysds: true })(t)
  t.teardown(() => opened.stores.close())
  await opened.stores.migrate()
  arrivalsContract(name, async () => opened)
  buildingContract(name, async () => opened)
  publicationContract(name, async () => opened)
  waitingContract(name, async () => opened)
}
