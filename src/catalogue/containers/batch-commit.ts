import type { Architecture } from '../../domain/architecture.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { ImageKey } from '../../domain/image/facts.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import { overtaken, writeUnlessOvertaken } from '../jobs/compare-and-swap.ts'
import { forEachConcurrently } from '../jobs/concurrency.ts'
import { copyFacts, type FactsStore } from '../verification/image-facts.ts'

/** What becomes valid together with the records of a batch. It is plain data, so that the note of an unfinished batch can hold it. */
export interface BatchCommit {
  /** Written first: nothing reads it before `decisive` is written. */
  entry: NewDocument
  /** Written last, while it is at this revision; null where there must be none. */
  decisive: NewDocument & { expected: string | null }
  /** Documents that must not have changed since they were read. */
  unchanged: { id: string; revision: string }[]
  /** Containers whose images are another's. */
  copies: ImagesCopy[]
  /** Ids of documents to remove afterwards. */
  outdated: string[]
}

interface NewDocument {
  id: string
  document: string
}

interface ImagesCopy {
  /** Containers with the same images: what is known about those is copied. */
  from: string[]
  to: string
  /** The record's. */
  digest: string
  images: [imageKey: Architecture | '', url: string][]
}

export type BatchCommits = ReturnType<typeof createBatchCommits>

const atOnce = 16

export function createBatchCommits({ releases, facts }: { releases: DocumentStore; facts: FactsStore }) {
  /** Throws revision_conflict when a document changed since the commit was made. */
  async function check({ decisive, unchanged }: BatchCommit): Promise<void> {
    const wanted = [...unchanged, { id: decisive.id, revision: decisive.expected }]
    const stored = await releases.getMany(wanted.map(({ id }) => id))
    const changed = wanted.find(({ revision }, i) => (stored[i]?.revision ?? null) !== revision)
    if (changed) throw conflict(changed.id)
  }

  return {
    check,
    /** Repeatable. Throws revision_conflict when somebody else wrote the decisive document. */
    async finish({ entry, decisive, copies, outdated }: BatchCommit): Promise<void> {
      const stored = await releases.get(decisive.id)
      if (stored?.document !== decisive.document) {
        if ((stored?.revision ?? null) !== decisive.expected) throw conflict(decisive.id)
        await releases.put(entry.id, entry.document)
        const { id, document, expected } = decisive
        const written = await writeUnlessOvertaken(releases, { id, document, revision: expected ?? undefined })
        if (written === overtaken) throw conflict(id)
      }
      const work = ({ images, ...copy }: ImagesCopy) => copyFacts(facts, { ...copy, urls: new Map<ImageKey, string>(images) })
      for await (const _ of forEachConcurrently(copies, { atOnce, work }));
      for (const id of outdated) await releases.remove(id)
    }
  }
}

function conflict(id: string): CatalogueError {
  const message = `${id.replace(':', ' ')} was moved by another client at the same time; read it again and decide anew`
  return new CatalogueError('revision_conflict', message)
}
