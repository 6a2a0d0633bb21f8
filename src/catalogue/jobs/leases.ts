import { isCatalogueError } from '../../domain/errors.ts'
import type { DocumentStore } from '../../stores/document-store.ts'

/** Work that is ours alone until the lease ends. */
export interface Lease {
  /** What the last holder left. */
  note: Note
  /** Makes it begin anew, with another note where one is given. False when another holds it by now: then stop. */
  extend(note?: Note): Promise<boolean>
  /** Lets go of it, and leaves a note. */
  release(note: Note): Promise<void>
}

/** A few words for whoever comes next. */
export type Note = { readonly [name: string]: string | undefined }

export interface Leases {
  /** Undefined while another holds it. */
  acquire(name: string): Promise<Lease | undefined>
  note(name: string): Promise<Note>
}

/** By compare-and-swap on one document a lease, so that of several who ask at once one gets it; whoever dies simply does not extend it. */
export function createLeases(store: DocumentStore, { now, leaseMs }: { now: () => Date; leaseMs: number }): Leases {
  const after = (ms: number) => new Date(now().getTime() + ms).toISOString()

  /** The new revision, or undefined when somebody else wrote. */
  async function put(id: string, { until, note, revision }: { until: string; note: Note; revision: string | undefined }) {
    try {
      const expected = revision === undefined ? { absent: true as const } : { revision }
      return (await store.put(id, JSON.stringify({ id, until, note }), expected)).revision
    } catch (error) {
      if (isCatalogueError(error, 'revision_conflict', 'already_exists')) return undefined
      throw error
    }
  }

  async function read(id: string): Promise<{ until: string; note: Note; revision: string | undefined }> {
    const stored = await store.get(id)
    if (!stored) return { until: '', note: {}, revision: undefined }
    const { until = '', note = {} } = JSON.parse(stored.document)
    return { until, note, revision: stored.revision }
  }

  return {
    async acquire(name) {
      const { until, note, revision } = await read(name)
      if (until > after(0)) return undefined
      let held = await put(name, { until: after(leaseMs), note, revision })
      if (held === undefined) return undefined
      let left = note
      return {
        note,
        async extend(next = left) {
          left = next
          if (held !== undefined) held = await put(name, { until: after(leaseMs), note: left, revision: held })
          return held !== undefined
        },
        async release(next) {
          if (held !== undefined) await put(name, { until: '', note: next, revision: held })
        }
      }
    },

    note: async (name) => (await read(name)).note
  }
}
