import { buildStatusId, fromBuildStatusDocument } from '../../domain/build/build-status-document.ts'
import { fromDocument, urlOf } from '../../domain/container/document.ts'
import type { Hash } from '../../domain/image/facts.ts'
import { claimedArchitecture, type ImageKey, isPendingKey } from '../../domain/image/facts.ts'
import type { DocumentStore } from '../../stores/document-store.ts'

/** What stands in a slot of a container now; undefined when nothing does. */
export type ImageLookup = (container: string, imageKey: ImageKey) => Promise<{ url: string; digest: string } | undefined>

export function createImageLookup({
  containers,
  buildStatuses,
  hash
}: {
  containers: DocumentStore
  buildStatuses: DocumentStore
  hash: Hash
}): ImageLookup {
  return async (container, imageKey) => {
    if (isPendingKey(imageKey)) {
      const stored = await buildStatuses.get(buildStatusId(container, hash))
      const waits = stored && fromBuildStatusDocument(stored.document)?.pending.get(claimedArchitecture(imageKey)!)
      return waits && { url: waits.url, digest: waits.digest ?? '' }
    }
    const stored = await containers.get(container)
    if (!stored) return undefined
    const record = fromDocument(container, stored.document)
    const url = urlOf(record, imageKey)
    return url === undefined ? undefined : { url, digest: record.digest ?? '' }
  }
}
