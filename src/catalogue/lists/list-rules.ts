import type { Sort } from '../../domain/json/query.ts'
import { type Filters, meets, type SortField, type SummaryContent } from '../../domain/lists/summary.ts'

/** Where a list finds containers: in the records, in the summaries of containers that have no record yet, or in all summaries. */
export type ListSource = 'records' | 'coming' | 'summaries'

export type ListSort = Sort & { field: SortField }

/** The values that decide a container's place in a list. */
export interface SortValues {
  /** Null where there is no record. */
  revision: string | null
  version: string | null
  created: string | null
  updated: string | null
}

export interface FoundContainer {
  source: ListSource
  /** The values of the record or the summary when it was found; undefined when they cannot be parsed. */
  found: SortValues | undefined
  current: SortValues
  content: SummaryContent
  filters: Filters
  sort: ListSort
}

/** Returns whether a list shows a container that was found: it must still be at the place where it was found, and match the request. */
export function isShown({ source, found, current, content, filters, sort }: FoundContainer): boolean {
  // its record has been created, and is listed among the others
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
