import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { DeletedContainer } from '../../schemas.ts'
import { restoreLink } from './action-links.ts'
import { exact, html, type Markup } from './html.ts'
import type { DeclarePage, PageFrame } from './page-route.ts'
import { catalogueCrumbs, idMarkup, olderLink, timeMarkup, whoDid } from './texts.ts'
import { containerWay } from './ways.ts'

const limit = 50

/** Containers that were removed, and the way to bring each of them back. */
export function deletedPage(page: DeclarePage, { deleted }: Pick<Catalogue, 'deleted'>): void {
  page('/deleted', async ({ query: { cursor }, frame }) => {
    const { items, next } = await deleted({ limit, cursor, publicUrl: frame.publicUrl })
    const main = html`${catalogueCrumbs(frame)}
<h1>Removed containers</h1>
${items.length === 0 ? html`<p class="none">None was removed lately.</p>` : table(items, frame)}
${next !== null && olderLink(next)}`
    return { title: 'Removed containers', section: 'catalogue', main }
  })
}

function table(items: readonly DeletedContainer[], frame: PageFrame): Markup {
  return html`<div class="wide" tabindex="0" role="region" aria-label="Removed containers"><table class="history">
<caption class="unseen">Containers that were removed, the last one first</caption>
<thead><tr><th scope="col">Container</th><th scope="col">Removed</th><th scope="col">Who</th><th scope="col">Why</th><th scope="col">Tarballs</th><th scope="col"><span class="unseen">What to do</span></th></tr></thead>
<tbody>${items.map((item) => row(item, frame))}</tbody></table></div>`
}

function row({ id, revision, removed, by, reason, tarballs }: DeletedContainer, frame: PageFrame): Markup {
  return html`<tr data-container="${exact(id)}">
<td><a href="${exact(containerWay(id, frame))}">${idMarkup(id)}</a></td>
<td>${timeMarkup(removed, frame.now)}</td>
<td>${whoDid(by)}</td>
<td>${reason}</td>
<td>${tarballs.map(({ architecture, status }) => html`<p class="fine">${architecture ?? 'the image'}: ${status}</p>`)}</td>
<td>${restoreLink({ id, revision }, frame)}</td>
</tr>`
}
