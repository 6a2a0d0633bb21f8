import type { Architecture } from '../../domain/architecture.ts'
import type { PendingImage } from '../../domain/build/build-status.ts'
import type { ContainerRecord } from '../../domain/container/document.ts'
import { imageMissing } from '../../domain/container/resolution.ts'
import { applies, type Facts, pendingKey } from '../../domain/image/facts.ts'
import { own } from '../../domain/own.ts'
import { type ContainerView, type ImageView, imageView } from '../lists/image-views.ts'
import type { RegisteredImage } from '../records/image-records.ts'
import type { ImageParts } from './parts.ts'

export interface ImageAnswer extends Pick<RegisteredImage, 'created' | 'unchanged' | 'released'> {
  container: ContainerView
  image: ImageView
  /** Whether it waits to be published with the others. */
  pending: boolean
}

/** An image of a record as it is now, and what a request did to it. */
export interface AnsweredImage extends Partial<Omit<RegisteredImage, 'document'>> {
  architecture: Architecture
  record: ContainerRecord
  revision: string
  /** What a dry run found out and did not store. */
  learnt?: Facts | undefined
}

/** Throws image_missing. */
export async function imageAnswer(parts: ImageParts, answered: AnsweredImage): Promise<ImageAnswer> {
  const { architecture, record, revision, created = false, unchanged = false, released = [], waiting, learnt } = answered
  const { views } = parts
  const container = await views.of({ record, revision }, { gathered: views.gather(record, learnt) })
  const pending = waiting?.get(architecture)
  const image = pending ? await pendingView(parts, answered, pending) : own(container.images, architecture)
  if (!image) throw imageMissing(record, { architecture })
  return { container, image, created, unchanged, released, pending: pending !== undefined }
}

async function pendingView({ facts }: ImageParts, answered: AnsweredImage, { url, digest }: PendingImage): Promise<ImageView> {
  const { record, architecture, learnt } = answered
  const [stored] = learnt ? [learnt] : await facts.read(record.id, [pendingKey(architecture)])
  const view = imageView({ url, facts: stored && applies(stored, { url, digest: digest ?? '' }) ? stored : undefined })
  return { architecture, ...view, digest: view.digest ?? digest }
}
