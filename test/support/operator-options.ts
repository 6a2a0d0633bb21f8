import { pathToFileURL } from 'node:url'
import type { ServerOptions } from '../../src/http/server.ts'
import type { Stores } from '../../src/stores/document-store.ts'

/** What the app hands to the operator face, over these stores. */
export const operatorOptions = (stores: Stores): NonNullable<ServerOptions['operator']> => ({
  indices: { containers: 'containers', jobSpecs: 'job_specs', hysdsIos: 'hysds_ios-mozart' },
  description: pathToFileURL('openapi.yaml'),
  probes: {
    version: '1.2.3',
    commit: 'abcdef0',
    store: 'embedded',
    engine: () => stores.engine(),
    checks: { store: () => stores.health() },
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'leporello_resolves_total 1\n' })
  }
})
