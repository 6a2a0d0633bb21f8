import type { Overview } from '../../catalogue/lists/overview.ts'
import { uniqueInTableOrder } from '../../domain/architecture.ts'
import { states, verdicts } from '../../domain/lists/summary.ts'
import { type CatalogueView, filtersOf, sortOf, sorts, viewAddress } from './catalogue-view.ts'
import { exact, html, type Markup, type MarkupPart } from './html.ts'

const sortWords: Readonly<Record<string, string>> = {
  id: 'Name',
  '-id': 'Name, backwards',
  version: 'Version',
  '-version': 'Version, backwards',
  created: 'Oldest first',
  '-created': 'Newest first',
  updated: 'Longest unchanged first',
  '-updated': 'Last changed first'
}

const verdictWords: Readonly<Record<string, string>> = {
  match: 'proven',
  mislabelled: 'mislabelled',
  mixed: 'mixed',
  'no-binaries': 'no binaries',
  unreadable: 'unreadable',
  unverified: 'unproven'
}

/** The filters as a form, whose address is the view; and those that are set, each with the way to be without it. */
export function catalogueFilters(view: CatalogueView, counts: Overview | undefined): Markup {
  const { filters } = view
  const known = [...(counts?.architectures ?? []), ...(counts?.missing.keys() ?? [])]
  const architectures = [filters.architecture, filters.missing].filter((one) => one !== undefined)
  const any = ['', 'any'] as const
  const names = [any, ...uniqueInTableOrder([...known, ...architectures]).map((name) => [name, name] as const)]
  return html`<form class="filters" id="filters" role="search" action="./" method="get">
<label class="search">Find <input type="search" name="q" value="${exact(filters.q ?? '')}" maxlength="256" placeholder="words in name or version"></label>
${choice({ name: 'state', label: 'State', options: [any, ...states.map((state) => [state, state] as const)], chosen: filters.state })}
${choice({ name: 'verdict', label: 'Proof', options: [any, ...verdicts.map((verdict) => [verdict, verdictWords[verdict]!] as const)], chosen: filters.verdict })}
${choice({ name: 'architecture', label: 'Has', options: names, chosen: filters.architecture })}
${choice({ name: 'missing', label: 'Lacks', options: names, chosen: filters.missing })}
${choice({ name: 'sort', label: 'Order', options: sorts.map((sort) => [sort === 'id' ? '' : sort, sortWords[sort]!]), chosen: sortOf(view) === 'id' ? '' : sortOf(view) })}
<details class="more"${(filters.name ?? filters.version) !== undefined && html` open`}><summary>Patterns</summary>
<label>Name <input name="name" value="${exact(filters.name ?? '')}" maxlength="512" placeholder="operator*"></label>
<label>Version <input name="version" value="${exact(filters.version ?? '')}" maxlength="1024" placeholder="v1.*"></label>
</details>
<button type="submit">Show</button>
</form>
${setFilters(view)}`
}

interface ChoiceParts {
  name: string
  label: string
  options: readonly (readonly [value: string, words: string])[]
  chosen: string | undefined
}

const choice = ({ name, label, options, chosen }: ChoiceParts): Markup => html`<label>${label} <select name="${name}">
${options.map(([value, words]) => html`<option value="${value}"${value === chosen && html` selected`}>${words}</option>`)}
</select></label>`

function setFilters(view: CatalogueView): MarkupPart {
  const set = filtersOf(view)
  if (set.length === 0) return undefined
  return html`<ul class="set" aria-label="Filters that are set">
${set.map(([name, value]) => html`<li><a href="${exact(viewAddress(view, { [name]: '' }))}"><span class="unseen">Remove the filter </span>${name}: <bdi>${exact(value)}</bdi></a></li>`)}
<li><a class="all" href="./">Show all</a></li>
</ul>`
}
