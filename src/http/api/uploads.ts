import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ResumableUploads } from '../../catalogue/images/resumable-uploads.ts'
import type { UploadView } from '../../catalogue/images/upload-notes.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import type { Action } from '../../domain/policy.ts'
import { hasBody } from '../shared/body.ts'
import { causeOf } from '../shared/circumstances.ts'
import type { Description } from '../shared/describes.ts'
import { type PublicAddress, publicUrlOf, wayTo } from '../shared/public-url.ts'
import { uploadBody } from '../shared/upload-body.ts'
import { parseSha256, strictQuery } from './input.ts'
import { uploadDescriptions as descriptions } from './upload-descriptions.ts'
import { checkType, checkVersion, header, lengthOf, maxSize, offsetOf, toJson, uploadOf, version } from './upload-headers.ts'
import { parseMetadata, toMetadata } from './upload-metadata.ts'

export interface UploadRoutes {
  uploads: ResumableUploads
  address: PublicAddress
  /** How long a piece may stand still. */
  stallMs: number
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | object>

const base = '/api/v1/uploads'

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

/** tus 1.0 (tus.io): a tarball in pieces, over hours and restarts. GET is ours: it tells how an upload stands, and how it ended. */
export async function uploadRoutes(app: FastifyInstance, { uploads, address, stallMs }: UploadRoutes): Promise<void> {
  const publicUrl = publicUrlOf(address)
  // relative to the server: whatever stands before us, the client comes back the way it came
  const pathTo = (request: FastifyRequest, ...segments: string[]) =>
    wayTo(`/api/v1/${segments.map(encodeURIComponent).join('/')}`, { request, address })

  app.addHook('onRequest', async (_request, reply) => void reply.headers(always))

  route('OPTIONS', base, {
    action: 'container:read',
    describes: descriptions.options,
    handler: async (_request, reply) => reply.code(204).headers(abilities).send()
  })
  route('OPTIONS', `${base}/:upload`, {
    action: 'container:read',
    describes: { ...descriptions.options, hide: true },
    handler: async (_request, reply) => reply.code(204).headers(abilities).send()
  })

  route('POST', base, {
    action: 'container:write',
    describes: descriptions.create,
    beginsUpload: true,
    async handler(request, reply) {
      checkVersion(request, reply)
      strictQuery(request, [])
      const size = lengthOf(request)
      const withPiece = hasBody(request.raw)
      if (withPiece) checkType(request)
      let view = await uploads.create({
        ...parseMetadata(header(request, 'upload-metadata')),
        size,
        publicUrl: publicUrl(request),
        cause: causeOf(request)
      })
      reply.header('location', pathTo(request, 'uploads', view.upload))
      if (withPiece) view = await append(request, { reply, view })
      return reply.code(201).headers(standing(request, view)).send()
    }
  })

  route('GET', base, {
    action: 'container:read',
    describes: descriptions.list,
    async handler(request) {
      const { id, sha256 } = strictQuery(request, ['id', 'sha256'])
      const filter = { ...(id !== undefined && { id }), ...(sha256 !== undefined && { sha256: parseSha256(sha256, 'sha256')! }) }
      return { items: (await uploads.list(filter)).map(toJson) }
    }
  })

  route('GET', `${base}/:upload`, {
    action: 'container:read',
    describes: descriptions.get,
    async handler(request) {
      strictQuery(request, [])
      return toJson(await uploads.get(uploadOf(request)))
    }
  })

  route('HEAD', `${base}/:upload`, {
    action: 'container:read',
    describes: descriptions.head,
    async handler(request, reply) {
      checkVersion(request, reply)
      const view = await uploads.interrupt(uploadOf(request))
      // a client that learns that all bytes are here takes that for success
      if (view.state === 'refused') reply.code(410)
      return reply.headers({ ...standing(request, view), 'upload-length': view.size, 'upload-metadata': toMetadata(view) }).send()
    }
  })

  route('PATCH', `${base}/:upload`, {
    action: 'container:write',
    describes: descriptions.append,
    beginsUpload: true,
    async handler(request, reply) {
      checkVersion(request, reply)
      checkType(request)
      const view = await append(request, { reply, view: { upload: uploadOf(request), offset: offsetOf(request) } })
      return reply.code(204).headers(standing(request, view)).send()
    }
  })

  route('DELETE', `${base}/:upload`, {
    action: 'container:write',
    describes: descriptions.discard,
    async handler(request, reply) {
      checkVersion(request, reply)
      await uploads.discard(uploadOf(request))
      return reply.code(204).send()
    }
  })

  async function append(
    { raw }: FastifyRequest,
    { reply, view: { upload, offset: at } }: { reply: FastifyReply; view: Pick<UploadView, 'upload' | 'offset'> }
  ): Promise<UploadView> {
    const source = uploadBody({ message: raw, response: reply.raw, stallMs, fate: 'what came is kept' })
    try {
      return await uploads.append({ upload, at, source, cut: () => raw.destroy() })
    } catch (error) {
      // to a tus client a 409 is a wrong offset, and it would send everything again
      if (isCatalogueError(error, 'image_mislabelled')) throw new CatalogueError('image_refused', error.message)
      throw error
    }
  }

  /** Where the upload is, and at its end what has become of it. */
  function standing(request: FastifyRequest, { id, offset, expires, state, result }: UploadView): Record<string, string | number> {
    return {
      'upload-offset': offset,
      'upload-expires': expires.toUTCString(),
      'upload-state': state,
      ...(result && {
        'content-location': pathTo(request, 'containers', id, 'images', result.architecture),
        etag: `"${result.revision}"`
      })
    }
  }

  function route(
    method: string,
    url: string,
    { handler, ...config }: { action: Action; describes: Description; beginsUpload?: boolean; handler: Handler }
  ): void {
    app.route({ method, url, config, handler })
  }
}
