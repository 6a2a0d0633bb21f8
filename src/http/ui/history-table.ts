import type { HistoryEntry } from '../../schemas.ts'
import { restoreLink } from './action-links.ts'
import { exact, html, type Markup, type MarkupPart } from './html.ts'
import type { PageFrame } from './page-route.ts'
import { timeMarkup, whoDid } from './texts.ts'
import { compareWay } from './ways.ts'

interface HistoryTableParts {
  id: string
  entries: readonly HistoryEntry[]
  frame: PageFrame
  /** Whether two of them can be chosen, in a form around the table. */
  choice?: boolean
}

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

function differences(id: string, { revision, previous, kind }: HistoryEntry, { root }: PageFrame): MarkupPart {
  if (kind !== 'record' || revision === null || previous === null) return undefined
  return html`<a href="${exact(compareWay(id, { root, from: previous, to: revision }))}">side by side</a>`
}
