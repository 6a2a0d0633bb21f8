import type { Sort } from '../../domain/json/query.ts'
import { type Filters, meets, type SortField, type SummaryContent } from '../../domain/lists/summary.ts'

/** Where a list finds containers: in the records, in the summaries of containers that have no record yet, or in all summaries. */
export type ListSource = 'records' | 'coming' | 'summaries'

export type ListSort = Sort & { field: SortField }

/** What decides the place of a container in a list. */
export interface SortValues {
  /** Null where there is no record. */
  revision: string | null
  version: string | null
  created: string | null
  updated: string | null
}

export interface FoundContainer {
  source: ListSource
  /** As the record or the summary said when it was found; undefined where that cannot be understood. */
  found: SortValues | undefined
  /** As it is now. */
  current: SortValues
  content: SummaryContent
  filters: Filters
  sort: ListSort
}

/** Returns whether a list shows a container that was found: when it still is where it was found, and what was asked for. */
export function isShown({ source, found, current, content, filters, sort }: FoundContainer): boolean {
  // its record has come, and is among the others
  if (source === 'coming' && current.revision !== null) return false
  return isInPlace({ found, current, sort }) && meets(content, filters)
}

function isInPlace({ found, current, sort: { field } }: Pick<FoundContainer, 'found' | 'current' | 'sort'>): boolean {
  if (field === 'id') return true
  if (!found) return false
  // the time in a summary may lag behind its build status
  if (field === 'updated' && current.revision !== null) return found.revision === current.revision
  return found[field] === current[field]
}
