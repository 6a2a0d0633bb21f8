import { type ContainerRecord, imagesByKey } from '../../domain/container/document.ts'
import { isCatalogueError } from '../../domain/errors.ts'
import { keyOfUrl } from '../../domain/image/storage.ts'
import type { TarballStanding } from '../../schemas.ts'
import { forEachConcurrently } from '../jobs/concurrency.ts'
import type { FsckSettings } from './fsck/parts.ts'
import type { Removals } from './removals.ts'

/** Returns the statuses of the images of each record, in the order of the records. */
export type TarballStatuses = (records: readonly ContainerRecord[], publicUrl: string) => Promise<TarballStanding[][]>

const atOnce = 16

/** Asks the queue once for all tarballs, and the store once for each, a few at a time. */
export function createTarballStatuses({ blobs, addresses, removals }: FsckSettings & { removals: Removals }): TarballStatuses {
  async function statusOf(key: string): Promise<TarballStanding['status']> {
    try {
      return (await blobs.head(key)) ? 'present' : 'gone'
    } catch (error) {
      // a path that cannot be a key names nothing
      if (isCatalogueError(error, 'key_invalid')) return 'gone'
      if (isCatalogueError(error, 'store_unavailable')) return 'unknown'
      throw error
    }
  }

  async function statuses(keys: readonly string[]): Promise<Map<string, TarballStanding['status']>> {
    const found = new Map<string, TarballStanding['status']>()
    const look = async (key: string) => [key, await statusOf(key)] as const
    for await (const [key, status] of forEachConcurrently(keys, { atOnce, work: look })) found.set(key, status)
    return found
  }

  return async (records, publicUrl) => {
    const own = [publicUrl, ...addresses()]
    const named = records.map((record) =>
      imagesByKey(record).map(([imageKey, url]) => ({ architecture: imageKey || null, key: keyOfUrl(url, own) }))
    )
    const keys = [...new Set(named.flat().flatMap(({ key }) => key ?? []))]
    const [found, pending] = await Promise.all([statuses(keys), removals.pendingAmong(keys)])
    return named.map((images) =>
      images.map(({ architecture, key = null }) => {
        const status = key === null ? 'elsewhere' : found.get(key)!
        return { architecture, status, key, due: (status !== 'gone' && key !== null && pending.get(key)) || null }
      })
    )
  }
}
