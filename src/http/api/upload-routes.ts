import type { FastifyRequest } from 'fastify'
import type { ResumableUploads } from '../../catalogue/images/resumable-uploads.ts'
import type { UploadView } from '../../catalogue/images/upload-notes.ts'
import '../shared/identity.ts'
import { type PublicAddress, wayTo } from '../shared/public-url.ts'
import type { RoutesOptions } from './route.ts'

/* What the routes of resumable uploads share. */

export interface UploadRoutes extends RoutesOptions {
  uploads: ResumableUploads
  address: PublicAddress
  /** How long a piece may pause. */
  stallMs: number
}

export const uploadsPath = '/uploads'
export const oneUpload = { path: `${uploadsPath}/:upload`, params: 'upload-parameters.json' } as const
export const uploadsTag = { tag: 'uploads' }
export const missingUpload = 'There is no such upload, or not any more.'
export const otherVersion = 'Tus-Resumable is not 1.0.0.'
export const otherType = 'The content type is not application/offset+octet-stream.'
export const full = 'There is no room.'

/** An upload is permitted to whom its container is. Throws forbidden; upload_unknown, upload_expired. */
export async function permitUpload(request: FastifyRequest, { upload, uploads }: { upload: string; uploads: ResumableUploads }) {
  if (request.identity.match) request.permit([(await uploads.get(upload)).id])
}

interface RequestAddress {
  request: FastifyRequest
  address: PublicAddress
}

/** Relative to the server, so that the client comes back through the same proxies. */
export const pathTo = (segments: readonly string[], { request, address }: RequestAddress): string =>
  wayTo(`/api/v1/${segments.map(encodeURIComponent).join('/')}`, { request, address })

/** How far the upload is, and at its end the image that it has become. */
export function statusHeaders(
  { id, offset, expires, state, result }: UploadView,
  { request, address }: RequestAddress
): Record<string, string | number> {
  return {
    'upload-offset': offset,
    'upload-expires': expires.toUTCString(),
    'upload-state': state,
    ...(result && {
      'content-location': pathTo(['containers', id, 'images', result.architecture], { request, address }),
      etag: `"${result.revision}"`
    })
  }
}
