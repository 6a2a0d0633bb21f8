import type { FastifyReply, FastifyRequest } from 'fastify'
import type { UploadView } from '../../catalogue/images/upload-notes.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import type { ResumableUpload } from '../../schemas.ts'
import { hasBody } from '../shared/body.ts'
import { clientOf } from '../shared/trusted-proxies.ts'
import { uploadBody } from '../shared/upload-body.ts'
import { sha256Digits } from './input.ts'
import { type ApiParts, answer, type DeclareRoute, routesOf, share } from './route.ts'
import { checkUploadHeaders, maxSize, pathTo, version, withStatus } from './upload-headers.ts'
import { parseMetadata, toMetadata } from './upload-metadata.ts'

const oneUpload = { tag: 'uploads', params: 'upload-parameters.json' } as const
const missing = 'There is no such upload, or not any more.'
const otherVersion = 'Tus-Resumable is not 1.0.0.'
const otherType = 'The content type is not application/offset+octet-stream.'
const full = 'There is no room.'

const abilities = {
  'tus-version': version,
  'tus-extension': 'creation,creation-with-upload,termination,expiration',
  'tus-max-size': maxSize
}
const always = {
  'tus-resumable': version,
  'cache-control': 'no-store',
  'access-control-expose-headers':
    'Location, Content-Location, Upload-Offset, Upload-Length, Upload-Metadata, Upload-Expires, Upload-State, Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size'
}

/** tus 1.0 (https://tus.io/protocols/resumable-upload): a tarball in pieces, over hours and restarts. */
export async function uploadRoutes(_route: DeclareRoute, parts: ApiParts): Promise<void> {
  await parts.app.register(async (app) => {
    app.addHook('onRequest', async (_request, reply) => void reply.headers(always))
    app.addHook('preHandler', async (request, reply) => checkUploadHeaders(request, reply))
    const route = routesOf(app, parts)
    for (const declare of [collectionRoutes, statusRoutes, creationRoutes, pieceRoutes]) declare(route, parts)
  })
}

/** What this server can do, and which uploads there are. */
function collectionRoutes(route: DeclareRoute, { uploads }: ApiParts): void {
  for (const [path, params] of [['/uploads'], ['/uploads/:upload', 'upload-parameters.json']] as const) {
    route(`OPTIONS ${path}`, {
      tag: 'uploads',
      params,
      action: 'public',
      summary: 'What this server can do of tus 1.0',
      hide: params !== undefined,
      answers: { 204: { description: 'Tus-Version, Tus-Extension and Tus-Max-Size.' } },
      handler: async ({ reply }) => reply.code(204).headers(abilities).send()
    })
  }

  route('GET /uploads', {
    tag: 'uploads',
    answersHead: false,
    action: 'container:read',
    summary: 'Resumable uploads, the newest first',
    description: 'Those that are under way, and those that ended a short while ago: a client that was interrupted finds its own.',
    query: 'uploads-query.json',
    answers: { 200: answer('The uploads as they were last stored.', 'uploads.json') },
    async handler({ query: { id, sha256 } }) {
      const filter = { ...(id !== undefined && { id }), ...(sha256 !== undefined && { sha256: sha256Digits(sha256)! }) }
      return { items: (await uploads.list(filter)).map(toJson) }
    }
  })
}

/** How an upload is. GET is ours, not part of tus. */
function statusRoutes(route: DeclareRoute, parts: ApiParts): void {
  const { uploads, address } = parts
  route('GET /uploads/:upload', {
    ...oneUpload,
    answersHead: false,
    action: 'container:read',
    summary: 'How a resumable upload is, or how it ended',
    answers: {
      200: answer('It is remembered for LEPORELLO_UPLOAD_EXPIRY after its end.', 'resumable-upload.json'),
      404: missing,
      410: 'It has expired.'
    },
    handler: async ({ params: { upload } }) => toJson(await uploads.get(upload))
  })

  route('HEAD /uploads/:upload', {
    ...oneUpload,
    // it cuts off a piece that is still arriving
    action: 'container:write',
    summary: 'How much of a resumable upload has arrived',
    description: 'A piece that is still arriving is cut off, and what arrived of it kept: a client that asks has lost its connection.',
    answers: {
      200: { description: 'Upload-Offset, Upload-Length and Upload-State: arriving, proving or registered.' },
      404: missing,
      410: 'It has expired, or was refused (Upload-State: refused).',
      412: otherVersion
    },
    async handler({ request, reply, params: { upload } }) {
      await permitUpload(request, upload, parts)
      const view = await uploads.interrupt(upload)
      // a client that learns that all bytes are here would take that for success
      if (view.state === 'refused') reply.code(410)
      return withStatus(reply, { view, address })
        .headers({ 'upload-length': view.size, 'upload-metadata': toMetadata(view) })
        .send()
    }
  })
}

