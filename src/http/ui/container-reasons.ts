import { degrades } from '../../domain/build/state.ts'
import type { Reason } from '../../schemas.ts'
import { html, type MarkupPart } from './html.ts'
import type { PageFrame } from './page-route.ts'
import { timeMarkup } from './times.ts'

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
export function reasonList(reasons: readonly Reason[], frame: PageFrame): MarkupPart {
  if (reasons.length === 0) return undefined
  return html`<section aria-labelledby="why" class="reasons"><h2 id="why">Why it is not complete</h2><ul>
${reasons.map((reason) => {
  const { code, architecture, message, since } = reason
  return html`<li data-code="${code}" data-architecture="${architecture}" class="${degrades(reason) ? 'bad' : 'open'}"><p><b>${architecture}</b> ${message}${since !== null && html` <small>${timeMarkup(since, frame.now)}</small>`}</p><p class="fine">${advice[code]}</p></li>`
})}
</ul></section>`
}
