import type { BlobStore } from '../../blobs/blob-store.ts'
import type { Architecture } from '../../domain/architecture.ts'
import { type ContainerRecord, imagesByKey } from '../../domain/container/document.ts'
import { isCatalogueError } from '../../domain/errors.ts'
import { keyOfUrl } from '../../domain/image/storage.ts'
import { forEachConcurrently } from '../jobs/concurrency.ts'

/** Where the tarball of an image is that a record names, or named. */
export interface TarballStatus {
  /** Null for the `url` of a record that names none. */
  architecture: Architecture | null
  /** present, gone: in our own store. elsewhere: nobody looked. unknown: our store did not answer. */
  status: 'present' | 'gone' | 'elsewhere' | 'unknown'
  /** Where it is in our own store, or was; null elsewhere. */
  key: string | null
  /** When it is removed, where it is to be. */
  due: string | null
}

/** Of several records at once, each in its place. */
export type TarballStatuses = (records: readonly ContainerRecord[], publicUrl: string) => Promise<TarballStatus[][]>

export interface TarballStatusParts {
  blobs: Pick<BlobStore, 'head'>
  addresses: () => readonly string[]
  /** When those of the keys are removed that are to be. */
  pendingAmong(keys: readonly string[]): Promise<Map<string, string>>
}

const atOnce = 16

/** One look for what is going to be removed, and one at each other tarball, a few at once. */
export function tarballStatuses({ blobs, addresses, pendingAmong }: TarballStatusParts): TarballStatuses {
  async function statusOf(key: string): Promise<TarballStatus['status']> {
    try {
      return (await blobs.head(key)) ? 'present' : 'gone'
    } catch (error) {
      // what cannot be a key is none
      if (isCatalogueError(error, 'key_invalid')) return 'gone'
      if (isCatalogueError(error, 'store_unavailable')) return 'unknown'
      throw error
    }
  }

  async function statuses(keys: readonly string[]): Promise<Map<string, TarballStatus['status']>> {
    const found = new Map<string, TarballStatus['status']>()
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
    const [found, pending] = await Promise.all([statuses(keys), pendingAmong(keys)])
    return named.map((images) =>
      images.map(({ architecture, key = null }) => {
        const status = key === null ? 'elsewhere' : found.get(key)!
        return { architecture, status, key, due: (status !== 'gone' && key !== null && pending.get(key)) || null }
      })
    )
  }
}
