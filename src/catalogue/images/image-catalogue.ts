import { createImages, type Images, type ImagesParts } from './images.ts'
import { createLayoutDownload, type DownloadLayout } from './layout-download.ts'
import { createResumableUploads, type ResumableParts, type ResumableUploads } from './resumable-uploads.ts'
import { createStaleUploadGuard, type StaleUploadParts } from './stale-uploads.ts'

export interface ImageCatalogueParts extends ImagesParts, Omit<ResumableParts, 'refuseStale' | 'expiryMs'>, StaleUploadParts {
  changes: ImagesParts['changes']
  buildStatuses: ImagesParts['buildStatuses']
  uploadExpiryMs?: number
}

/** The images of containers, where there is a store for tarballs. */
export interface ImageCatalogue {
  images: Images
  /** All images of a container in one file. */
  layout: DownloadLayout
  /** Tarballs that arrive in pieces. */
  uploads: ResumableUploads
}

const dayMs = 24 * 3_600_000

export function createImageCatalogue(parts: ImageCatalogueParts): ImageCatalogue {
  const { uploadExpiryMs: expiryMs = dayMs } = parts
  return {
    images: createImages(parts),
    layout: createLayoutDownload(parts),
    uploads: createResumableUploads({ ...parts, expiryMs, refuseStale: createStaleUploadGuard(parts) })
  }
}
