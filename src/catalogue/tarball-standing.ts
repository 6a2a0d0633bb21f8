import type { BlobStore } from '../blobs/blob-store.ts'
import type { Architecture } from '../domain/architecture.ts'
import { imagesBySlot, type Record } from '../domain/document.ts'
import { isCatalogueError } from '../domain/errors.ts'
import { keyOfUrl } from '../domain/storage.ts'
import { severalAtOnce } from './several-at-once.ts'

/** Where the tarball of an image is that a record names, or named. */
export interface TarballStanding {
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
export type TarballStandings = (records: readonly Record[], publicUrl: string) => Promise<TarballStanding[][]>

export interface TarballStandingParts {
  blobs: Pick<BlobStore, 'head'>
  addresses: () => readonly string[]
  /** When those of the keys are removed that are to be. */
  pendingAmong(keys: readonly string[]): Promise<Map<string, string>>
}

const atOnce = 16

/** One look for what is going to be removed, and one at each other tarball, a few at once. */
export function tarballStandings({ blobs, addresses, pendingAmong }: TarballStandingParts): TarballStandings {
  async function statusOf(key: string): Promise<TarballStanding['status']> {
    try {
      return (await blobs.head(key)) ? 'present' : 'gone'
    } catch (error) {
      // what cannot be a key is none
      if (isCatalogueError(error, 'key_invalid')) return 'gone'
      if (isCatalogueError(error, 'store_unavailable')) return 'unknown'
      throw error
    }
  }

  async function statuses(keys: readonly string[]): Promise<Map<string, TarballStanding['status']>> {
    const found = new Map<string, TarballStanding['status']>()
    const look = async (key: string) => [key, await statusOf(key)] as const
    for await (const [key, status] of severalAtOnce(keys, { atOnce, work: look })) found.set(key, status)
    return found
  }

  return async (records, publicUrl) => {
    const own = [publicUrl, ...addresses()]
    const named = records.map((record) =>
      imagesBySlot(record).map(([slot, url]) => ({ architecture: slot || null, key: keyOfUrl(url, own) }))
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
