import type { HistoryEntry } from '../../schemas.ts'

interface BufferedEntry {
  position: number
  entry: HistoryEntry
  /** Where a reader of this entry resumes: the greatest order that had arrived by then. */
  resume: string
}

export type EventBuffer = ReturnType<typeof createEventBuffer>

/** Keeps the latest entries, in the order in which this process received them. Every reader has a position among them. */
export function createEventBuffer(capacity: number) {
  let entries: BufferedEntry[] = []
  let head = 0
  let greatest = ''
  const first = () => head - entries.length

  return {
    /** Returns the position of the last entry. */
    head: () => head,

    push(entry: HistoryEntry): void {
      if (entry.order > greatest) greatest = entry.order
      entries.push({ position: ++head, entry, resume: greatest })
      // drops many at once, rather than moving all entries for each new one
      if (entries.length > 2 * capacity) entries = entries.slice(-capacity)
    },

    /** Returns the entries after a position; undefined when some of them have been dropped. */
    after: (position: number) => (position < first() ? undefined : entries.slice(position - first())),

    /** Returns the position of the first entry that was sent with this order to resume from, so that its reader misses nothing. */
    positionOf: (resume: string) => entries.find((entry) => entry.resume === resume)?.position,

    clear(): void {
      entries = []
      greatest = ''
    }
  }
}
