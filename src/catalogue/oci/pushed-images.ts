import { type Architecture, parseArchitecture } from '../../domain/architecture.ts'
import { applies } from '../../domain/image/facts.ts'
import { storageUrl } from '../../domain/image/storage.ts'
import { asFields } from '../../domain/json/reading.ts'
import { archiveKey, type KeptManifest } from '../../domain/oci/documents.ts'
import { platformArchitecture } from '../../domain/oci/manifest.ts'
import type { TagName } from '../../domain/oci/names.ts'
import { reportOnProven } from '../../images/overall-verdict.ts'
import { checkProven, placeFor, registerTarball } from '../images/tarball-uploads.ts'
import type { ChangeContext } from '../records/image-records.ts'
import { maxConfig, openBlob, textOfBlob } from './oci-blobs.ts'
import type { ContentName, OciContext } from './parts.ts'

export interface ImageToPush {
  manifest: KeptManifest
  /** What an index says that it is for, or else its configuration; undefined where neither says it. */
  architecture: Architecture | undefined
  /** The digest of its configuration. */
  config: string
}

/** The tag of a container, and the container's id. */
export type ContainerTag = TagName & { id: string }

/** Returns what an image's configuration says that it is for; undefined where it says nothing that is an architecture for Linux. */
export async function configuredArchitectureOf(context: OciContext, { repository, digest, size }: ContentName & { size: number }) {
  const blob = size > maxConfig ? undefined : await context.kept.blob(repository, digest)
  if (!blob) return undefined
  const text = await textOfBlob(await openBlob(context, blob))
  try {
    return platformArchitecture(asFields(JSON.parse(text)))
  } catch {
    return undefined
  }
}

/**
 * Reads a pushed image as workers load it, and registers it with its container. Does nothing where the container has that image already.
 * Returns the architecture. Throws image_refused, and on a strict site image_mislabelled.
 */
export async function registerPushed(
  context: OciContext,
  { id, manifest, architecture: claimed, repository, tag }: ContainerTag & ImageToPush,
  { publicUrl, cause, origin }: Pick<ChangeContext, 'publicUrl' | 'cause'> & { origin?: string }
): Promise<Architecture> {
  const { blobs, kept, changes, facts, inspect } = context
  const before = await changes.find(id)
  const keyFor = (architecture: Architecture) => archiveKey({ repository, tag, digest: manifest.name }, architecture)
  if (claimed && before) {
    const url = storageUrl(publicUrl, keyFor(claimed))
    const [known] = await facts.read(id, [claimed])
    const isThere = before.record.images.get(claimed) === url && known && applies(known, { url, digest: before.record.digest })
    if (isThere && known.verdict !== 'unverified') {
      if (origin && origin !== known.origin) await facts.learn({ ...known, origin })
      return claimed
    }
  }
  const opened = await blobs.get(keyFor(claimed ?? parseArchitecture('amd64')))
  if (!opened) throw new Error(`the image ${manifest.name} cannot be read as a tarball`)
  const { report: read } = await inspect(opened.stream, { ...(claimed && { claimed }), container: id })
  const report = reportOnProven(read, { container: id })
  checkProven(report, context)
  const claim = { architecture: claimed, version: undefined, filename: undefined, digest: undefined }
  const { version, architecture } = placeFor(report, { id, claim, before })
  const place = { version, architecture, key: keyFor(architecture) }
  const { proof } = await registerTarball(context, { id, place, report, publicUrl, cause, ...(origin && { origin }) })
  await kept.put({ ...manifest, image: { container: id, imageKey: proof.imageKey, url: proof.url } })
  return architecture
}
