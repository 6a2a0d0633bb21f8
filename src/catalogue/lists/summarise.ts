import { dueAt } from '../../domain/build/due-time.ts'
import { currentImages } from '../../domain/build/state.ts'
import type { ContainerRecord } from '../../domain/container/document.ts'
import type { Summarised } from './summaries.ts'
import type { Gathered } from './views.ts'

export interface SummaryContext {
  gathered: Gathered
  now: Date
}

/** Returns what lists filter a container by. */
export function summarise(record: ContainerRecord, { gathered, now }: SummaryContext): Summarised {
  const { facts, buildStatus, status, buildTimeoutMs } = gathered
  const images = currentImages(record, facts)
  const verdicts = new Set([...images.values()].map((image) => image.facts?.verdict ?? ('unverified' as const)))
  return {
    content: {
      id: record.id,
      version: record.version ?? null,
      state: status.state,
      architectures: [...images.keys()],
      missing: status.missing,
      verdicts: [...verdicts].sort()
    },
    due: buildStatus ? dueAt(buildStatus, { buildTimeoutMs, now: now.toISOString() }) : null,
    updated: buildStatus?.updated ?? null
  }
}
