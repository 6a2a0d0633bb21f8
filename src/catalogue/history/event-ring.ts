import type { EntryView } from '../../domain/history/entry-view.ts'

export interface RingEntry {
  position: number
  entry: EntryView
  /** From where a reader that has had this one goes on: the greatest order that arrived until then. */
  resume: string
}

/** The last so many entries in the order in which this process heard of them; every reader has a position in it. */
export function createRing(most: number) {
  let arrivals: RingEntry[] = []
  let head = 0
  let greatest = ''
  const first = () => head - arrivals.length

  return {
    /** The position of the last. */
    head: () => head,

    push(entry: EntryView): void {
      if (entry.order > greatest) greatest = entry.order
      arrivals.push({ position: ++head, entry, resume: greatest })
      // not one by one: moving a thousand for each that comes
      if (arrivals.length > 2 * most) arrivals = arrivals.slice(-most)
    },

    /** Undefined when some of them are gone by now. */
    after(position: number): RingEntry[] | undefined {
      return position < first() ? undefined : arrivals.slice(position - first())
    },

    /** The position behind the first that was told with this, so that a reader who had it misses nothing. */
    positionOf(resume: string): number | undefined {
      return arrivals.find((arrival) => arrival.resume === resume)?.position
    },

    clear(): void {
      arrivals = []
      greatest = ''
    }
  }
}

export type Ring = ReturnType<typeof createRing>
