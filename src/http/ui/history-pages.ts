import type { Catalogue } from '../../catalogue/catalogue.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { DiffAnswer, HistoryEntry, RecordChange } from '../../schemas.ts'
import { restoreLink } from './action-links.ts'
import { exact, html, type Markup, type MarkupPart } from './html.ts'
import type { DeclarePage, PageFrame } from './page-route.ts'
import { catalogueCrumbs, idMarkup, olderLink, timeMarkup, whoDid } from './texts.ts'
import { containerWay, historyWay } from './ways.ts'

const entriesAPage = 50

/** What happened to a container, and what differs between two of its revisions. */
export function historyPages(page: DeclarePage, { history }: Pick<Catalogue, 'history'>): void {
  page('/containers/:id/history', async ({ params: { id }, query: { cursor }, frame }) => {
    const { items, next, cut } = await history.list(id, { limit: entriesAPage, cursor })
    const main = html`${catalogueCrumbs(frame, id)}
<h1 id="history">History of ${idMarkup(id)}</h1>
<form action="${exact(`${containerWay(id, frame)}/compare`)}" method="get">
${historyTable({ id, entries: items, frame, choice: true })}
<p><button type="submit">Compare the two that are marked</button></p></form>
${cut && html`<p class="fine">${cut.entries} entries until ${timeMarkup(cut.until, frame.now)} are not kept any more.</p>`}
${next !== null && olderLink(next)}`
    return { title: `History of ${id}`, main }
  })

  page('/containers/:id/compare', async ({ params: { id }, query: { from, to }, frame }) => {
    if (from === undefined || to === undefined)
      throw new CatalogueError('parameter_missing', 'from and to are needed: two revisions of the history, or `current`')
    const comparison = await history.compare(id, { from, to })
    const main = html`${catalogueCrumbs(frame, id)}
<h1>Two revisions of ${idMarkup(id)}</h1>
${comparisonTable(comparison)}
<p><a href="${exact(historyWay(id, frame))}">To its history</a></p>`
    return { title: `Two revisions of ${id}`, main }
  })
}

function comparisonTable({ from, to, same, changes }: DiffAnswer): Markup {
  if (same) return html`<p class="lead" id="differences">Both mean the same, however they are written.</p>`
  return html`<div class="wide" tabindex="0" role="region" aria-label="Differences"><table class="compare" id="differences">
<caption class="unseen">What differs: before and after, side by side</caption>
<thead><tr><th scope="col">What</th><th scope="col">Before <code>${from ?? 'nothing'}</code></th><th scope="col">After <code>${to ?? 'nothing'}</code></th></tr></thead>
<tbody>${changes.map(changeRow)}</tbody></table></div>`
}

const changeRow = ({ kind, what, architecture, before, after }: RecordChange): Markup => html`<tr data-change="${kind}">
<th scope="row">${what === 'image' ? `image for ${architecture}` : what} <small>${kind}</small></th>
<td class="before">${value(before)}</td><td class="after">${value(after)}</td></tr>
`

const value = (text: string | null): MarkupPart => (text === null ? html`<span class="none">–</span>` : html`<code>${text}</code>`)

/** With a choice, the table stands in a form in which two entries can be chosen. */
type HistoryTableParts = { id: string; entries: readonly HistoryEntry[]; frame: PageFrame; choice?: boolean }

/** What happened, the newest first. */
export function historyTable(parts: HistoryTableParts): Markup {
  return html`<div class="wide" tabindex="0" role="region" aria-label="The table of what happened"><table class="history">
<caption class="unseen">What happened to this container, the newest first</caption>
<thead><tr>${parts.choice && html`<th scope="col">From</th><th scope="col">To</th>`}<th scope="col">When</th><th scope="col">What</th><th scope="col">Who</th><th scope="col">Why</th><th scope="col"><span class="unseen">Differences</span></th></tr></thead>
<tbody>
${parts.entries.map((entry) => row(entry, parts))}
</tbody></table></div>`
}

function row(entry: HistoryEntry, { id, frame, choice }: HistoryTableParts): Markup {
  const { kind, what, architecture, summary, by, reason, at, revision } = entry
  return html`<tr data-entry="${entry.id}" data-kind="${kind}" data-revision="${revision}">
${choice && html`<td${entry.revision !== null && pick('from')}>${radio('from', entry)}</td><td${entry.revision !== null && pick('to')}>${radio('to', entry)}</td>`}
<td>${timeMarkup(at, frame.now)}</td>
<td class="what"><b>${kind === 'record' || kind === what ? what : `${kind} ${what}`}</b>${architecture !== null && html` <small>${architecture}</small>`}<p class="fine">${summary}</p></td>
<td>${whoDid(by)}</td>
<td>${reason}</td>
<td>${differences(id, entry, frame)} ${kind === 'record' && restoreLink({ id, revision: revision ?? entry.previous }, frame)}</td>
</tr>
`
}

/** On a narrow screen there are no heads of columns. */
const pick = (words: string): Markup => html` class="pick" data-words="${words}"`

const radio = (name: string, { revision, at, what }: HistoryEntry): MarkupPart =>
  revision !== null && html`<input type="radio" name="${name}" value="${exact(revision)}" aria-label="${name} ${what} ${at}">`

function differences(id: string, { revision, previous, kind }: HistoryEntry, frame: PageFrame): MarkupPart {
  if (kind !== 'record' || revision === null || previous === null) return undefined
  const query = new URLSearchParams({ from: previous, to: revision })
  return html`<a href="${exact(`${containerWay(id, frame)}/compare?${query}`)}">side by side</a>`
}
