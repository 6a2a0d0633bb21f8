import { fingerprintOf } from '../../domain/container/fingerprint.ts'
import type { Hash } from '../../domain/image/facts.ts'
import type { Stores } from '../../stores/document-store.ts'
import type { BuildStatuses } from '../builds/build-statuses.ts'
import type { SiteRules } from '../builds/site-rules.ts'
import type { Leases } from '../jobs/leases.ts'
import type { Changes } from '../records/changes.ts'
import type { Journal } from '../records/journal.ts'
import type { FactsStore } from '../verification/image-facts.ts'
import type { Verifier } from '../verification/verifier.ts'
import { rangeOf } from './change-range.ts'
import { createDetail, type ReadDetail } from './container-detail.ts'
import { type ContainerList, createContainerList } from './container-list.ts'
import { createExternalChanges } from './external-changes.ts'
import { createOverview, type ReadOverview } from './overview.ts'
import { createStateEntries } from './state-entries.ts'
import { type ComingSummary, createSummaries, type Summaries, type SummariesParts } from './summaries.ts'
import { summarise } from './summarise.ts'
import { createSummarySweep, lastSweep, type SummarySweep } from './summary-sweep.ts'
import { createViews, type Views } from './views.ts'
import { createWaiting, type Waiting } from './waiting.ts'

/** Shows and lists containers in the form of the API, and waits for their states. */
export interface Lists {
  views: Views
  list: ContainerList
  /** Everything about one container, for people. */
  detail: ReadDetail
  overview: ReadOverview
  summaries: Summaries & SummarySweep
  waiting: Waiting
}

export interface ListsParts {
  stores: Pick<Stores, 'containers' | 'summaries' | 'facts' | 'buildStatuses'>
  changes: Changes
  journal: Journal
  facts: FactsStore
  buildStatuses: BuildStatuses
  siteRules: SiteRules
  leases: Leases
  verifier: Pick<Verifier, 'registered'> | undefined
  /** The addresses under which clients reach this server. */
  addresses: () => readonly string[]
  hash: Hash
  now: () => Date
  /** How long an entry may take to reach the journal. */
  graceMs: number
  onAppendFailed(error: unknown, id: string): void
  onFailure(error: unknown, what: string): void
}

export function createLists(parts: ListsParts): Lists {
  const { stores, changes, journal, facts, buildStatuses, leases, verifier, now } = parts
  const views = createViews({ ...parts, summaries: stores.summaries })
  const externalChanges = createExternalChanges({
    ...parts,
    swept: async () => (await lastSweep(leases)) !== undefined,
    onForeign: async (record) => verifier?.registered(record, { publicUrl: parts.addresses()[0] ?? '' })
  })
  const summaries = createSummaries({
    store: stores.summaries,
    changes,
    account: externalChanges.account,
    graceMs: parts.graceMs,
    ...summarisers(parts, views),
    onWritten: createStateEntries({ journal, views, onAppendFailed: parts.onAppendFailed }),
    onError: (error) => parts.onFailure(error, 'a summary for the lists could not be written')
  })
  changes.onChange((id, change) => summaries.touched(id, rangeOf(change)))
  buildStatuses.onTouched(summaries.touched)
  facts.onWrite(summaries.touched)
  return {
    views,
    list: createContainerList({ containers: stores.containers, store: stores.summaries, summaries, views, now }),
    detail: createDetail({ changes, views }),
    overview: createOverview({ store: stores.summaries, summaries, now }),
    summaries: { ...summaries, ...createSummarySweep({ ...parts, summaries, configuration: parts.siteRules.text }) },
    waiting: createWaiting({ views, journal, buildStatuses })
  }
}

function summarisers({ hash, now }: ListsParts, views: Views): Pick<SummariesParts, 'summarise' | 'summariseComing'> {
  return {
    summarise: async ({ record }) => summarise(record, { gathered: await views.gather(record), now: now() }),
    async summariseComing(id): Promise<ComingSummary | undefined> {
      const coming = await views.coming(id)
      if (!coming) return undefined
      const { record, gathered, created } = coming
      return { ...summarise(record, { gathered, now: now() }), created, fingerprint: fingerprintOf(record, hash) }
    }
  }
}