function creationRoutes(route: DeclareRoute, options: ApiParts): void {
  route('POST /uploads', {
    tag: 'uploads',
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
      if (withPiece) view = await append(reply, view, options)
      return withStatus(reply, { view, ...options })
        .code(201)
        .send()
    }
  })
}

function pieceRoutes(route: DeclareRoute, options: ApiParts): void {
  route('PATCH /uploads/:upload', {
    ...oneUpload,
    action: 'container:write',
    summary: 'Send a piece of a tarball',
    description:
      'The answer to the last piece comes when the tarball is proven and registered: Upload-State is then `registered`, and Content-Location the image. A piece that is cut off is kept as far as it arrived.',
    headers: 'upload-append-headers.json',
    rawBody: { content: { 'application/offset+octet-stream': { schema: { type: 'string', format: 'binary' } } } },
    beginsUpload: true,
    answers: {
      204: { description: 'Upload-Offset is where the next piece begins.' },
      404: missing,
      408: 'No byte came for too long; what arrived is kept.',
      409: 'The piece does not begin where the upload ends (ask for Upload-Offset), or another piece is arriving.',
      410: 'It has expired; or another image came after its last byte, and this one is no longer wanted.',
      412: otherVersion,
      415: otherType,
      422: 'It is not what it is said to be, and was not registered; GET says why.',
      507: full
    },
    async handler({ request, reply, params: { upload }, headers }) {
      await permitUpload(request, upload, options)
      const view = await append(reply, { upload, offset: headers['Upload-Offset'] }, options)
      return withStatus(reply, { view, ...options })
        .code(204)
        .send()
    }
  })

  route('DELETE /uploads/:upload', {
    ...oneUpload,
    action: 'container:write',
    summary: 'Give a resumable upload up',
    headers: 'upload-headers.json',
    answers: {
      204: { description: 'It is forgotten, and its bytes are gone.' },
      404: missing,
      409: 'It has arrived completely and is being proven.',
      412: otherVersion
    },
    async handler({ request, reply, params: { upload } }) {
      await permitUpload(request, upload, options)
      await options.uploads.discard(upload)
      return reply.code(204).send()
    }
  })
}

type Place = Pick<UploadView, 'upload' | 'offset'>

async function append(reply: FastifyReply, { upload, offset: at }: Place, { uploads, stallMs }: ApiParts): Promise<UploadView> {
  const { raw } = reply.request
  const source = uploadBody({ message: raw, response: reply.raw, stallMs, fate: 'what came is kept' })
  try {
    return await uploads.append({ upload, at, source, cut: () => raw.destroy() })
  } catch (error) {
    // to a tus client a 409 means a wrong offset, and it would send everything again
    if (isCatalogueError(error, 'image_mislabelled', 'version_immutable')) throw new CatalogueError('image_refused', error.message)
    throw error
  }
}

/** Checks that the client may write to the container of an upload. Throws forbidden, upload_unknown, upload_expired. */
async function permitUpload(request: FastifyRequest, upload: string, { uploads }: ApiParts): Promise<void> {
  if (request.identity.match) request.permit([(await uploads.get(upload)).id])
}

function toJson({ upload, id, offset, size, read, state, created, expires, result, refusal, ...claim }: UploadView): ResumableUpload {
  return {
    upload,
    container: id,
    architecture: claim.architecture ?? null,
    version: claim.version ?? null,
    filename: claim.filename ?? null,
    sha256: claim.sha256 ?? null,
    offset,
    size,
    ...(read !== undefined && { read }),
    state,
    created: created.toISOString(),
    expires: expires.toISOString(),
    result: result ?? null,
    refusal: refusal ? { code: refusal.code, detail: refusal.message } : null
  }
}
