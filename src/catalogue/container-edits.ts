import type { Architecture } from '../domain/architecture.ts'
import { containerFrom } from '../domain/container.ts'
import { broughtBy, digestsGiven, type Edit, edited } from '../domain/container-edit.ts'
import { fromDocument, toDocument } from '../domain/document.ts'
import { checkId } from '../domain/limits.ts'
import type { Changed, Changes, Known } from './changes.ts'
import { type FactsBook, noteGiven } from './facts.ts'
import type { Circumstances } from './records.ts'
import type { Verification } from './verification.ts'

export interface EditsParts {
  changes: Changes
  guarded: readonly Architecture[]
  facts: FactsBook
  now: () => Date
  verification: Pick<Verification, 'registered'> | undefined
}

/** Edits of one container, in their order, as one change. */
export type EditsOf = Circumstances & { id: string; edits: readonly Edit[] }

export interface ContainerEdits {
  /** Throws container_unknown, image_missing, image_refused, precondition_failed, and what containerFrom throws. */
  apply(asked: EditsOf): Promise<Changed>
  /** What is learnt from a change that was made: digests that were said, and that there is something to be read. */
  made(asked: EditsOf, after: Known): Promise<void>
  /** The document that edits make of another one. */
  documentOf(asked: Pick<EditsOf, 'id' | 'edits' | 'publicUrl'>): (known: Known | undefined) => string | undefined
}

export function containerEdits({ changes, guarded, facts, now, verification }: EditsParts): ContainerEdits {
  const documentOf: ContainerEdits['documentOf'] = ({ id, edits, publicUrl }) => {
    return (known) => {
      let document = known?.document
      for (const edit of edits) {
        const registration = edited(id, { known: document === undefined ? undefined : fromDocument(id, document), edit })
        document = registration && toDocument(containerFrom(registration, { publicUrl, guarded }))
      }
      return document
    }
  }

  async function made({ edits, publicUrl }: EditsOf, { record }: Known): Promise<void> {
    for (const [architecture, digest] of edits.flatMap(digestsGiven)) {
      await noteGiven(facts, { record, architecture, digest, now: now().toISOString() })
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
