import type { FastifyReply, FastifyRequest } from 'fastify'
import type { UploadView } from '../../catalogue/images/upload-notes.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { hasBody } from '../shared/body.ts'
import { clientOf } from '../shared/client.ts'
import { uploadBody } from '../shared/upload-body.ts'
import { type DeclareRoute, share } from './route.ts'
import { parseMetadata } from './upload-metadata.ts'
import {
  full,
  missingUpload,
  oneUpload,
  otherType,
  otherVersion,
  pathTo,
  permitUpload,
  statusHeaders,
  type UploadRoutes,
  uploadsPath,
  uploadsTag
} from './upload-routes.ts'

export function creationRoutes(route: DeclareRoute, options: UploadRoutes): void {
  route({
    ...uploadsTag,
    method: 'POST',
    path: uploadsPath,
    action: 'container:write',
    summary: 'Begin a resumable upload of a tarball',
    description:
      'tus 1.0, creation, also with the first piece. Upload-Length is the size of the tarball. Upload-Metadata has the `id` of the container, and may have `architecture` (default: what its bytes are for), `version` (default: that of the record, or the tag of the id), `filename` and `sha256`, each in base64.',
    headers: 'upload-create-headers.json',
    beginsUpload: true,
    answers: {
      201: { description: 'Location is where its pieces are sent.' },
      412: otherVersion,
      413: 'It is larger than Tus-Max-Size.',
      415: otherType,
      429: share,
      507: full
    },
    async handler({ request, reply, headers, change: { cause }, publicUrl }) {
      const withPiece = hasBody(request.raw)
      const { 'Upload-Length': size, 'Upload-Metadata': metadata } = headers
      const claim = parseMetadata(metadata)
      request.permit([claim.id])
      let view = await options.uploads.create({ ...claim, size, publicUrl, cause, client: clientOf(request) })
      reply.header('location', pathTo(['uploads', view.upload], { request, ...options }))
      if (withPiece) view = await append(request, { reply, view, ...options })
      return reply
        .code(201)
        .headers(statusHeaders(view, { request, ...options }))
        .send()
    }
  })
}

export function pieceRoutes(route: DeclareRoute, options: UploadRoutes): void {
  route({
    ...oneUpload,
    ...uploadsTag,
    method: 'PATCH',
    action: 'container:write',
    summary: 'Send a piece of a tarball',
    description:
      'The answer to the last piece comes when the tarball is proven and registered: Upload-State is then `registered`, and Content-Location the image. A piece that is cut off is kept as far as it arrived.',
    headers: 'upload-append-headers.json',
    rawBody: { content: { 'application/offset+octet-stream': { schema: { type: 'string', format: 'binary' } } } },
    beginsUpload: true,
    answers: {
      204: { description: 'Upload-Offset is where the next piece begins.' },
      404: missingUpload,
      408: 'No byte came for too long; what arrived is kept.',
      409: 'The piece does not begin where the upload ends (ask for Upload-Offset), or another piece is arriving.',
      410: 'It has expired; or another image came after its last byte, and this one is no longer wanted.',
      412: otherVersion,
      415: otherType,
      422: 'It is not what it is said to be, and was not registered; GET says why.',
      507: full
    },
    async handler({ request, reply, params: { upload }, headers }) {
      await permitUpload(request, { upload, ...options })
      const view = await append(request, { reply, view: { upload, offset: headers['Upload-Offset'] }, ...options })
      return reply
        .code(204)
        .headers(statusHeaders(view, { request, ...options }))
        .send()
    }
  })

  route({
    ...oneUpload,
    ...uploadsTag,
    method: 'DELETE',
    action: 'container:write',
    summary: 'Give a resumable upload up',
    headers: 'upload-headers.json',
    answers: {
      204: { description: 'It is forgotten, and its bytes are gone.' },
      404: missingUpload,
      409: 'It has arrived completely and is being proven.',
      412: otherVersion
    },
    async handler({ request, reply, params: { upload } }) {
      await permitUpload(request, { upload, ...options })
      await options.uploads.discard(upload)
      return reply.code(204).send()
    }
  })
}

interface PieceToAppend extends Pick<UploadRoutes, 'uploads' | 'stallMs'> {
  reply: FastifyReply
  view: Pick<UploadView, 'upload' | 'offset'>
}

async function append(
  { raw }: FastifyRequest,
  { reply, view: { upload, offset: at }, uploads, stallMs }: PieceToAppend
): Promise<UploadView> {
  const source = uploadBody({ message: raw, response: reply.raw, stallMs, fate: 'what came is kept' })
  try {
    return await uploads.append({ upload, at, source, cut: () => raw.destroy() })
  } catch (error) {
    // to a tus client a 409 means a wrong offset, and it would send everything again
    if (isCatalogueError(error, 'image_mislabelled', 'version_immutable')) throw new CatalogueError('image_refused', error.message)
    throw error
  }
}
