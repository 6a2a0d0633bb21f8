import type { EntryView } from '../../domain/history/entry-view.ts'

export interface BufferedEntry {
  position: number
  entry: EntryView
  /** Where a reader of this entry resumes: the greatest order that had arrived by then. */
  resume: string
}

/** The latest entries, in the order in which this process received them. Every reader has a position among them. */
export interface EventBuffer {
  /** Returns the position of the last entry. */
  head(): number
  push(entry: EntryView): void
  /** Returns the entries after a position; undefined when some of them have been dropped. */
  after(position: number): BufferedEntry[] | undefined
  /** Returns the position of the first entry that was sent with this order to resume from, so that its reader misses nothing. */
  positionOf(resume: string): number | undefined
  clear(): void
}

export function createEventBuffer(capacity: number): EventBuffer {
  let entries: BufferedEntry[] = []
  let head = 0
  let greatest = ''
  const first = () => head - entries.length

  return {
    head: () => head,

    push(entry) {
      if (entry.order > greatest) greatest = entry.order
      entries.push({ position: ++head, entry, resume: greatest })
      // drops many at once, rather than moving all entries for each new one
      if (entries.length > 2 * capacity) entries = entries.slice(-capacity)
    },

    after: (position) => (position < first() ? undefined : entries.slice(position - first())),

    positionOf: (resume) => entries.find((entry) => entry.resume === resume)?.position,

    clear() {
      entries = []
      greatest = ''
    }
  }
}
