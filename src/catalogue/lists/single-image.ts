import { type ContainerRecord, fromDocument } from '../../domain/container/document.ts'
import { architecturesOf } from '../../domain/container/resolution.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { applies, type Facts } from '../../domain/image/facts.ts'
import { keyOfUrl } from '../../domain/image/storage.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import { type Learning, readAndLearn } from '../verification/tarball-reading.ts'
import { type ImageView, imageView } from './image-views.ts'

/** The one image of a record that names only `url`: nobody said which architecture it is for. */
export type SingleImage = Omit<ImageView, 'architecture'> & { container: string; architecture: null }

export interface SingleImageParts extends Learning {
  containers: DocumentStore
  /** Addresses under which this server knows itself. */
  addresses: () => readonly string[]
}

/** The record, and its `url`. Throws container_unknown; image_missing when it names architectures, or nothing. */
export async function singleOf(containers: DocumentStore, id: string): Promise<{ record: ContainerRecord; url: string; revision: string }> {
  const stored = await containers.get(id)
  if (!stored) throw new CatalogueError('container_unknown', `container not found: ${id}`)
  const record = fromDocument(id, stored.document)
  if (record.images.size === 0 && record.url !== undefined) return { record, url: record.url, revision: stored.revision }
  const available = architecturesOf(record)
  const found = available.length > 0 ? `names its images by architecture (${available.join(', ')})` : 'names no image at all'
  throw new CatalogueError('image_missing', `${id} ${found}`, { details: { available } })
}

export function singleImageView(container: string, { url, facts }: { url: string; facts: Facts | undefined }): SingleImage {
  const { architecture: _, ...view } = imageView(null, { url, facts })
  return { container, architecture: null, ...view }
}

/** Reads it now; a dry run writes nothing down. Throws what singleOf and opening it throw. */
export async function verifySingle(
  parts: SingleImageParts,
  { id, publicUrl, dryRun = false }: { id: string; publicUrl: string; dryRun?: boolean }
): Promise<SingleImage> {
  const { record, url } = await singleOf(parts.containers, id)
  const digest = record.digest ?? ''
  const [known] = await parts.facts.read(id, [''])
  const given = known && applies(known, { url, digest }) ? known.given : null
  const key = keyOfUrl(url, [publicUrl, ...parts.addresses()])
  const target = { container: id, imageKey: '' as const, url, digest, given, key }
  const { proven: facts } = await readAndLearn(parts, target, { by: 'verify', dryRun })
  return singleImageView(id, { url, facts })
}
