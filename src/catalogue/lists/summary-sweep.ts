import type { Hash } from '../../domain/image/facts.ts'
import { asFields, asText } from '../../domain/json/reading.ts'
import type { DocumentStore, Stores } from '../../stores/document-store.ts'
import type { Lease, Leases, Note } from '../jobs/leases.ts'
import type { Summaries } from './summaries.ts'

export interface SummarySweep {
  /** Makes anew every row that is not as it should be, unless another replica did so lately. Whether it was this one. */
  run(options: { everyMs: number; signal: AbortSignal }): Promise<boolean>
  /** When a sweep that went through all began; undefined before the first. */
  swept(): Promise<string | undefined>
}

export interface SummarySweepParts {
  stores: Pick<Stores, 'containers' | 'summaries' | 'facts' | 'buildStatuses'>
  summaries: Pick<Summaries, 'catchUp'>
  leases: Leases
  hash: Hash
  now: () => Date
  /** What the site's configuration says about states: when it changes, so may every row. */
  rules: string
}

const name = 'summaries'
/** A row is looked at again after so many sweeps though nothing says that it should be: an hour, as a rule. */
const slices = 60
const atOnce = 8
/** Facts and assemblies that were changed lately: more than this many are left to the slices. */
const maxRecent = 20_000
/** A sixth of the time for which a lease is held. */
const extendMs = 10_000
/** What an engine may not show yet, and replicas' clocks. */
const overlapMs = 30_000

export function createSummarySweep({ stores, summaries, leases, hash, now, rules }: SummarySweepParts): SummarySweep {
  const config = hash(rules).slice(0, 16)
  /** 52 bits: enough for none of a million to be mistaken, and a fifth of the memory of the text. */
  const markOf = (id: string, revision: string) => Number.parseInt(hash(`${id}\n${revision}`).slice(0, 13), 16)
  const sliceOf = (id: string) => Number.parseInt(hash(id).slice(0, 8), 16) % slices

  async function sweep({ lease, began, signal }: { lease: Lease; began: string; signal: AbortSignal }): Promise<boolean> {
    const { note } = lease
    const every = note['config'] !== config
    const slice = Number(note['slice'] ?? 0)
    let held = true
    let extended = Date.parse(began)
    /** Whether to go on: the lease is made longer now and then, and may have been lost. */
    const goOn = async () => {
      if (held && now().getTime() - extended >= extendMs) {
        held = await lease.extend()
        extended = now().getTime()
      }
      held &&= !signal.aborted
    }
    const inBatches = async <Item>(batches: AsyncIterable<Item[]>, wanted: (item: Item) => string | undefined) => {
      for await (const batch of batches) {
        const ids = batch.flatMap((item) => wanted(item) ?? [])
        for (let i = 0; i < ids.length && held; i += atOnce) {
          await Promise.all(ids.slice(i, i + atOnce).map((id) => summaries.catchUp(id)))
          await goOn()
        }
        await goOn()
        if (!held) return
      }
    }

    const marks = new Set<number>()
    await inBatches(stores.summaries.scan(['revision', 'due']), ({ id, values: [revision = '', due = ''] }) => {
      // without one there is no record to compare it with
      if (revision !== '') marks.add(markOf(id, revision))
      return every || sliceOf(id) === slice || (due !== '' && due <= began) ? id : undefined
    })
    // nobody's rows: what stands there now was there before them
    if (marks.size === 0) await lease.extend({})
    await inBatches(stores.containers.scan([]), ({ id, revision }) => (marks.delete(markOf(id, revision)) ? undefined : id))
    // what is left are rows of what is there no more, or not as it was
    if (marks.size > 0) {
      await inBatches(stores.summaries.scan(['revision']), ({ id, values: [revision = ''] }) =>
        marks.has(markOf(id, revision)) ? id : undefined
      )
    }
    const since = note['swept'] === undefined ? '' : new Date(Date.parse(note['swept']) - overlapMs).toISOString()
    if (since !== '') await inBatches(changedSince(stores.facts, { field: 'checked', since }), (id) => id)
    // at first all of them: of what is still to come nothing else tells
    await inBatches(changedSince(stores.buildStatuses, { field: 'updated', since }), (id) => id)
    return held
  }

  return {
    async run({ everyMs, signal }) {
      const { swept } = await leases.note(name)
      const began = now()
      if (swept !== undefined && began.getTime() - Date.parse(swept) < everyMs * 0.9) return false
      const lease = await leases.acquire(name)
      if (!lease) return false
      let note: Note = lease.note
      try {
        if (await sweep({ lease, began: began.toISOString(), signal })) {
          note = { swept: began.toISOString(), config, slice: String((Number(note['slice'] ?? 0) + 1) % slices) }
        }
      } finally {
        await lease.release(note)
      }
      return true
    },

    swept: async () => (await leases.note(name))['swept']
  }
}

/** Containers, by what was changed about them since, the latest first. */
async function* changedSince(store: DocumentStore, { field, since }: { field: string; since: string }): AsyncGenerator<string[]> {
  let cursor: string | undefined
  for (let seen = 0; seen < maxRecent; ) {
    const { items, next } = await store.list({ sort: { field, order: 'desc' }, limit: 100, ...(cursor !== undefined && { cursor }) })
    seen += items.length
    const recent = items.flatMap(({ document }) => {
      const fields = asFields(JSON.parse(document))
      const [container, at] = [asText(fields?.['container'], 512), asText(fields?.[field], 64)]
      return container !== null && at !== null && at >= since ? container : []
    })
    yield [...new Set(recent)]
    if (recent.length < items.length || next === undefined) return
    cursor = next
  }
}
