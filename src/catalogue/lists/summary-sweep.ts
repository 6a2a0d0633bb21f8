import { asFields, boundedText } from '../../domain/json/reading.ts'
import { pagesOf } from '../../domain/pages.ts'
import type { DocumentStore, Scanned } from '../../stores/document-store.ts'
import { holdLease, type Lease, type Leases, type Note } from '../jobs/leases.ts'
import type { ListsParts } from './parts.ts'
import type { Summaries } from './summaries.ts'

export interface SummarySweep {
  /** Rewrites every outdated summary, unless another replica did so recently. Returns whether it did. */
  run(options: { everyMs: number; signal: AbortSignal }): Promise<boolean>
  /** Returns when the last complete sweep began, ISO 8601; undefined before the first. */
  swept(): Promise<string | undefined>
}

type SummarySweepParts = ListsParts & { summaries: Pick<Summaries, 'catchUp'> }

const leaseName = 'summaries'
/** How many sweeps it takes to make every summary again, usually in an hour. */
const slices = 60
const atOnce = 8
/** The most recently changed facts and build statuses that one sweep follows; further ones are left to the slices. */
const maxRecent = 20_000
/** Allows for documents that an engine does not show yet, and for differences between the replicas' clocks. */
const overlapMs = 30_000

export function createSummarySweep(parts: SummarySweepParts): SummarySweep {
  const { leases, now } = parts
  // states depend on the rules: when they change, any summary may
  const config = parts.hash(parts.siteRules.text).slice(0, 16)
  const swept = () => lastSweep(leases)
  return {
    async run({ everyMs, signal }) {
      const last = await swept()
      const began = now()
      if (last !== undefined && began.getTime() - Date.parse(last) < everyMs * 0.9) return false
      const lease = await leases.acquire(leaseName)
      if (!lease) return false
      let note: Note = lease.note
      try {
        if (await sweepSummaries({ ...parts, config, lease, began: began.toISOString(), goOn: holdLease(lease, { now, signal }) })) {
          note = { swept: began.toISOString(), config, slice: String((Number(note['slice'] ?? 0) + 1) % slices) }
        }
      } finally {
        await lease.release(note)
      }
      return true
    },
    swept
  }
}

/** Returns when the last complete sweep began, ISO 8601; undefined before the first. */
export const lastSweep = async (leases: Leases): Promise<string | undefined> => (await leases.note(leaseName))['swept']

interface Sweep extends SummarySweepParts {
  /** A digest of the configuration. */
  config: string
  lease: Lease
  goOn(): Promise<boolean>
  /** ISO 8601. */
  began: string
}

/** Returns whether the sweep completed. */
async function sweepSummaries(sweep: Sweep): Promise<boolean> {
  const { stores, hash, lease, began, config } = sweep
  const { note } = lease
  /** 52 bits: enough to distinguish a million records, in a fifth of the memory of the text. */
  const markOf = (id: string, revision: string) => Number.parseInt(hash(`${id}\n${revision}`).slice(0, 13), 16)
  const sliceOf = (id: string) => Number.parseInt(hash(id).slice(0, 8), 16) % slices
  const all = note['config'] !== config
  const slice = Number(note['slice'] ?? 0)
  const marks = new Set<number>()

  await catchUpAll(sweep, stores.summaries.scan(['revision', 'due']), ({ id, values: [revision = '', due = ''] }) => {
    // without a revision, there is no record to compare the summary with
    if (revision !== '') marks.add(markOf(id, revision))
    return all || sliceOf(id) === slice || (due !== '' && due <= began) ? id : undefined
  })
  // the summaries were lost: the current records are older than them, so the baseline is taken again
  if (marks.size === 0) await lease.extend({})
  await catchUpAll(sweep, stores.containers.scan([]), ({ id, revision }) => (marks.delete(markOf(id, revision)) ? undefined : id))
  // the remaining marks belong to summaries of records that were removed or changed
  if (marks.size > 0) {
    const idOf: IdOf<Scanned> = ({ id, values: [revision = ''] }) => (marks.has(markOf(id, revision)) ? id : undefined)
    await catchUpAll(sweep, stores.summaries.scan(['revision']), idOf)
  }
  const since = note['swept'] === undefined ? '' : new Date(Date.parse(note['swept']) - overlapMs).toISOString()
  const idOf = (id: string) => id
  if (since !== '') await catchUpAll(sweep, changedSince(stores.facts, 'checked', since), idOf)
  // the first sweep reads all of them: only they show which containers have no record
  await catchUpAll(sweep, changedSince(stores.buildStatuses, 'updated', since), idOf)
  return sweep.goOn()
}

/** Returns undefined for an item whose summary is up to date. */
type IdOf<Item> = (item: Item) => string | undefined

async function catchUpAll<Item>({ summaries, goOn }: Sweep, batches: AsyncIterable<Item[]>, idOf: IdOf<Item>): Promise<void> {
  if (!(await goOn())) return
  for await (const batch of batches) {
    const ids = batch.flatMap((item) => idOf(item) ?? [])
    for (let i = 0; i < ids.length; i += atOnce) {
      await Promise.all(ids.slice(i, i + atOnce).map((id) => summaries.catchUp(id)))
      if (!(await goOn())) return
    }
    if (!(await goOn())) return
  }
}

/** Yields the containers of documents whose field, a time in ISO 8601, is not before `since`, the latest first. */
async function* changedSince(store: DocumentStore, field: 'checked' | 'updated', since: string): AsyncGenerator<string[]> {
  let seen = 0
  const query = { sort: { field, order: 'desc' }, limit: 100 } as const
  for await (const { items } of pagesOf(store.list, query)) {
    seen += items.length
    const recent = items.flatMap(({ document }) => {
      const fields = asFields(JSON.parse(document))
      const [container, at] = [boundedText(fields?.['container'], 512), boundedText(fields?.[field], 64)]
      return container !== null && at !== null && at >= since ? container : []
    })
    yield [...new Set(recent)]
    if (recent.length < items.length || seen >= maxRecent) return
  }
}
