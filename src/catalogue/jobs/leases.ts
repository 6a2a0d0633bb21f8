import type { DocumentStore } from '../../stores/document-store.ts'
import { overtaken, writeUnlessOvertaken } from './compare-and-swap.ts'

/** Work that only this replica does until the lease ends. */
export interface Lease {
  /** What the holder before this one left. */
  note: Note
  /** Renews the lease, with another note where one is given. Returns false when another replica holds it by now: then stop. */
  extend(note?: Note): Promise<boolean>
  /** Ends the lease, and leaves a note for the next holder. */
  release(note: Note): Promise<void>
}

/** A few words for the next holder of a lease. */
export type Note = { readonly [name: string]: string | undefined }

export interface Leases {
  /** Returns undefined while another replica holds it. */
  acquire(name: string, forMs?: number): Promise<Lease | undefined>
  /** Ends a lease of a process that is known to be dead. */
  end(name: string): Promise<void>
  note(name: string): Promise<Note>
}

interface LeaseState {
  /** ISO 8601; '' when nobody holds it. */
  until: string
  note: Note
  /** Undefined where the lease was never held. */
  revision: string | undefined
}

/** A lease is extended six times within its duration: each extension is a write. */
const extendMs = 10_000

/** Returns a function that extends the lease when due, and returns false once the lease is lost or the server stops. */
export function holdLease(lease: Lease, { now, signal }: { now: () => Date; signal: AbortSignal }): () => Promise<boolean> {
  let held = true
  let extended = now().getTime()
  return async () => {
    if (held && now().getTime() - extended >= extendMs) {
      held = await lease.extend()
      extended = now().getTime()
    }
    held &&= !signal.aborted
    return held
  }
}

/** One document a lease, changed by compare-and-swap: of several replicas one gets it, and a replica that dies simply does not extend it. */
export function createLeases(store: DocumentStore, { now, leaseMs }: { now: () => Date; leaseMs: number }): Leases {
  const after = (ms: number) => new Date(now().getTime() + ms).toISOString()

  /** Returns the new revision; undefined when another replica wrote first. */
  async function put(id: string, { until, note, revision }: LeaseState): Promise<string | undefined> {
    const written = await writeUnlessOvertaken(store, { id, document: JSON.stringify({ id, until, note }), revision })
    return written === overtaken ? undefined : written
  }

  async function read(id: string): Promise<LeaseState> {
    const stored = await store.get(id)
    if (!stored) return { until: '', note: {}, revision: undefined }
    const { until = '', note = {} } = JSON.parse(stored.document)
    return { until, note, revision: stored.revision }
  }

  return {
    async acquire(name, forMs = leaseMs) {
      const { until, note, revision } = await read(name)
      // one that ends later than any that is taken now was taken before the clock was set back
      if (until > after(0) && until <= after(2 * Math.max(forMs, leaseMs))) return undefined
      let held = await put(name, { until: after(forMs), note, revision })
      if (held === undefined) return undefined
      let left = note
      return {
        note,
        async extend(next = left) {
          left = next
          if (held !== undefined) held = await put(name, { until: after(forMs), note: left, revision: held })
          return held !== undefined
        },
        async release(next) {
          if (held !== undefined) await put(name, { until: '', note: next, revision: held })
        }
      }
    },

    async end(name) {
      const { until, note, revision } = await read(name)
      if (until !== '') await put(name, { until: '', note, revision })
    },

    note: async (name) => (await read(name)).note
  }
}
