import { fingerprintOf } from '../../domain/container/fingerprint.ts'
import { rangeOf } from './change-range.ts'
import { type ContainerDetail, readDetail } from './container-detail.ts'
import { type ContainerPage, type ListRequest, listContainers } from './container-list.ts'
import { account } from './external-changes.ts'
import { createOverview, type ReadOverview } from './overview.ts'
import type { ListsParts } from './parts.ts'
import { createStateEntries } from './state-entries.ts'
import { createSummaries, type Summaries, summarise } from './summaries.ts'
import { createSummarySweep, type SummarySweep } from './summary-sweep.ts'
import { createViews, type Views } from './views.ts'
import { createWaiting, type Waiting } from './waiting.ts'

/** Shows and lists containers in the form of the API, and waits for their states. */
export interface Lists {
  views: Views
  list(request: ListRequest): Promise<ContainerPage>
  /** Returns everything about one container, for people; undefined where nothing is known. */
  detail(id: string): Promise<ContainerDetail | undefined>
  overview: ReadOverview
  summaries: Summaries & SummarySweep
  waiting: Waiting
}

export function createLists(parts: ListsParts): Lists {
  const { stores, changes, facts, buildStatuses, hash, now } = parts
  const views = createViews(parts)
  const summaries = createSummaries({
    store: stores.summaries,
    changes,
    account: (id, request) => account(parts, { id, ...request }),
    graceMs: parts.graceMs,
    summarise: async ({ record }) => summarise(record, { gathered: await views.gather(record), now: now() }),
    async summariseComing(id) {
      const coming = await views.coming(id)
      if (!coming) return undefined
      const { record, gathered, created } = coming
      return { ...summarise(record, { gathered, now: now() }), created, fingerprint: fingerprintOf(record, hash) }
    },
    onWritten: createStateEntries(parts, views),
    onError: (error) => parts.onFailure(error, 'a summary for the lists could not be written')
  })
  changes.onChange((id, change) => summaries.touched(id, rangeOf(change)))
  buildStatuses.onTouched(summaries.touched)
  facts.onWrite(summaries.touched)
  const context = { ...parts, summaries, views }
  return {
    views,
    list: (request) => listContainers(context, request),
    detail: (id) => readDetail(context, id),
    overview: createOverview({ store: stores.summaries, summaries, now }),
    summaries: { ...summaries, ...createSummarySweep(context) },
    waiting: createWaiting(parts, views)
  }
}
