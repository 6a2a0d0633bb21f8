import type { ContainerView } from '../../catalogue/lists/image-views.ts'
import { imageActionWay } from './actions-image.ts'
import { bringForm } from './bring.ts'
import { exact, html, type Markup, type MarkupPart } from './html.ts'
import type { PageFrame } from './page-route.ts'
import { containerWay } from './ways.ts'

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
${mayWrite && html`<details class="bringing"><summary>Bring a tarball, or drop one on this page</summary>${bringForm(frame, id)}</details>`}
</section>`
}

/** Below the catalogue: bringing a tarball, and what was removed. */
export const catalogueLinks = (frame: PageFrame): Markup => html`<section class="actions" aria-label="More">
<ul>${link(`${frame.root}ui/deleted`, 'Removed containers')}</ul>
${frame.may('container:write') && html`<details class="bringing"><summary>Bring a tarball, or drop one on this page</summary>${bringForm(frame)}</details>`}
</section>`

/** The ways to do something with one image. */
export function imageLinks({ view, architecture }: { view: ContainerView; architecture: string }, frame: PageFrame): MarkupPart {
  const { id, images, pending } = view
  const image = images[architecture]
  if (!image && !pending[architecture]) return undefined
  const way = containerWay(id, frame)
  const to = (verb: Parameters<typeof imageActionWay>[0]) => imageActionWay(verb, { way, architecture })
  const isElsewhere = image?.proven && image.proven !== architecture
  const items = [
    frame.may('container:write', id) && html`<li><a href="${to('verify')}">Verify<span class="unseen"> ${architecture}</span></a></li>`,
    isElsewhere &&
      frame.may('container:write', id) &&
      html`<li><a href="${to('relabel')}">Relabel<span class="unseen"> ${architecture}</span></a></li>`,
    // the only image goes with its container
    image &&
      Object.keys(images).length > 1 &&
      frame.may('container:delete', id) &&
      html`<li><a href="${to('remove')}">Remove<span class="unseen"> ${architecture}</span></a></li>`
  ].filter(Boolean)
  return items.length > 0 && html`<ul class="does">${items}</ul>`
}

/** The way to register again what an entry of the history left. */
export const restoreLink = ({ id, revision }: { id: string; revision: string | null }, frame: PageFrame): MarkupPart =>
  revision !== null &&
  frame.may('container:write', id) &&
  html`<a href="${exact(`${containerWay(id, frame)}/restore?${new URLSearchParams({ revision })}`)}">restore</a>`

const link = (href: string, words: string): Markup => html`<li><a class="button plain" href="${exact(href)}">${words}</a></li>`
