import { containerFrom } from '../../domain/container/container.ts'
import { broughtBy, digestsGiven, type Edit, edited } from '../../domain/container/container-edit.ts'
import { fromDocument, toDocument } from '../../domain/container/document.ts'
import { checkedEdit } from '../../domain/container/posted-urls.ts'
import { checkId } from '../../domain/limits.ts'
import type { RecordChanged, StoredRecord } from '../records/changes.ts'
import type { ChangeContext } from '../records/image-records.ts'
import { rememberClaimedDigest } from '../verification/image-facts.ts'
import type { ContainerParts } from './parts.ts'

/** Edits of one container, in their order. */
interface EditedContainer {
  id: string
  edits: readonly Edit[]
  publicUrl: string
}

export interface ContainerEdits {
  /** Makes one change of all edits. Throws container_unknown, image_missing, image_refused, precondition_failed, and what containerFrom throws. */
  apply(request: EditedContainer & ChangeContext): Promise<RecordChanged>
  /** To be called after edits were written: notes the digests that they claim, and what is to be read. */
  made(request: EditedContainer, after: StoredRecord): Promise<void>
  documentOf(request: EditedContainer): (stored: StoredRecord | undefined) => string | undefined
}

export function createContainerEdits({ changes, guarded, facts, now, publishing, verifier, addresses }: ContainerParts): ContainerEdits {
  const documentOf: ContainerEdits['documentOf'] = ({ id, edits, publicUrl }) => {
    return (stored) => {
      let document = stored?.document
      for (const edit of edits) {
        const registration = edited(id, { known: document === undefined ? undefined : fromDocument(id, document), edit })
        document = registration && toDocument(containerFrom(registration, { publicUrl, guarded, stored: stored?.record.images }))
      }
      return document
    }
  }

  const made: ContainerEdits['made'] = async ({ edits, publicUrl }, stored) => {
    const { record } = stored
    for (const [architecture, digest] of edits.flatMap(digestsGiven)) {
      const isRebuilt = await rememberClaimedDigest(facts, { record, architecture, digest, now: now().toISOString() })
      if (isRebuilt) await publishing.noteRebuilt(stored, [architecture])
    }
    await verifier?.registered(record, { publicUrl })
  }

  return {
    documentOf,
    made,
    async apply(request) {
      const { id, publicUrl, warn, ...change } = request
      checkId(id)
      const edits = request.edits.map((edit) => checkedEdit(edit, { addresses: [publicUrl, ...addresses()], warn }))
      const checked = { id, edits, publicUrl }
      const changed = await changes.write(id, { ...change, to: documentOf(checked), brought: edits.flatMap(broughtBy) })
      if (changed.after && !request.dryRun) await made(checked, changed.after)
      return changed
    }
  }
}
