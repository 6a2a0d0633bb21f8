import type { FastifyInstance } from 'fastify'
import { sha256Digits } from './input.ts'
import { answer, type DeclareRoute, routesOf } from './route.ts'
import { checkUploadHeaders, maxSize, toJson, version } from './upload-headers.ts'
import { toMetadata } from './upload-metadata.ts'
import { creationRoutes, pieceRoutes } from './upload-pieces.ts'
import {
  missingUpload,
  oneUpload,
  otherVersion,
  permitUpload,
  statusHeaders,
  type UploadRoutes,
  uploadsPath,
  uploadsTag
} from './upload-routes.ts'

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
export async function uploadRoutes(app: FastifyInstance, options: UploadRoutes): Promise<void> {
  app.addHook('onRequest', async (_request, reply) => void reply.headers(always))
  app.addHook('preHandler', async (request, reply) => checkUploadHeaders(request, reply))
  const route = routesOf(app, options)
  collectionRoutes(route, options)
  statusRoutes(route, options)
  creationRoutes(route, options)
  pieceRoutes(route, options)
}

/** What this server can do, and which uploads there are. */
function collectionRoutes(route: DeclareRoute, { uploads }: UploadRoutes): void {
  for (const [each, hide] of [
    [{ path: uploadsPath }, false],
    [oneUpload, true]
  ] as const) {
    route({
      ...each,
      ...uploadsTag,
      method: 'OPTIONS',
      action: 'public',
      summary: 'What this server can do of tus 1.0',
      hide,
      answers: { 204: { description: 'Tus-Version, Tus-Extension and Tus-Max-Size.' } },
      handler: async ({ reply }) => reply.code(204).headers(abilities).send()
    })
  }

  route({
    ...uploadsTag,
    method: 'GET',
    answersHead: false,
    path: uploadsPath,
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
function statusRoutes(route: DeclareRoute, { uploads, ...options }: UploadRoutes): void {
  route({
    ...oneUpload,
    ...uploadsTag,
    method: 'GET',
    answersHead: false,
    action: 'container:read',
    summary: 'How a resumable upload is, or how it ended',
    answers: {
      200: answer('It is remembered for LEPORELLO_UPLOAD_EXPIRY after its end.', 'resumable-upload.json'),
      404: missingUpload,
      410: 'It has expired.'
    },
    handler: async ({ params: { upload } }) => toJson(await uploads.get(upload))
  })

  route({
    ...oneUpload,
    ...uploadsTag,
    method: 'HEAD',
    // it cuts off a piece that is still arriving
    action: 'container:write',
    summary: 'How much of a resumable upload has arrived',
    description: 'A piece that is still arriving is cut off, and what arrived of it kept: a client that asks has lost its connection.',
    answers: {
      200: { description: 'Upload-Offset, Upload-Length and Upload-State: arriving, proving or registered.' },
      404: missingUpload,
      410: 'It has expired, or was refused (Upload-State: refused).',
      412: otherVersion
    },
    async handler({ request, reply, params: { upload } }) {
      await permitUpload(request, { upload, uploads })
      const view = await uploads.interrupt(upload)
      // a client that learns that all bytes are here would take that for success
      if (view.state === 'refused') reply.code(410)
      return reply
        .headers({ ...statusHeaders(view, { request, ...options }), 'upload-length': view.size, 'upload-metadata': toMetadata(view) })
        .send()
    }
  })
}
