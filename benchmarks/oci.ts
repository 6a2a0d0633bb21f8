import { startDistribution } from '../test/support/distribution.ts'
import { blobBenchmarks } from './oci-blobs.ts'
import { manifestBenchmarks } from './oci-manifests.ts'
import { manyBenchmarks } from './oci-many.ts'
import { startServer } from './server.ts'

/** `/v2/` beside distribution, on the embedded default; BENCH_OCI chooses some of its parts. */
export async function ociBenchmarks(): Promise<void> {
  const parts = (process.env['BENCH_OCI'] ?? 'manifests blobs many').split(' ')
  console.log('Registry clients, the embedded store, beside distribution')
  if (parts.includes('manifests')) {
    const [ours, distribution] = [await startServer(), await startDistribution()]
    try {
      await manifestBenchmarks({ ours, distribution })
    } finally {
      await Promise.all([ours.stop(), distribution.stop()])
    }
  }
  if (parts.includes('blobs')) await blobBenchmarks()
  if (parts.includes('many')) await manyBenchmarks()
}
