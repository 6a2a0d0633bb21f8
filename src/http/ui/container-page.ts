import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { ContainerDetail } from '../../catalogue/lists/container-detail.ts'
import { manifestListText } from '../../domain/build/manifest-list.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { checkId } from '../../domain/limits.ts'
import { type PublicAddress, requestUrl } from '../shared/public-url.ts'
import { containerLinks } from './action-links.ts'
import { arrivingUploads } from './bring.ts'
import { containerCommands } from './container-commands.ts'
import { containerMatrix } from './container-matrix.ts'
import { reasonList } from './container-reasons.ts'
import { historyTable } from './history-table.ts'
import { exact, html, type Markup, type MarkupPart, nameText } from './html.ts'
import { idMarkup } from './ids.ts'
import { stateMark } from './marks.ts'
import type { DeclarePage, PageFrame } from './page-route.ts'
import { breadcrumb, factList } from './texts.ts'
import { timeMarkup } from './times.ts'
import { catalogueWay, channelWay, historyWay, releaseWay } from './ways.ts'

export interface ContainerPageParts extends Pick<Catalogue, 'detail' | 'history' | 'holders' | 'specsNaming' | 'manifestList' | 'uploads'> {
  address: PublicAddress
}

/** Entries of the history that the page of a container shows. */
const newest = 10

/** One container: all of its architectures, why it is not complete, what to type, what names it, what happened to it. */
export function containerPage(page: DeclarePage, parts: ContainerPageParts): void {
  const { detail, history, address } = parts
  page({
    path: '/containers/:id',
    async handler({ request, params, frame }) {
      const id = params['id']!
      checkId(id)
      const [found, entries] = await Promise.all([detail(id), unlessUnknown(history.list(id, { limit: newest }))])
      if (!found && (!entries || entries.items.length === 0)) throw new CatalogueError('container_unknown', `there is no container ${id}`)
      const past =
        entries &&
        html`<section aria-labelledby="history"><h2 id="history">History</h2>
${historyTable({ id, entries: entries.items, frame })}
<p><a href="${exact(historyWay(id, frame))}">The whole history, and any two revisions side by side</a></p></section>`
      const rest = found ? await body(parts, { found, frame, url: requestUrl(request, address) }) : removedNotice
      const main = html`${breadcrumb([[catalogueWay(frame), 'Catalogue']])}
<h1>${idMarkup(id)}</h1>
${rest}
${past}`
      return { title: id, main }
    }
  })
}

const removedNotice: Markup = html`<p class="lead" data-state="removed">It was removed. Its history is what is left of it.</p>`

interface BodyParts {
  found: ContainerDetail
  frame: PageFrame
  /** Where the client reaches this server. */
  url: string
}

async function body(
  { holders, specsNaming, manifestList, uploads }: ContainerPageParts,
  { found, frame, url }: BodyParts
): Promise<Markup> {
  const { view, gathered } = found
  const { id } = view
  const [names, specs, manifest, arriving] = await Promise.all([
    holders.naming(id),
    specsNaming(id),
    view.revision === null ? undefined : manifestList(id, 'oci'),
    arrivingUploads(uploads, id)
  ])
  return html`<div id="container" data-container="${exact(id)}" data-state="${view.state}" data-revision="${view.revision}">
<p class="standing">${stateMark(view)} ${view.version !== null && html`<span>version <bdi>${view.version}</bdi></span>`} <span>changed ${timeMarkup(view.updated, frame.now)}</span></p>
${containerLinks(view, frame)}
${arriving}
${reasonList(view.reasons, frame)}
<section aria-labelledby="images"><h2 id="images">Architectures</h2>
${containerMatrix({ found, frame })}
<p class="fine">${expectation(gathered.expected, frame)}</p></section>
<div class="halves">
${containerCommands({ view, url })}
<div>
${namedBy({ names, specs, frame })}
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

interface NamedBy {
  names: readonly string[]
  specs: readonly string[]
  frame: PageFrame
}

/** What would miss it. */
function namedBy({ names, specs, frame }: NamedBy): Markup {
  const items = [...names.map((name) => holderLink(name, frame)), ...specs.map((spec) => html`<li>job <bdi>${nameText(spec)}</bdi></li>`)]
  return html`<section aria-labelledby="named"><h2 id="named">Named by</h2>
${items.length === 0 ? html`<p class="none">No channel, release or job specification.</p>` : html`<ul class="named">${items}</ul>`}</section>`
}

function holderLink(holder: string, frame: PageFrame): Markup {
  const space = holder.indexOf(' ')
  const [kind, name] = [holder.slice(0, space), holder.slice(space + 1)]
  const way = kind === 'release' ? releaseWay(name, frame) : channelWay(name, frame)
  return html`<li>${kind} <a href="${exact(way)}"><bdi>${exact(name)}</bdi></a></li>`
}

async function unlessUnknown<Value>(reading: Promise<Value>): Promise<Value | undefined> {
  try {
    return await reading
  } catch (error) {
    if (isCatalogueError(error, 'container_unknown')) return undefined
    throw error
  }
}
