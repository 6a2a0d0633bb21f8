import { type ContainerRecord, imagesByKey } from '../../domain/container/document.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { type Facts, supportsClaim } from '../../domain/image/facts.ts'
import { keyOfUrl } from '../../domain/image/storage.ts'
import { type ReadingParts, readTarball } from './tarball-reading.ts'

/**
 * Reads the images of a record before it is registered, as a strict site takes none that is not what it is said to be. Throws
 * image_mislabelled; container_unproven where an image proves nothing or cannot be read in time.
 */
export type RequireProof = (record: ContainerRecord, options: { publicUrl: string; withinMs: number }) => Promise<Facts[]>

export const requireProofWith =
  (parts: ReadingParts & { addresses: () => readonly string[] }): RequireProof =>
  async (record, { publicUrl, withinMs }) => {
    const { id: container, digest = '' } = record
    const own = [publicUrl, ...parts.addresses()]
    const signal = AbortSignal.timeout(withinMs)
    const facts: Facts[] = []
    for (const [imageKey, url] of imagesByKey(record)) {
      const target = { container, imageKey, url, digest, given: null, key: keyOfUrl(url, own) }
      const { facts: found } = await readTarball(parts, target, { by: 'verification', signal }).catch((error) => {
        if (signal.aborted) throw unprovenError('container_unproven', `${url} could not be read within ${withinMs / 1000} s`)
        // the source may answer the next request
        if (!isCatalogueError(error) || error.code === 'source_unavailable') throw error
        throw unprovenError('container_unproven', error.message)
      })
      const { verdict, summary } = found
      if (!supportsClaim(verdict)) {
        const code = verdict === 'mislabelled' ? 'image_mislabelled' : 'container_unproven'
        throw unprovenError(code, `the image${imageKey && ` for ${imageKey}`} is ${verdict}: ${summary}`)
      }
      facts.push(found)
    }
    return facts
  }

const unprovenError = (code: 'container_unproven' | 'image_mislabelled', why: string) =>
  new CatalogueError(code, `${why}; this site registers only proven images (LEPORELLO_STRICT), and nothing was registered`)
