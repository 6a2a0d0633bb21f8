import type { ContainerDetail } from '../../catalogue/lists/container-detail.ts'
import type { Architecture } from '../../domain/architecture.ts'
import { isEmulated, type JobReport } from '../../domain/build/job-report.ts'
import { own } from '../../domain/own.ts'
import { imageLinks } from './action-links.ts'
import { exact, html, type Markup, type MarkupPart } from './html.ts'
import { decisiveList } from './image-report.ts'
import { mark, readingMarkup, standingMark } from './marks.ts'
import type { PageFrame } from './page-route.ts'
import { digestMarkup, linkElsewhere, sizeInWords, timeMarkup } from './texts.ts'
import { imageWay } from './ways.ts'

/** All that is known of each architecture: whether it is expected, there and proven, by which files, and who built and tested it where. */
export function containerMatrix(found: ContainerDetail, frame: PageFrame): Markup {
  const architectures = [...found.standings.keys()]
  if (architectures.length === 0) return html`<p class="none">It has no image, and none is expected.</p>`
  return html`<div class="wide" tabindex="0" role="region" aria-label="The table of architectures"><table class="detail" role="table">
<caption class="unseen">Each architecture of this container in a row</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Architecture</th><th scope="col" role="columnheader">Stands</th><th scope="col" role="columnheader">Expected</th><th scope="col" role="columnheader">What its bytes proved</th><th scope="col" role="columnheader" class="number">Size</th><th scope="col" role="columnheader">Digest</th><th scope="col" role="columnheader">Built</th><th scope="col" role="columnheader">Tested</th></tr></thead>
<tbody role="rowgroup">${architectures.map((architecture) => row(architecture, found, frame))}</tbody></table></div>`
}

function row(architecture: Architecture, found: ContainerDetail, frame: PageFrame): Markup {
  const { view, standings, images, gathered } = found
  const { buildStatus } = gathered
  const standing = standings.get(architecture)!
  const facts = images.get(architecture)?.facts
  const jobs = (kind: 'builds' | 'tests') => jobMarkup(buildStatus?.[kind].get(architecture), architecture, frame)
  return html`<tr role="row" data-architecture="${architecture}" data-state="${standing}">
<th scope="row" role="rowheader">${nameOf(architecture, view, frame)}${imageLinks({ view, architecture }, frame)}</th>
<td role="cell">${standingMark(standing)}${readingMarkup(view, architecture)}</td>
<td role="cell">${view.expected.includes(architecture) ? 'yes' : 'no'}</td>
<td role="cell" class="proof">${proofOf(architecture, found, frame)}</td>
<td role="cell" class="number">${sizeInWords(facts?.size)}</td>
<td role="cell">${digestMarkup(facts?.given ?? facts?.config)}</td>
<td role="cell">${jobs('builds')}</td>
<td role="cell">${jobs('tests')}</td>
</tr>
`
}

/** Leads to the page of the image, where the record names one. */
function nameOf(architecture: Architecture, view: ContainerDetail['view'], frame: PageFrame): MarkupPart {
  const hasPage = own(view.images, architecture) ?? own(view.pending, architecture)
  return hasPage ? html`<a href="${exact(imageWay({ id: view.id, architecture }, frame))}">${architecture}</a>` : architecture
}

function proofOf(architecture: Architecture, { view, images }: ContainerDetail, frame: PageFrame): MarkupPart {
  const pending = own(view.pending, architecture)
  const image = images.get(architecture)
  const waiting =
    pending &&
    html`<p>Another image has arrived ${timeMarkup(pending.since, frame.now)} and waits until ${timeMarkup(pending.expires, frame.now)}.</p>`
  if (!image) return waiting ?? html`<span class="none">no image</span>`
  const { facts, url } = image
  const isRead = facts !== undefined && facts.verdict !== 'unverified'
  const files = isRead && facts.verdict !== 'unreadable' ? decisiveList(facts.report) : undefined
  // of a proven image, the summary says in words what the files say
  const words = !isRead ? 'Nobody has read its bytes.' : (files === undefined || facts.verdict !== 'match') && facts.summary
  return html`${words && html`<p>${words}</p>`}${files}
<p class="fine"><code class="url">${url}</code>${facts?.checked && html`, looked at ${timeMarkup(facts.checked, frame.now)}`}</p>${waiting}`
}

/** The last report of a build or test: its status, the machine, the source, the log. */
function jobMarkup(report: JobReport | undefined, architecture: Architecture, frame: PageFrame): Markup {
  if (!report) return html`<span class="none">–</span>`
  const { status, machine, source, log, reason, reported } = report
  const commit = source?.get('commit')
  return html`${mark(status)} <small>${timeMarkup(reported, frame.now)}</small>
${reason !== null && reason !== '' && html`<p class="fine">${reason}</p>`}
${machine && html`<p class="fine">on <bdi>${machine.name ?? machine.architecture}</bdi>${isEmulated(architecture, report) && ', emulated'}</p>`}
${commit !== undefined && html`<p class="fine">from <code>${commit.slice(0, 40)}</code></p>`}
${log !== null && log !== '' && html`<p class="fine">${linkElsewhere(log, /^https?:/i.test(log) ? 'log' : log)}</p>`}`
}
