import { startRegistry } from '../test/support/registry.ts'
import { manifestBenchmarks } from './oci-manifests.ts'
import { startServer } from './server.ts'

/** `/v2/` beside distribution, on the embedded default. */
export async function ociBenchmarks(): Promise<void> {
  console.log('Registry clients, the embedded store, beside distribution')
  const [ours, distribution] = [await startServer(), await startRegistry()]
  try {
    await manifestBenchmarks({ ours, distribution })
  } finally {
    await Promise.all([ours.stop(), distribution.stop()])
  }
}
