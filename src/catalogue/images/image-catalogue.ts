import { createImages, type Images } from './images.ts'
import { createLayoutDownload, type DownloadLayout } from './layout-download.ts'
import type { ImageParts } from './parts.ts'
import { createResumableUploads, type ResumableUploads } from './resumable-uploads.ts'

/** The images of containers, where there is a store for tarballs. */
export interface ImageCatalogue {
  images: Images
  /** All images of a container in one file. */
  layout: DownloadLayout
  /** Tarballs that arrive in pieces. */
  uploads: ResumableUploads
}

export const createImageCatalogue = (parts: ImageParts): ImageCatalogue => ({
  images: createImages(parts),
  layout: createLayoutDownload(parts),
  uploads: createResumableUploads(parts)
})
