import { type Architecture, parseArchitecture } from '../../domain/architecture.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Sort } from '../../domain/json/query.ts'
import { type Filters, type SortField, sortFields, states, verdicts } from '../../domain/lists/summary.ts'

/** What the catalogue's address says: which containers, in which order, from where on. */
export interface CatalogueView {
  filters: Filters
  sort: Sort & { field: SortField }
  limit: number
  cursor: string | undefined
}

const defaults = { sort: 'id', limit: 50 }
/** A page of more would be over 100 KB. */
const most = 200
const lengths: Readonly<Record<string, number>> = { q: 256, name: 512, version: 1024 }

export const sorts: readonly string[] = sortFields.flatMap((field) => [field, `-${field}`])

type Texts = Readonly<Record<string, string>>

/** Reads the parameters that `GET /api/v1/containers` has, too. Throws parameter_invalid, architecture_invalid. */
export function parseCatalogueView({ sort = defaults.sort, limit, cursor, ...texts }: Texts): CatalogueView {
  const unknown = Object.keys(texts).find((name) => !filterNames.includes(name as keyof Filters))
  if (unknown !== undefined) throw invalid(`${JSON.stringify(unknown)} is no filter; expected one of ${filterNames.join(', ')}`)
  for (const [name, length] of Object.entries(lengths)) {
    if ((texts[name]?.length ?? 0) > length) throw invalid(`${name} is longer than ${length} characters`)
  }
  const filters: Filters = {
    ...texts,
    architecture: architectureIn(texts['architecture']),
    missing: architectureIn(texts['missing']),
    state: oneOf('state', states, texts['state']),
    verdict: oneOf('verdict', verdicts, texts['verdict'])
  }
  const order = oneOf('sort', sorts, sort)!
  return {
    filters,
    sort: { field: order.replace('-', '') as SortField, order: order.startsWith('-') ? 'desc' : 'asc' },
    limit: limitIn(limit),
    cursor
  }
}

const filterNames = ['q', 'name', 'version', 'architecture', 'missing', 'state', 'verdict'] as const satisfies (keyof Filters)[]

/** The filters that a view has, in the order of filterNames. */
export const filtersOf = ({ filters }: CatalogueView): [name: keyof Filters, value: string][] =>
  filterNames.flatMap((name): [keyof Filters, string][] => (filters[name] === undefined ? [] : [[name, filters[name]]]))

export const sortOf = ({ sort }: Pick<CatalogueView, 'sort'>): string => `${sort.order === 'desc' ? '-' : ''}${sort.field}`

/** The address of a view, relative to the catalogue: the same view always has the same. */
export function viewAddress(view: CatalogueView, change: Texts & { cursor?: string } = {}): string {
  const parameters = new URLSearchParams(filtersOf(view))
  if (sortOf(view) !== defaults.sort) parameters.set('sort', sortOf(view))
  if (view.limit !== defaults.limit) parameters.set('limit', String(view.limit))
  for (const [name, value] of Object.entries(change)) {
    if (value === '' || (name === 'sort' && value === defaults.sort)) parameters.delete(name)
    else parameters.set(name, value)
  }
  return parameters.size === 0 ? './' : `?${parameters}`
}

const architectureIn = (name: string | undefined): Architecture | undefined => (name === undefined ? undefined : parseArchitecture(name))

function oneOf<Value extends string>(name: string, values: readonly Value[], value: string | undefined): Value | undefined {
  if (value === undefined || values.includes(value as Value)) return value as Value | undefined
  throw invalid(`${name} is ${JSON.stringify(value.slice(0, 100))}; expected one of ${values.join(', ')}`)
}

function limitIn(text = String(defaults.limit)): number {
  const limit = Number(text)
  if (/^\d{1,4}$/.test(text) && limit >= 1 && limit <= most) return limit
  throw invalid(`limit is ${JSON.stringify(text.slice(0, 100))}; expected a number from 1 to ${most}`)
}

const invalid = (message: string): CatalogueError => new CatalogueError('parameter_invalid', message)
