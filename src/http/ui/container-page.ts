import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { ContainerDetail } from '../../catalogue/lists/container-detail.ts'
import { manifestListText } from '../../domain/build/manifest-list.ts'
import { degrades } from '../../domain/build/state.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Reason } from '../../schemas.ts'
import { containerLinks } from './action-links.ts'
import { arrivingUploads } from './bring.ts'
import { containerCommands } from './container-commands.ts'
import { containerMatrix } from './container-matrix.ts'
import { historyTable } from './history-pages.ts'
import { exact, html, type Markup, type MarkupPart, nameText } from './html.ts'
import { stateMark } from './marks.ts'
import { type DeclarePage, type PageFrame, unlessRefused } from './page-route.ts'
import { catalogueCrumbs, factList, idMarkup, timeMarkup } from './texts.ts'
import { channelWay, historyWay, releaseWay } from './ways.ts'

type ContainerPageParts = Pick<Catalogue, 'detail' | 'history' | 'holders' | 'specsNaming' | 'manifestList' | 'uploads'>

/** Entries of the history that the page of a container shows. */
const newest = 10

/** One container: all of its architectures, why it is not complete, what to type, what names it, what happened to it. */
export function containerPage(page: DeclarePage, parts: ContainerPageParts): void {
  const { detail, history } = parts
  page('/containers/:id', async ({ params: { id }, frame }) => {
    const [found, entries] = await Promise.all([detail(id), unlessRefused(history.list(id, { limit: newest }), 'container_unknown')])
    if (!found && (!entries || entries.items.length === 0)) throw new CatalogueError('container_unknown', `there is no container ${id}`)
    const past =
      entries &&
      html`<section aria-labelledby="history"><h2 id="history">History</h2>
${historyTable({ id, entries: entries.items, frame })}
<p><a href="${exact(historyWay(id, frame))}">The whole history, and any two revisions side by side</a></p></section>`
    const rest = found ? await body(parts, found, frame) : removedNotice
    const main = html`${catalogueCrumbs(frame)}
<h1>${idMarkup(id)}</h1>
${rest}
${past}`
    return { title: id, main }
  })
}

const removedNotice: Markup = html`<p class="lead" data-state="removed">It was removed. Its history is what is left of it.</p>`

async function body(parts: ContainerPageParts, found: ContainerDetail, frame: PageFrame): Promise<Markup> {
  const { view, gathered } = found
  const { id } = view
  const [names, specs, manifest, arriving] = await Promise.all([
    parts.holders.naming(id),
    parts.specsNaming(id),
    view.revision === null ? undefined : parts.manifestList(id, 'oci'),
    arrivingUploads(parts.uploads, id)
  ])
  return html`<div id="container" data-container="${exact(id)}" data-state="${view.state}" data-revision="${view.revision}">
<p class="standing">${stateMark(view)} ${view.version !== null && html`<span>version <bdi>${view.version}</bdi></span>`} <span>changed ${timeMarkup(view.updated, frame.now)}</span></p>
${containerLinks(view, frame)}
${arriving}
${reasonList(view.reasons, frame)}
<section aria-labelledby="images"><h2 id="images">Architectures</h2>
${containerMatrix(found, frame)}
<p class="fine">${expectation(gathered.expected, frame)}</p></section>
<div class="halves">
${containerCommands(view, frame.url)}
<div>
${namedBy(names, specs, frame)}
<section aria-labelledby="record"><h2 id="record">The record</h2>
${factList([
  ['version', view.version],
  ['url', view.url && html`<code>${view.url}</code>`],
  ['digest', view.digest && html`<code>${view.digest}</code>`],
  ['revision', view.revision && html`<code>${exact(view.revision)}</code>`],
  ['registered', view.created && timeMarkup(view.created, frame.now)]
])}</section>
${
  manifest &&
  html`<details class="manifest"><summary>The manifest${!manifest.pullable && ', which no registry client can pull'}</summary>
<pre class="command" tabindex="0"><code>${manifestListText(manifest)}</code></pre></details>`
}
</div></div></div>`
}

function expectation({ architectures, from, pattern, since, by }: ContainerDetail['gathered']['expected'], frame: PageFrame): MarkupPart {
  if (architectures.length === 0) return 'No architecture is expected of it, so none can be missing.'
  const said = {
    container: html`set for this container${by !== null && html` by <bdi>${by}</bdi>`}${since !== null && html`, ${timeMarkup(since, frame.now)}`}`,
    rule: html`by the rule <code>${pattern}</code>`,
    default: 'by the default of this server',
    none: ''
  }
  return html`Expected: ${architectures.join(', ')} (${said[from]}).`
}

/** What would miss it. */
function namedBy(holders: readonly string[], specs: readonly string[], frame: PageFrame): Markup {
  const items = [
    ...holders.map((holder) => holderLink(holder, frame)),
    ...specs.map((spec) => html`<li>job <bdi>${nameText(spec)}</bdi></li>`)
  ]
  return html`<section aria-labelledby="named"><h2 id="named">Named by</h2>
${items.length === 0 ? html`<p class="none">No channel, release or job specification.</p>` : html`<ul class="named">${items}</ul>`}</section>`
}

function holderLink(holder: string, frame: PageFrame): Markup {
  const space = holder.indexOf(' ')
  const [kind, name] = [holder.slice(0, space), holder.slice(space + 1)]
  const way = kind === 'release' ? releaseWay(name, frame) : channelWay(name, frame)
  return html`<li>${kind} <a href="${exact(way)}"><bdi>${exact(name)}</bdi></a></li>`
}

const advice: Readonly<Record<Reason['code'], string>> = {
  build_failed: 'Read its log, mend it, and build this architecture again; the others stay as they are.',
  build_stale: 'See whether the builder is still at work; if not, start it again.',
  test_failed: 'The image is there; read the log of the test before you promote it.',
  test_stale: 'See whether the test is still running; if not, start it again.',
  mislabelled: 'Machines are refused this image. Register it as what it is (relabel), and build this architecture.',
  mixed: 'Machines still get this image, but some of its programs cannot run there. Build it on one kind of machine.',
  unreadable: 'Bring the tarball again; this one is damaged, or no image.',
  gone: 'Bring the tarball again, or register its new place.',
  missing: 'Build it, bring its tarball, or stop expecting it.',
  pending: 'It is published with the others; they are what it waits for.',
  unverified: 'Verify it, so that its bytes are read.'
}

/** Why a container is not complete, and what to do about each reason. */
function reasonList(reasons: readonly Reason[], frame: PageFrame): MarkupPart {
  if (reasons.length === 0) return undefined
  return html`<section aria-labelledby="why" class="reasons"><h2 id="why">Why it is not complete</h2><ul>
${reasons.map((reason) => {
  const { code, architecture, message, since } = reason
  return html`<li data-code="${code}" data-architecture="${architecture}" class="${degrades(reason) ? 'bad' : 'open'}"><p><b>${architecture}</b> ${message}${since !== null && html` <small>${timeMarkup(since, frame.now)}</small>`}</p><p class="fine">${advice[code]}</p></li>`
})}
</ul></section>`
}
