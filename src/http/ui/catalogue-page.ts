import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { ListedContainer } from '../../catalogue/lists/container-list.ts'
import { type Architecture, uniqueInTableOrder } from '../../domain/architecture.ts'
import { catalogueLinks } from './action-links.ts'
import { catalogueFilters } from './catalogue-filters.ts'
import { catalogueSummary } from './catalogue-summary.ts'
import { type CatalogueView, filtersOf, parseCatalogueView, sortOf, viewAddress } from './catalogue-view.ts'
import { exact, html, type Markup, type MarkupPart } from './html.ts'
import { architectureCell, mark, standingMeanings, stateMark, stateMeanings } from './marks.ts'
import type { DeclarePage, PageFrame } from './page-route.ts'
import { idMarkup, timeMarkup } from './texts.ts'

/** The days of which the demand is shown. */
const demandDays = 30

/** The containers and their architectures: what is there, for which machines, and whether it is proven. */
export function cataloguePage(page: DeclarePage, { list, overview, demand }: Pick<Catalogue, 'list' | 'overview' | 'demand'>): void {
  page('/', async ({ query, frame }) => {
    const view = parseCatalogueView(query)
    const [found, counts, demanded] = await Promise.all([list(view), overview(), demand.read(demandDays)])
    const isEmpty = found.items.length === 0 && found.next === undefined && filtersOf(view).length === 0 && view.cursor === undefined
    const main = isEmpty
      ? html`${emptyCatalogue(frame)}
${catalogueLinks(frame)}`
      : html`<h1 class="unseen">Catalogue</h1>
${catalogueSummary({ counts, demand: demanded, frame })}
${catalogueFilters(view, counts)}
${containerTable(found.items, view, frame)}
${pager(view, found.next)}
${key}
${catalogueLinks(frame)}`
    return { title: 'Catalogue', section: 'catalogue', main }
  })
}

function containerTable(items: readonly ListedContainer[], view: CatalogueView, frame: PageFrame): Markup {
  if (items.length === 0) return nothingFound(view)
  const columns = uniqueInTableOrder(items.flatMap(({ standings }) => [...standings.keys()]))
  return html`<div class="wide" tabindex="0" role="region" aria-label="Containers and their architectures">
<table class="matrix" id="containers" role="table">
<caption class="unseen">Containers in rows, architectures in columns: how each image stands</caption>
<thead role="rowgroup"><tr role="row">
${sortedHead('Container', ['id', '-id'], view)}
<th scope="col" role="columnheader">State</th>
${sortedHead('Changed', ['-updated', 'updated'], view)}
${columns.map((architecture) => html`<th scope="col" role="columnheader" class="arch">${architecture}</th>`)}
</tr></thead>
<tbody role="rowgroup">
${items.map((item) => row(item, columns, frame))}
</tbody></table></div>`
}

function row(item: ListedContainer, columns: readonly Architecture[], frame: PageFrame): Markup {
  const { view } = item
  return html`<tr role="row" data-container="${exact(view.id)}" data-state="${view.state}">
<th scope="row" role="rowheader"><a href="containers/${exact(encodeURIComponent(view.id))}">${idMarkup(view.id)}</a>${differentVersion(view)}</th>
<td role="cell" class="state">${stateMark(view)}</td>
<td role="cell" class="when">${timeMarkup(view.updated, frame.now)}</td>
${columns.map((architecture) => architectureCell(item, architecture))}
</tr>
`
}

/** Most tags are the version. */
const differentVersion = ({ id, version }: ListedContainer['view']): MarkupPart =>
  version !== null && !id.endsWith(`:${version}`) && html` <small class="version"><bdi>${version}</bdi></small>`

/** The head of a column that sorts: a click asks for the first of two orders, and the next one for the second. */
function sortedHead(words: string, orders: readonly [first: string, second: string], view: CatalogueView): Markup {
  const current = sortOf(view)
  const direction = orders.includes(current) && (current.startsWith('-') ? 'descending' : 'ascending')
  const next = current === orders[0] ? orders[1] : orders[0]
  return html`<th scope="col" role="columnheader"${direction && html` aria-sort="${direction}"`}><a href="${exact(viewAddress(view, { sort: next }))}">${words}</a></th>`
}

function pager(view: CatalogueView, next: string | undefined): MarkupPart {
  if (next === undefined && view.cursor === undefined) return undefined
  return html`<nav class="pager" aria-label="Pages">
${view.cursor !== undefined && html`<a href="${exact(viewAddress(view))}">First page</a>`}
${next !== undefined && html`<a rel="next" href="${exact(viewAddress(view, { cursor: next }))}">Next page</a>`}
</nav>`
}

const nothingFound = (view: CatalogueView): Markup => html`<section class="notice" id="containers">
<h2>No container is like that</h2>
<p>${view.cursor === undefined ? 'Nothing in the catalogue meets all of these filters.' : 'There is nothing more on this page.'} <a href="./">Show all</a></p>
</section>`

const emptyCatalogue = ({ root, url }: PageFrame): Markup => html`<section class="notice" id="containers">
<h1>Nothing is registered yet</h1>
<p class="lead">Containers appear here as soon as a builder, or you, register the first image.</p>
<pre class="command"><code>curl -f ${exact(url)}/api/v0.1/container/add \\
  -d name=hello:v1 -d version=v1 -d digest=sha256:1111 \\
  --data-urlencode 'urls={"amd64": "s3://bucket/hello-v1.tar.gz"}'</code></pre>
<p>Or bring a tarball: <code>leporello push hello-v1.tar.gz --id hello:v1</code>. All that this server understands is in its <a href="${exact(root)}docs">description</a>.</p>
</section>`

const key: Markup = html`<details class="key"><summary>What the marks mean</summary><dl>
${Object.entries({ ...stateMeanings, ...standingMeanings }).map(([standing, meaning]) => html`<div><dt>${mark(standing)}</dt><dd>${meaning}</dd></div>`)}
</dl></details>`
