import { elasticsearchStores } from '../../src/stores/elasticsearch/elasticsearch-stores.ts'
import type { Open } from '../stores/contract.ts'
import { ask, type Engine } from './engines.ts'
import { installHysds } from './hysds.ts'

const indices = { containers: 'containers', jobSpecs: 'job_specs', hysdsIos: 'hysds_ios-mozart' }

/** Opens the stores of the contract on a scratch engine: every index there is is deleted first. */
export function openOn(engine: Engine, { hysds }: { hysds: boolean }): Open {
  return async () => {
    const { body: existing } = await ask(engine, ['GET', '/_alias'])
    for (const index of Object.keys(existing)) await ask(engine, ['DELETE', `/${index}`])
    if (hysds) await installHysds(engine)
    return {
      stores: elasticsearchStores({ engine: { urls: [engine.url], insecure: false, patienceMs: 120_000 }, indices }),
      async settle() {
        await ask(engine, ['POST', `/${Object.values(indices).join(',')},leporello-*/_refresh?ignore_unavailable=true`])
      }
    }
  }
}
