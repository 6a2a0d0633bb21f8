import { buildStatusId, fromBuildStatusDocument } from '../../domain/build/build-status-document.ts'
import { fromDocument, urlOf } from '../../domain/container/document.ts'
import { claimedArchitecture, type Hash, type ImageClaim, type ImageKey, isPendingKey } from '../../domain/image/facts.ts'
import type { Stores } from '../../stores/document-store.ts'

/** Returns what a container says now of one of its images, published or pending; undefined when it has no such image. */
export type ImageLookup = (container: string, imageKey: ImageKey) => Promise<ImageClaim | undefined>

export function createImageLookup(stores: Pick<Stores, 'containers' | 'buildStatuses'>, hash: Hash): ImageLookup {
  return async (container, imageKey) => {
    if (isPendingKey(imageKey)) {
      const stored = await stores.buildStatuses.get(buildStatusId(container, hash))
      const pending = stored && fromBuildStatusDocument(stored.document)?.pending.get(claimedArchitecture(imageKey)!)
      return pending && { url: pending.url, digest: pending.digest ?? '' }
    }
    const stored = await stores.containers.get(container)
    if (!stored) return undefined
    const record = fromDocument(container, stored.document)
    const url = urlOf(record, imageKey)
    return url === undefined ? undefined : { url, digest: record.digest ?? '' }
  }
}
