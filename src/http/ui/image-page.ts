import type { Images } from '../../catalogue/images/images.ts'
import type { ImageView } from '../../catalogue/lists/image-views.ts'
import { architectureInPath } from '../../domain/architecture.ts'
import type { ImageReport } from '../../schemas.ts'
import { imageLinks } from './action-links.ts'
import { exact, html, type Markup, type MarkupPart } from './html.ts'
import { fileMarkup, problemList, reportSections } from './image-report.ts'
import { verdictMark } from './marks.ts'
import { type DeclarePage, type PageFrame, unlessRefused } from './page-route.ts'
import { catalogueCrumbs, commandMarkup, factList, idMarkup, sentence, shellWord, sizeInWords, timeMarkup } from './texts.ts'

/** One image: what its bytes are. A question for one path reads them again. */
export function imagePage(page: DeclarePage, images: Images): void {
  page('/containers/:id/images/:architecture', async ({ params, query: { path }, frame }) => {
    const { id } = params
    const architecture = architectureInPath(params.architecture)
    const { image, pending, container: view } = await images.get({ id, architecture })
    const read = images.report({ id, architecture, publicUrl: frame.publicUrl, path })
    const report = (await unlessRefused(read, 'image_unproven')) as ImageReport | undefined
    const main = html`${catalogueCrumbs(frame, id)}
<h1><span>${architecture}</span> <small>image of ${idMarkup(id)}</small></h1>
<div id="image" data-container="${exact(id)}" data-architecture="${architecture}" data-verdict="${image.verdict}">
<p class="standing">${verdictMark(image)}${pending && html` <span>waits to be published with the others</span>`}</p>
${imageLinks({ view, architecture }, frame)}
<p class="lead">${sentence(report?.summary ?? image.summary ?? 'nobody has read its bytes, so it is what it was registered as and no more')}</p>
${report && problemList(report)}
${question(report, path)}
${imageFacts(image, report, frame)}
${report && reportSections(report, frame)}
${downloads(image, id, frame)}
</div>`
    return { title: `${architecture} image of ${id}`, main }
  })
}

/** `/usr/lib/libssl.so`: for which machines? */
function question(report: ImageReport | undefined, path = ''): Markup {
  return html`<section aria-labelledby="ask"><h2 id="ask">What is this path for?</h2>
<form action="" method="get" class="ask"><label class="unseen" for="path">A path in the image</label>
<input id="path" name="path" value="${exact(path)}" maxlength="4096" placeholder="/usr/lib/libssl.so" required><button type="submit">Look inside</button></form>
${path !== '' && html`<ul class="files answer">${(report?.files ?? []).map((file) => html`<li>${fileMarkup(file)}${file.links.length > 0 && html` <small>by way of ${file.links.join(', ')}</small>`}</li>`)}</ul>`}
</section>`
}

function imageFacts(image: ImageView, report: ImageReport | undefined, frame: PageFrame): Markup {
  const { tarball } = report ?? {}
  const packed = tarball && tarball.compression !== 'none' && `, ${tarball.compression}, ${sizeInWords(tarball.unpackedSize)} unpacked`
  const whole = (text: string | null | undefined) => text && html`<code>${text}</code>`
  return html`<section aria-labelledby="tarball"><h2 id="tarball">Tarball</h2>
${factList([
  ['url', whole(image.url)],
  ['size', image.size !== null && html`${sizeInWords(image.size)}${packed}`],
  ['format', report?.formats?.join(' and ')],
  ['sha256', whole(image.sha256)],
  ['digest', whole(image.digest)],
  ['configuration', whole(image.config)],
  ['manifest', whole(image.manifest)],
  ['is', image.status !== 'unknown' && image.status],
  ['looked at', image.checked && timeMarkup(image.checked, frame.now)]
])}</section>`
}

function downloads({ architecture }: ImageView, id: string, { url }: PageFrame): MarkupPart {
  if (architecture === null) return undefined
  const way = `${url}/api/v1/containers/${encodeURIComponent(id)}/images/${architecture.replace('/', '-')}`
  const commands = [
    { title: 'The tarball', command: `curl -fLOJ ${shellWord(`${way}/download`)}` },
    { title: 'Into docker', command: `curl -fL ${shellWord(`${way}/download`)} | docker load` },
    { title: 'This report as JSON', command: `curl -f ${shellWord(`${way}/report`)}` }
  ]
  return html`<section aria-labelledby="commands" class="commands"><h2 id="commands">What to type</h2>${commands.map(commandMarkup)}</section>`
}
