import type { Architecture } from '../../domain/architecture.ts'
import { type Descriptor, manifestListOf } from '../../domain/build/manifest-list.ts'
import { currentImages } from '../../domain/build/state.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Facts } from '../../domain/image/facts.ts'
import { keyOfUrl, tagOf } from '../../domain/image/storage.ts'
import type { ImageFacts } from '../../images/image-report.ts'
import { type LayoutArchive, type LayoutImage, layoutArchive } from '../../images/layout-archive.ts'
import type { StoredRecord } from '../records/changes.ts'
import { currentFacts, type FactsStore } from '../verification/image-facts.ts'
import { openTarball, type ReadingParts, type Target } from '../verification/tarball-reading.ts'

export interface LayoutDownload extends LayoutArchive {
  /** What a file of it is called. */
  filename: string
}

export interface LayoutParts extends Pick<ReadingParts, 'blobs' | 'sources'> {
  /** Throws container_unknown. */
  read(id: string): Promise<Pick<StoredRecord, 'record'>>
  facts: FactsStore
  addresses: () => readonly string[]
}

/**
 * A whole container as one OCI layout, from what reading its images proved. Throws container_unproven where something is missing that
 * reading an image again would tell, and what looking for a tarball throws.
 */
export function layoutDownloads(parts: LayoutParts): (asked: { id: string; publicUrl: string }) => Promise<LayoutDownload> {
  const { blobs, sources, facts, addresses } = parts

  /** Before the first byte is sent; what goes wrong later can only break the answer off. */
  async function checkThere({ key, url, container, imageKey }: Target, known: Facts): Promise<void> {
    if (key === undefined) return void (await sources.probe(url))
    const blob = await blobs.head(key)
    if (blob && (blob.sha256 === undefined || blob.sha256 === known.sha256)) return
    const what = blob ? 'another tarball stands there by now' : 'its tarball is gone'
    throw unproven(container, [`${imageKey}: ${what}`])
  }

  return async ({ id, publicUrl }) => {
    const { record } = await parts.read(id)
    const known = await currentFacts(facts, record)
    const list = manifestListOf(record, { known, format: 'oci' })
    if (list.unproven.length > 0 || list.manifests.length === 0) {
      throw unproven(
        id,
        list.unproven.length > 0 ? list.unproven.map(({ architecture, why }) => `${architecture}: ${why}`) : ['it has no image']
      )
    }
    const images: LayoutImage[] = []
    const own = [publicUrl, ...addresses()]
    for (const [i, [architecture, { url, facts }]] of [...currentImages(record, known)].entries()) {
      const target = {
        container: id,
        imageKey: facts!.imageKey,
        url,
        digest: facts!.digest,
        given: null,
        key: facts!.key ?? keyOfUrl(url, own)
      }
      await checkThere(target, facts!)
      images.push(
        imageOf(architecture, {
          facts: facts!,
          descriptor: list.manifests[i]!,
          open: async () => (await openTarball(parts, target)).stream
        })
      )
    }
    const archive = layoutArchive(images, { name: nameIn(record.version ?? tagOf(id)) })
    if (!archive) {
      const architectures = [...currentImages(record, known).keys()]
      const silent = architectures.filter((_, i) => !layoutArchive([images[i]!], { name: undefined }))
      throw unproven(id, [
        `${silent.join(', ')}: read by an earlier version, which did not note where its parts are: leporello verify ${id} reads it again`
      ])
    }
    return { ...archive, filename: `${id.replace(/[^\w.+-]+/g, '-')}.oci.tar` }
  }
}

type Image = Pick<LayoutImage, 'descriptor' | 'open'> & { facts: Facts; descriptor: Descriptor }

function imageOf(architecture: Architecture, { facts, descriptor, open }: Image): LayoutImage {
  // a report that is stored is one that an inspection made; its shape is known in domain/ only as far as it is looked at there
  const images = (facts.report?.images ?? []) as ImageFacts[]
  const found = images.find(({ manifest }) => manifest?.digest === descriptor.digest)
  if (!found) throw new Error(`the report of ${facts.container} for ${architecture} lost the image that it was about`)
  return { descriptor, facts: found, open }
}

/** As a reference may end: what is none is left out. */
const nameIn = (version: string | undefined): string | undefined => (version && /^\w[\w.-]{0,127}$/.test(version) ? version : undefined)

function unproven(id: string, why: string[]): CatalogueError {
  const path = `/api/v1/containers/${encodeURIComponent(id)}/images/{architecture}`
  return new CatalogueError(
    'container_unproven',
    `${id} cannot be handed out whole: ${why.join('; ')}. POST ${path}/verify reads an image, …/relabel registers it as what it is`
  )
}
