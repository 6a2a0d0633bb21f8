import t from 'tap'
import { documentStoreContract } from '../stores/contract.ts'
import { openOn } from './engine-stores.ts'
import type { EngineName } from './engines.ts'
import { sharedEngine } from './shared-engine.ts'

/** The contract of the stores on one engine: on a bare one, and then as HySDS's scripts leave it (its templates stay, so in this order). */
export async function engineContract(name: EngineName): Promise<void> {
  const engine = await sharedEngine(name)
  t.teardown(engine.stop)
  documentStoreContract(`${name} without templates`, openOn(engine, { hysds: false }))
  documentStoreContract(`${name} with HySDS's templates`, openOn(engine, { hysds: true }))
}
