import { fromAssemblyDocument } from '../domain/assembly-document.ts'
import { fromDocument, urlOf } from '../domain/document.ts'
import type { Hash } from '../domain/facts.ts'
import { claimOf, isWaiting, type Slot } from '../domain/facts.ts'
import type { DocumentStore } from '../stores/document-store.ts'
import { assemblyKey } from './assemblies.ts'

/** What stands in a slot of a container now; undefined when nothing does. */
export type InSlot = (container: string, slot: Slot) => Promise<{ url: string; digest: string } | undefined>

export function inSlotOf({ containers, assemblies, hash }: { containers: DocumentStore; assemblies: DocumentStore; hash: Hash }): InSlot {
  return async (container, slot) => {
    if (isWaiting(slot)) {
      const stored = await assemblies.get(assemblyKey(container, hash))
      const waits = stored && fromAssemblyDocument(stored.document)?.pending.get(claimOf(slot)!)
      return waits && { url: waits.url, digest: waits.digest ?? '' }
    }
    const stored = await containers.get(container)
    if (!stored) return undefined
    const record = fromDocument(container, stored.document)
    const url = urlOf(record, slot)
    return url === undefined ? undefined : { url, digest: record.digest ?? '' }
  }
}
