import { fromDocument } from '../../domain/container/document.ts'
import { architecturesOf } from '../../domain/container/resolution.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { applies } from '../../domain/image/facts.ts'
import { keyOfUrl } from '../../domain/image/storage.ts'
import type { ContainerImage } from '../../schemas.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import { type LearningParts, readAndLearn } from '../verification/tarball-reading.ts'
import { imageView } from './image-views.ts'
import type { ListsParts } from './parts.ts'

/** The only image of a record that names only `url`, and no architecture. */
export type SingleImage = ContainerImage & { architecture: null }

/** Returns a record whose only image is its `url`. Throws container_unknown; image_missing if it names architectures or has no image. */
export async function singleOf(containers: Pick<DocumentStore, 'get'>, id: string) {
  const stored = await containers.get(id)
  if (!stored) throw new CatalogueError('container_unknown', `container not found: ${id}`)
  const record = fromDocument(id, stored.document)
  if (record.images.size === 0 && record.url !== undefined) return { record, url: record.url, revision: stored.revision }
  const available = architecturesOf(record)
  const found = available.length > 0 ? `names its images by architecture (${available.join(', ')})` : 'names no image at all'
  throw new CatalogueError('image_missing', `${id} ${found}`, { details: { available } })
}

export interface SingleImageRequest {
  id: string
  publicUrl: string
  /** Verifies without writing anything. */
  dryRun?: boolean
}

/** Reads and verifies the image now. Throws the errors of singleOf and readTarball. */
export async function verifySingle(
  parts: LearningParts & Pick<ListsParts, 'stores' | 'addresses'>,
  { id, publicUrl, dryRun = false }: SingleImageRequest
): Promise<SingleImage> {
  const { record, url } = await singleOf(parts.stores.containers, id)
  const digest = record.digest ?? ''
  const [current] = await parts.facts.read(id, [''])
  const given = current && applies(current, { url, digest }) ? current.given : null
  const key = keyOfUrl(url, [publicUrl, ...parts.addresses()])
  const target = { container: id, imageKey: '' as const, url, digest, given, key }
  const { proven: facts } = await readAndLearn(parts, target, { by: 'verify', dryRun })
  return { container: id, architecture: null, ...imageView({ url, facts }) }
}
