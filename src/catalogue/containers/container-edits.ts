import type { Architecture } from '../../domain/architecture.ts'
import { containerFrom } from '../../domain/container/container.ts'
import { broughtBy, digestsGiven, type Edit, edited } from '../../domain/container/container-edit.ts'
import { fromDocument, toDocument } from '../../domain/container/document.ts'
import { checkId } from '../../domain/limits.ts'
import type { Changes, RecordChanged, StoredRecord } from '../records/changes.ts'
import type { ChangeContext } from '../records/image-records.ts'
import { type FactsStore, rememberClaimedDigest } from '../verification/image-facts.ts'
import type { Verification } from '../verification/verification.ts'

export interface EditsParts {
  changes: Changes
  guarded: readonly Architecture[]
  facts: FactsStore
  now: () => Date
  verification: Pick<Verification, 'registered'> | undefined
}

/** Edits of one container, in their order, as one change. */
export type EditsOf = ChangeContext & { id: string; edits: readonly Edit[] }

export interface ContainerEdits {
  /** Throws container_unknown, image_missing, image_refused, precondition_failed, and what containerFrom throws. */
  apply(asked: EditsOf): Promise<RecordChanged>
  /** What is learnt from a change that was made: digests that were said, and that there is something to be read. */
  made(asked: EditsOf, after: StoredRecord): Promise<void>
  /** The document that edits make of another one. */
  documentOf(asked: Pick<EditsOf, 'id' | 'edits' | 'publicUrl'>): (known: StoredRecord | undefined) => string | undefined
}

export function containerEdits({ changes, guarded, facts, now, verification }: EditsParts): ContainerEdits {
  const documentOf: ContainerEdits['documentOf'] = ({ id, edits, publicUrl }) => {
    return (known) => {
      let document = known?.document
      for (const edit of edits) {
        const registration = edited(id, { known: document === undefined ? undefined : fromDocument(id, document), edit })
        document = registration && toDocument(containerFrom(registration, { publicUrl, guarded, stored: known?.record.images }))
      }
      return document
    }
  }

  async function made({ edits, publicUrl }: EditsOf, { record }: StoredRecord): Promise<void> {
    for (const [architecture, digest] of edits.flatMap(digestsGiven)) {
      await rememberClaimedDigest(facts, { record, architecture, digest, now: now().toISOString() })
    }
    await verification?.registered(record, { publicUrl })
  }

  return {
    documentOf,
    made,
    async apply(asked) {
      const { id, edits, publicUrl, ...circumstances } = asked
      checkId(id)
      const changed = await changes.write(id, {
        ...circumstances,
        to: documentOf({ id, edits, publicUrl }),
        brought: edits.flatMap(broughtBy)
      })
      if (changed.after && !asked.dryRun) await made(asked, changed.after)
      return changed
    }
  }
}
