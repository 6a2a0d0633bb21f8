import { type ContainerRecord, imagesByKey } from '../../domain/container/document.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { type Facts, supportsClaim } from '../../domain/image/facts.ts'
import { keyOfUrl } from '../../domain/image/storage.ts'
import { type ReadingParts, readTarball } from './tarball-reading.ts'

export interface StrictParts extends ReadingParts {
  addresses: () => readonly string[]
}

interface Bounds {
  publicUrl: string
  withinMs: number
}

/**
 * Reads the images of a record before it is registered: a strict site takes none that is not what it is said to be, as far as anybody
 * waits for that. Throws image_mislabelled, or container_unproven where an image proves nothing or cannot be read.
 */
export const requireProofWith =
  (parts: StrictParts) =>
  async (record: ContainerRecord, { publicUrl, withinMs }: Bounds): Promise<Facts[]> => {
    const { id: container, digest = '' } = record
    const own = [publicUrl, ...parts.addresses()]
    const signal = AbortSignal.timeout(withinMs)
    const facts: Facts[] = []
    for (const [imageKey, url] of imagesByKey(record)) {
      const target = { container, imageKey, url, digest, given: null, key: keyOfUrl(url, own) }
      const { facts: found } = await readTarball(parts, target, { by: 'verification', signal }).catch((error) => {
        if (signal.aborted) throw refusal('container_unproven', `${url} could not be read within ${withinMs / 1000} s`)
        // who asks again may find it
        if (!isCatalogueError(error) || error.code === 'source_unavailable') throw error
        throw refusal('container_unproven', error.message)
      })
      const { verdict, summary } = found
      if (!supportsClaim(verdict)) {
        const code = verdict === 'mislabelled' ? 'image_mislabelled' : 'container_unproven'
        throw refusal(code, `the image${imageKey && ` for ${imageKey}`} is ${verdict}: ${summary}`)
      }
      facts.push(found)
    }
    return facts
  }

const refusal = (code: 'container_unproven' | 'image_mislabelled', why: string) =>
  new CatalogueError(code, `${why}; this site takes what is proven (LEPORELLO_STRICT), and nothing was registered`)
