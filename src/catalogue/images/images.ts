import type { BlobStore } from '../../blobs/blob-store.ts'
import { hasControls } from '../../domain/container/posted-urls.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Report } from '../../domain/image/facts.ts'
import { percentDecoded } from '../../domain/percent.ts'
import type { ContainerView } from '../../schemas.ts'
import type { ImageChange, ImageId } from '../records/image-records.ts'
import { type ImageAnswer, imageAnswer } from './image-answer.ts'
import { type ImageAddress, imageTarget, type ReportRequest, relabelImage, reportOf, verifyImage } from './image-proofs.ts'
import { copyImage, type ImageByUrl, type ImageToCopy, registerByUrl } from './image-registration.ts'
import type { ImageParts } from './parts.ts'
import { type TarballUpload, uploadTarball } from './tarball-uploads.ts'

export interface Download {
  filename: string
  /** In our own store; undefined for a tarball elsewhere. */
  key: string | undefined
  url: string
  sha256: string | undefined
}

/** The images of containers one by one: registering them, proving them, handing them out. */
export interface Images {
  /** Throws container_unknown. */
  container(id: string): Promise<ContainerView>
  /** Throws container_unknown, image_missing. */
  get(image: ImageId): Promise<ImageAnswer>
  put(image: ImageByUrl): Promise<ImageAnswer>
  /** Registers the image that another container has for this architecture. */
  copy(image: ImageToCopy): Promise<ImageAnswer>
  /** Throws container_unknown, image_missing, image_refused for the only image. */
  drop(image: ImageChange): Promise<Pick<ImageAnswer, 'container' | 'released'>>
  /** Stores and registers a tarball. Throws image_refused, digest_mismatch, size_mismatch, store_full; then nothing is left behind. */
  upload(upload: TarballUpload): Promise<ImageAnswer>
  /** Throws store_full when there is no room for so many bytes. */
  checkRoom(bytes: number): Promise<void>
  /** Returns what reading the image has proved. Throws image_unproven when it was never read. */
  report(request: ReportRequest): Promise<Report>
  /** Reads the bytes now; a dry run returns what they are, and stores nothing. */
  verify(image: ImageChange): Promise<ImageAnswer>
  /** Registers a mislabelled image as what it is proven to be. */
  relabel(image: ImageChange): Promise<ImageAnswer>
  download(image: ImageAddress): Promise<Download>
  /** Reads a tarball in our own store. */
  open: BlobStore['get']
  head: BlobStore['head']
  presign: BlobStore['presign']
}

export function createImages(parts: ImageParts): Images {
  const { blobs, changes, publishing, views } = parts
  return {
    async container(id) {
      const view = await views.find(id)
      if (view) return view
      throw new CatalogueError('container_unknown', `container not found: ${id}`)
    },
    get: async ({ id, architecture }) => imageAnswer(parts, { ...(await changes.read(id)), architecture }),
    put: async (image) => imageAnswer(parts, { ...(await registerByUrl(parts, image)), architecture: image.architecture }),
    copy: async (image) => imageAnswer(parts, { ...(await copyImage(parts, image)), architecture: image.architecture }),
    async drop(image) {
      const dropped = await publishing.withdrawImage(image)
      return { container: await views.of(dropped), released: dropped.released }
    },
    async upload(upload) {
      if (upload.dryRun) await checkRoom(blobs, upload.size ?? 0)
      const { proof, ...uploaded } = await uploadTarball(parts, upload)
      return imageAnswer(parts, { ...uploaded, learnt: upload.dryRun ? proof : undefined })
    },
    checkRoom: (bytes) => checkRoom(blobs, bytes),
    report: (request) => reportOf(parts, request),
    verify: async (image) => imageAnswer(parts, await verifyImage(parts, image)),
    relabel: async (image) => imageAnswer(parts, await relabelImage(parts, image)),
    async download(image) {
      const { url, key, facts } = await imageTarget(parts, image)
      if (hasControls(url)) {
        const given = `the record ${image.id} gives the image for ${image.architecture} a URL with control characters`
        const message = `${given}, which no client can follow; register the image again with the right URL`
        throw new CatalogueError('record_damaged', message)
      }
      const last = percentDecoded((key ?? url).split(/[?#]/)[0]!.split('/').at(-1)!)
      return { filename: last || 'image.tar', key, url, sha256: facts?.sha256 ?? undefined }
    },
    open: (key, options) => blobs.get(key, options),
    head: (key) => blobs.head(key),
    presign: (key, options) => blobs.presign(key, options)
  }
}

async function checkRoom(blobs: BlobStore, bytes: number): Promise<void> {
  const left = await blobs.available()
  if (left === undefined || (bytes <= left && left > 0)) return
  throw new CatalogueError('store_full', `the object store is full: ${bytes} bytes are to be stored, and there is room for ${left}`)
}
