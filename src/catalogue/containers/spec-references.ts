import { pagesOf } from '../../domain/pages.ts'
import { namesIn, needsOf } from '../../domain/specs/spec-needs.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import { waitAtMost } from '../jobs/concurrency.ts'

interface SpecReferencesOptions {
  jobSpecs: Pick<DocumentStore, 'list'>
  now: () => Date
  /** How long to wait for the specifications to be read; after that, the answer is what is known. */
  patienceMs?: number
}

/** The most specifications that are read: the result only serves warnings. */
const maxSpecs = 20_000
/** How many names are kept; a specification has hardly more than two. */
const maxNames = 200_000
/** A specification may have megabytes, and a page is in memory as a whole. */
const pageSize = 16
/** How long other programs' changes of specifications may remain unseen. */
const freshMs = 600_000

/** Which job specifications name which containers, kept in memory. */
export function createSpecReferences({ jobSpecs, now, patienceMs = 2000 }: SpecReferencesOptions) {
  let namesById = new Map<string, readonly string[]>()
  /** What was noted during a reading, and is newer than what is read. */
  let meanwhile = new Map<string, readonly string[]>()
  let reading: Promise<void> | undefined
  let readAt = Number.NEGATIVE_INFINITY

  async function read(): Promise<void> {
    const started = now().getTime()
    meanwhile = new Map()
    const found = new Map<string, readonly string[]>()
    let [seen, names] = [0, 0]
    for await (const { items } of pagesOf(jobSpecs.list, { limit: pageSize })) {
      for (const { id, document } of items) {
        const own = namesOf(document)
        names += own.length
        if (own.length > 0) found.set(id, own)
      }
      seen += items.length
      if (seen >= maxSpecs || names >= maxNames) break
    }
    for (const [id, own] of meanwhile) found.set(id, own)
    namesById = found
    readAt = started
  }

  /** Reads the specifications again when that is due. When the store does not answer, only a warning is missing. */
  async function refresh(): Promise<void> {
    if (now().getTime() - readAt <= freshMs) return
    reading ??= read()
      .catch(() => {})
      .finally(() => {
        reading = undefined
      })
    await waitAtMost(patienceMs, reading)
  }

  return {
    /** Returns the ids of `most` specifications at most that run in a container, or have it among their dependency images. */
    async naming(container: string, { most }: { most: number }): Promise<string[]> {
      await refresh()
      const found = [...namesById].filter(([, names]) => names.includes(container)).map(([id]) => id)
      return found.sort().slice(0, most)
    },

    /** Notes a specification that was stored, or removed. */
    note(id: string, specification: string | undefined): void {
      const names = specification === undefined ? [] : namesOf(specification)
      if (reading) meanwhile.set(id, names)
      if (names.length === 0) namesById.delete(id)
      else if (namesById.size < maxSpecs) namesById.set(id, names)
    }
  }
}

const namesOf = (specification: string): readonly string[] => namesIn(needsOf(specification))
