import multipart from '@fastify/multipart'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Images } from '../../catalogue/images/images.ts'
import type { ResumableUploads } from '../../catalogue/images/resumable-uploads.ts'
import type { UploadView } from '../../catalogue/images/upload-notes.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { checkId } from '../../domain/limits.ts'
import { undescribed } from '../shared/describes.ts'
import { sendOn } from '../shared/upload-body.ts'
import { uploadForm } from '../shared/upload-form.ts'
import { formChangeOf } from './action-route.ts'
import { exact, html, type Markup, type MarkupPart } from './html.ts'
import { type DeclarePage, frameOf, type PageFrame, type PageParts, sendUiPage } from './page-route.ts'
import { catalogueCrumbs, idMarkup, sizeInWords } from './texts.ts'
import { containerWay } from './ways.ts'

type BringParts = PageParts & { images: Images }

const more = ['id', 'reason', 'dryRun']

/** The form that uploads a tarball. With JavaScript, the upload is sent in pieces and can be resumed. */
export function bringPage(page: DeclarePage): void {
  page('/bring', async ({ request, query: { id }, frame }) => {
    request.permit(id === undefined ? [] : [id], 'container:write')
    const main = html`${catalogueCrumbs(frame, id)}
<h1>Bring a tarball</h1>
${bringForm(frame, id)}`
    return { title: 'Bring a tarball', main }
  })
}

/** Handles the submitted form. */
export async function bringRoute(app: FastifyInstance, parts: BringParts): Promise<void> {
  await app.register(multipart)
  app.route({
    method: 'POST',
    url: '/ui/bring',
    config: { action: 'container:write', describes: undescribed, beginsUpload: true },
    handler: (_request, reply) => take(reply, parts)
  })
}

async function take(reply: FastifyReply, { images, ...parts }: BringParts): Promise<FastifyReply> {
  const { request } = reply
  if (!/^multipart\/form-data\b/i.test(request.headers['content-type'] ?? '')) {
    throw new CatalogueError('parameter_invalid', 'expected a form with the id of the container and the tarball as its file')
  }
  sendOn(request.raw, reply.raw)
  const { source, said, before } = await uploadForm(request, more)
  const id = before.get('id')
  if (!id) throw new CatalogueError('parameter_missing', 'the id of the container is needed, before the file')
  checkId(id)
  request.permit([id])
  await images.checkRoom(Number(request.headers['content-length'] ?? 0))
  const frame = frameOf(request, parts)
  const reason = before.get('reason')
  const change = formChangeOf(request, { texts: reason ? { reason } : {}, ...frame })
  const dryRun = before.get('dryRun') === 'yes'
  const tarball = { id, source, said, sha256: undefined, size: undefined }
  const { image, container, pending, unchanged } = await images.upload({ ...tarball, ...change, dryRun })
  if (!dryRun) return reply.redirect(`${containerWay(id, frame)}?done=${pending ? 'waits' : unchanged ? 'unchanged' : 'brought'}`, 303)
  const main = html`${catalogueCrumbs(frame, id)}
<h1>What the tarball is</h1>
<section class="effects"><ul>
${image.summary && html`<li>${image.summary}.</li>`}
<li>It would be the image for <b>${image.architecture}</b> of ${idMarkup(id)}, of ${sizeInWords(image.size)}, at <code class="url">${image.url}</code>.</li>
<li>The container would be ${container.state}. Nothing of it was kept.</li></ul></section>
${bringForm(frame, id)}`
  return sendUiPage(reply, { page: { title: 'What the tarball is', main }, frame })
}

/** The form by which a tarball is brought; files that are dropped on its page get into it. */
export function bringForm({ root }: PageFrame, id = ''): Markup {
  return html`<form class="action bring" method="post" enctype="multipart/form-data" action="${exact(root)}ui/bring" data-bring data-uploads="${exact(root)}api/v1/uploads">
<label>Container <input name="id" value="${exact(id)}" required maxlength="512" placeholder="container-hello:v1.0.0" autocomplete="off" spellcheck="false"></label>
<label>Architecture <small>(empty: what its bytes are for)</small> <input name="architecture" maxlength="64" autocomplete="off" spellcheck="false"></label>
<label>Version <small>(empty: that of the container, or the tag)</small> <input name="version" maxlength="1024" autocomplete="off"></label>
<label>Why <small>(for the history)</small> <input name="reason" maxlength="1000" autocomplete="off"></label>
<label class="check"><input type="checkbox" name="dryRun" value="yes"> Only say what it is, and keep nothing</label>
<label>Tarball <small>(docker save, OCI layout; as it is, or compressed with gzip or zstd)</small> <input type="file" name="file" required></label>
<p><button type="submit">Bring it</button></p>
</form>`
}

/** The tarballs of a container that are arriving. */
export async function arrivingUploads(uploads: ResumableUploads | undefined, id: string): Promise<MarkupPart> {
  const open = (await uploads?.list({ id }))?.filter(({ state }) => state === 'arriving' || state === 'proving') ?? []
  return html`<div id="uploads" data-poll>${open.length > 0 && html`<section aria-labelledby="arriving"><h2 id="arriving">Arriving</h2><ul class="arriving">${open.map(uploadItem)}</ul></section>`}</div>`
}

function uploadItem({ upload, filename, architecture, offset, size, read, state }: UploadView): Markup {
  const far = `${sizeInWords(read ?? offset)} of ${sizeInWords(size)}`
  const words = state === 'arriving' ? far : `its bytes are being read${read === undefined ? '' : `: ${far}`}`
  return html`<li data-upload="${upload}" data-state="${state}">
<label>${filename ?? architecture ?? 'a tarball'} <progress value="${read ?? offset}" max="${size}"></progress></label>
<span>${words}</span></li>`
}
