import type { Overview } from '../../catalogue/lists/overview.ts'
import type { Architecture } from '../../domain/architecture.ts'
import type { DemandRow } from '../../domain/build/demand.ts'
import { exact, html, type Markup, type MarkupPart } from './html.ts'
import { mark } from './marks.ts'
import type { PageFrame } from './page-route.ts'
import { idMarkup, timeMarkup } from './texts.ts'

type SummaryParts = { counts: Overview | undefined; demand: { since: string; rows: readonly DemandRow[] }; frame: PageFrame }

/** How many architectures, or containers of one, are named on the page. */
const named = 8
const settledMs = 10_000

/** How many containers there are and how they stand; each number leads to those that it counts. */
export const catalogueSummary = ({ counts, demand, frame }: SummaryParts): Markup => html`<section class="summary" aria-label="Summary">
${counts ? numbers(counts, frame) : html`<p class="fine" id="counts">The containers are being counted; load the page again in a moment.</p>`}
${demandList(demand)}
</section>`

function numbers({ total, states, unproven, missing, counted }: Overview, frame: PageFrame): Markup {
  const isOld = frame.now.getTime() - Date.parse(counted) > settledMs
  return html`<dl class="counts" id="counts" data-counted="${counted}">
${number(total, './', total === 1 ? 'container' : 'containers')}
${(['complete', 'partial', 'degraded'] as const).map((state) => number(states[state], `?state=${state}`, mark(state)))}
${number(unproven, '?verdict=unverified', mark('claimed', 'unproven'))}
</dl>
${missingList(missing)}
${isOld && html`<p class="fine">Counted ${timeMarkup(counted, frame.now)}.</p>`}`
}

/** Grouped as people read large numbers. */
const grouped = (count: number): string => count.toLocaleString('en-GB').replaceAll(',', ' ')

const number = (count: number, query: string, words: MarkupPart): Markup => html`<div${count === 0 && html` class="zero"`}>
<dt>${words}</dt>
<dd><a href="${exact(query)}">${grouped(count)}</a></dd>
</div>`

/** The architectures that are expected and not there, those that most containers lack first. */
function missingList(missing: Overview['missing']): MarkupPart {
  if (missing.size === 0) return undefined
  const most = [...missing].sort(([, a], [, b]) => b - a).slice(0, named)
  return html`<section class="lacks" aria-labelledby="missing"><h2 id="missing">Expected and missing</h2>
<ul>${most.map(missingItem)}</ul></section>`
}

const missingItem = ([architecture, count]: [Architecture, number]): Markup => html`<li data-architecture="${architecture}">
<a href="?${exact(String(new URLSearchParams({ missing: architecture })))}">${mark('missing', architecture)} <b>${grouped(count)}</b></a></li>`

/** The architectures for which machines were refused an image, those most often first. */
function demandList({ since, rows }: SummaryParts['demand']): MarkupPart {
  const refused = rows.filter((row) => row.refused > 0).sort((a, b) => b.refused - a.refused)
  if (refused.length === 0) return undefined
  return html`<section class="lacks" aria-labelledby="demand"><h2 id="demand">Asked for in vain <small>since ${since}</small></h2>
<ul>${refused.map(demandItem)}</ul></section>`
}

function demandItem({ architecture, refused, lacking }: DemandRow): Markup {
  return html`<li data-architecture="${architecture}"><details><summary>${mark('missing', architecture)} <b>${grouped(refused)}</b> ${refused === 1 ? 'time' : 'times'}</summary>
<ul>${lacking.slice(0, named).map((one) => html`<li><a href="containers/${exact(encodeURIComponent(one.container))}">${idMarkup(one.container)}</a> ${grouped(one.refused)}</li>`)}</ul>
${lacking.length > named && html`<p class="fine">and ${lacking.length - named} more</p>`}
</details></li>`
}
