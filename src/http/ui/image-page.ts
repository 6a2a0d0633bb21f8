import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { ImageView } from '../../catalogue/lists/image-views.ts'
import { type Architecture, architectureInPath } from '../../domain/architecture.ts'
import { isCatalogueError } from '../../domain/errors.ts'
import { checkId } from '../../domain/limits.ts'
import type { ImageReport } from '../../schemas.ts'
import { type PublicAddress, publicUrlOf, requestUrl } from '../shared/public-url.ts'
import { imageLinks } from './action-links.ts'
import { fileMarkup } from './decisive-files.ts'
import { exact, html, type Markup, type MarkupPart } from './html.ts'
import { idMarkup } from './ids.ts'
import { problemList, reportSections } from './image-report.ts'
import { verdictMark } from './marks.ts'
import type { DeclarePage, PageFrame } from './page-route.ts'
import { breadcrumb, commandMarkup, factList, sentence, shellWord, sizeInWords } from './texts.ts'
import { timeMarkup } from './times.ts'
import { catalogueWay, containerWay } from './ways.ts'

export interface ImagePageParts {
  images: Pick<NonNullable<Catalogue['images']>, 'get' | 'report'>
  address: PublicAddress
}

interface AskedImage {
  id: string
  architecture: Architecture
  publicUrl: string
  /** A path in the image that somebody asks about. */
  path: string | undefined
}

/** One image: what its bytes are. A question for one path reads them again. */
export function imagePage(page: DeclarePage, { images, address }: ImagePageParts): void {
  page({
    path: '/containers/:id/images/:architecture',
    async handler({ request, params, query: { path }, frame }) {
      const id = params['id']!
      checkId(id)
      const architecture = architectureInPath(params['architecture']!)
      const { image, pending, container: view } = await images.get({ id, architecture })
      const report = await reportOf(images, { id, architecture, publicUrl: publicUrlOf(address)(), path })
      const main = html`${breadcrumb([
        [catalogueWay(frame), 'Catalogue'],
        [containerWay(id, frame), idMarkup(id)]
      ])}
<h1><span>${architecture}</span> <small>image of ${idMarkup(id)}</small></h1>
<div id="image" data-container="${exact(id)}" data-architecture="${architecture}" data-verdict="${image.verdict}">
<p class="standing">${verdictMark(image)}${pending && html` <span>waits to be published with the others</span>`}</p>
${imageLinks({ view, architecture }, frame)}
<p class="lead">${sentence(report?.summary ?? image.summary ?? 'nobody has read its bytes, so it is what it was registered as and no more')}</p>
${report && problemList(report)}
${question({ report, path })}
${imageFacts(image, { report, frame })}
${report && reportSections(report, frame)}
${downloads({ image, id, url: requestUrl(request, address) })}
</div>`
      return { title: `${architecture} image of ${id}`, main }
    }
  })
}

/** Returns undefined where nobody has read the image. Throws what reading it throws, where a path is asked for. */
async function reportOf(images: ImagePageParts['images'], { path, ...image }: AskedImage): Promise<ImageReport | undefined> {
  try {
    return (await images.report({ ...image, path })) as unknown as ImageReport
  } catch (error) {
    if (isCatalogueError(error, 'image_unproven')) return undefined
    throw error
  }
}

interface Question {
  report: ImageReport | undefined
  path: string | undefined
}

/** `/usr/lib/libssl.so`: for which machines? */
const question = ({ report, path }: Question): Markup => html`<section aria-labelledby="ask"><h2 id="ask">What is this path for?</h2>
<form action="" method="get" class="ask"><label class="unseen" for="path">A path in the image</label>
<input id="path" name="path" value="${exact(path ?? '')}" maxlength="4096" placeholder="/usr/lib/libssl.so" required><button type="submit">Look inside</button></form>
${path !== undefined && html`<ul class="files answer">${(report?.files ?? []).map((file) => html`<li>${fileMarkup(file)}${file.links.length > 0 && html` <small>by way of ${file.links.join(', ')}</small>`}</li>`)}</ul>`}
</section>`

interface FactsParts {
  report: ImageReport | undefined
  frame: PageFrame
}

function imageFacts(image: ImageView, { report, frame }: FactsParts): Markup {
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

interface DownloadParts {
  image: ImageView
  id: string
  url: string
}

function downloads({ image: { architecture }, id, url }: DownloadParts): MarkupPart {
  if (architecture === null) return undefined
  const way = `${url}/api/v1/containers/${encodeURIComponent(id)}/images/${architecture.replace('/', '-')}`
  const commands = [
    { title: 'The tarball', command: `curl -fLOJ ${shellWord(`${way}/download`)}` },
    { title: 'Into docker', command: `curl -fL ${shellWord(`${way}/download`)} | docker load` },
    { title: 'This report as JSON', command: `curl -f ${shellWord(`${way}/report`)}` }
  ]
  return html`<section aria-labelledby="commands" class="commands"><h2 id="commands">What to type</h2>${commands.map(commandMarkup)}</section>`
}
