import { imageMissing } from '../../domain/container/resolution.ts'
import { applies, type Facts } from '../../domain/image/facts.ts'
import { keyOfUrl } from '../../domain/image/storage.ts'
import type { ImageId } from '../records/image-records.ts'
import type { ReadingTarget } from '../verification/tarball-reading.ts'
import type { ImageParts } from './parts.ts'

/** An image, and the address of ours that the request came by. */
export interface ImageAddress extends ImageId {
  publicUrl: string
}

/** An image that a record names, with what is known about it. */
export interface ImageTarget extends ReadingTarget {
  facts: Facts | undefined
}

/** Throws container_unknown, image_missing. */
export async function imageTarget(
  { changes, facts, addresses }: ImageParts,
  { id, architecture, publicUrl }: ImageAddress
): Promise<ImageTarget> {
  const { record } = await changes.read(id)
  const url = record.images.get(architecture)
  if (url === undefined) throw imageMissing(record, { architecture })
  const digest = record.digest ?? ''
  const current = (await facts.read(id, [architecture])).find((one) => applies(one, { url, digest }))
  const key = current?.key ?? keyOfUrl(url, [publicUrl, ...addresses()])
  return { container: id, imageKey: architecture, url, digest, given: current?.given ?? null, key, facts: current }
}
