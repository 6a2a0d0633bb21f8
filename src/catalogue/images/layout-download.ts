import type { Architecture } from '../../domain/architecture.ts'
import { manifestListOf } from '../../domain/build/manifest-list.ts'
import { type CurrentImage, currentImages } from '../../domain/build/state.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { type Facts, registeredPart } from '../../domain/image/facts.ts'
import { keyOfUrl, tagOf } from '../../domain/image/storage.ts'
import type { ImageFacts } from '../../images/image-report.ts'
import { type LayoutArchive, type LayoutImage, layoutArchive } from '../../images/layout-archive.ts'
import { currentFacts } from '../verification/image-facts.ts'
import { openTarball, type ReadingTarget } from '../verification/tarball-reading.ts'
import type { ImageParts } from './parts.ts'

export type DownloadLayout = (request: { id: string; publicUrl: string }) => Promise<LayoutArchive & { filename: string }>

/** Returns a container as one OCI layout. Throws container_unproven if an image must be read again, and what opening it throws. */
export function createLayoutDownload(parts: ImageParts): DownloadLayout {
  return async ({ id, publicUrl }) => {
    const { record } = await parts.changes.read(id)
    const facts = await currentFacts(parts.facts, record)
    const { manifests, unproven } = manifestListOf(record, { facts, format: 'oci' })
    const why = unproven.map(({ architecture, why }) => `${architecture}: ${why}`)
    if (manifests.length === 0 && why.length === 0) why.push('it has no image')
    if (why.length > 0) throw refusal(id, why)
    const images: LayoutImage[] = []
    const architectures: Architecture[] = []
    for (const [i, [architecture, image]] of [...currentImages(record, facts)].entries()) {
      architectures.push(architecture)
      images.push({ descriptor: manifests[i]!, ...(await layoutImage(parts, image, publicUrl)) })
    }
    const archive = layoutArchive(images, { name: nameIn(record.version ?? tagOf(id)) })
    if (archive) return { ...archive, filename: `${id.replace(/[^\w.+-]+/g, '-')}.oci.tar` }
    const silent = architectures.filter((_, i) => !layoutArchive([images[i]!], { name: undefined }))
    const again = `read by an earlier version, which did not note where its parts are: leporello verify ${id} reads it again`
    throw refusal(id, [`${silent.join(', ')}: ${again}`])
  }
}

async function layoutImage(parts: ImageParts, image: CurrentImage, publicUrl: string): Promise<Omit<LayoutImage, 'descriptor'>> {
  const { url } = image
  const facts = image.facts!
  const { container, imageKey, digest } = facts
  const key = facts.key ?? keyOfUrl(url, [publicUrl, ...parts.addresses()])
  const target = { container, imageKey, url, digest, given: null, key }
  await checkThere(parts, target, facts)
  // a report that is stored is one that an inspection made; domain/ types only the part of it that is read there
  const found = registeredPart(facts) as unknown as ImageFacts | undefined
  if (!found) throw new Error(`the report of ${container} for ${imageKey} lacks the image that it is about`)
  return { facts: found, open: async () => (await openTarball(parts, target)).stream }
}

/** Before the first byte is sent: what fails later can only break off the response. */
async function checkThere({ blobs, sources }: ImageParts, target: ReadingTarget, facts: Facts): Promise<void> {
  const { key, url, container, imageKey } = target
  if (key === undefined) return void (await sources.probe(url))
  const blob = await blobs.head(key)
  if (blob && (blob.sha256 === undefined || blob.sha256 === facts.sha256)) return
  throw refusal(container, [`${imageKey}: ${blob ? 'another tarball is stored there by now' : 'its tarball is gone'}`])
}

/** The name in the layout, as a reference may end; undefined where the version cannot be one. */
const nameIn = (version: string | undefined): string | undefined => (version && /^\w[\w.-]{0,127}$/.test(version) ? version : undefined)

function refusal(id: string, why: string[]): CatalogueError {
  const path = `/api/v1/containers/${encodeURIComponent(id)}/images/{architecture}`
  const remedy = `POST ${path}/verify reads an image, …/relabel registers it as what it is`
  return new CatalogueError('container_unproven', `${id} cannot be handed out whole: ${why.join('; ')}. ${remedy}`)
}
