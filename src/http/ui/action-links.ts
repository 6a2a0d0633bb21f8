import type { ContainerView } from '../../catalogue/lists/image-views.ts'
import { bringForm } from './bring.ts'
import { exact, html, type Markup, type MarkupPart } from './html.ts'
import type { PageFrame } from './page-route.ts'
import { containerWay, imageWay } from './ways.ts'

/* What a page offers to do: only what whoever looks at it may do. */

/** The ways to do something with a container; and the form that takes tarballs that are dropped on its page. */
export function containerLinks(view: ContainerView, frame: PageFrame): MarkupPart {
  const { id } = view
  const way = containerWay(id, frame)
  const mayWrite = frame.may('container:write', id)
  const mayDelete = frame.may('container:delete', id) && view.revision !== null
  const isSingle = view.url !== null && Object.keys(view.images).length === 0
  if (!mayWrite && !mayDelete) return undefined
  return html`<section class="actions" aria-label="What you may do"><ul>${mayWrite && isSingle && link(`${way}/verify`, 'Verify')}
${mayWrite && link(`${way}/expect`, 'Expect architectures')}
${mayDelete && link(`${way}/remove`, 'Remove')}</ul>
${mayWrite && bringing(frame, id)}
</section>`
}

/** Below the catalogue: bringing a tarball, and what was removed. */
export const catalogueLinks = (frame: PageFrame): Markup => html`<section class="actions" aria-label="More">
<ul>${link(`${frame.root}ui/deleted`, 'Removed containers')}</ul>
${frame.may('container:write') && bringing(frame)}
</section>`

const bringing = (frame: PageFrame, id?: string): Markup =>
  html`<details class="bringing"><summary>Bring a tarball, or drop one on this page</summary>${bringForm(frame, id)}</details>`

/** The ways to do something with one image. */
export function imageLinks({ view, architecture }: { view: ContainerView; architecture: string }, frame: PageFrame): MarkupPart {
  const { id, images, pending } = view
  const image = images[architecture]
  if (!image && !pending[architecture]) return undefined
  const way = imageWay({ id, architecture }, frame)
  const item = (verb: string, words: string) =>
    html`<li><a href="${exact(`${way}/${verb}`)}">${words}<span class="unseen"> ${architecture}</span></a></li>`
  const mayWrite = frame.may('container:write', id)
  const isElsewhere = image?.proven && image.proven !== architecture
  const items = [
    mayWrite && item('verify', 'Verify'),
    mayWrite && isElsewhere && item('relabel', 'Relabel'),
    // the only image goes with its container
    image && Object.keys(images).length > 1 && frame.may('container:delete', id) && item('remove', 'Remove')
  ].filter(Boolean)
  return items.length > 0 && html`<ul class="does">${items}</ul>`
}

/** The way to register again what an entry of the history left. */
export const restoreLink = ({ id, revision }: { id: string; revision: string | null }, frame: PageFrame): MarkupPart =>
  revision !== null &&
  frame.may('container:write', id) &&
  html`<a href="${exact(`${containerWay(id, frame)}/restore?${new URLSearchParams({ revision })}`)}">restore</a>`

const link = (href: string, words: string): Markup => html`<li><a class="button plain" href="${exact(href)}">${words}</a></li>`
