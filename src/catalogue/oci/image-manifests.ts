import { CatalogueError } from '../../domain/errors.ts'
import { type Facts, registeredPart } from '../../domain/image/facts.ts'
import { asFields } from '../../domain/json/reading.ts'
import type { KeptBlob, KeptManifest, TarballPiece } from '../../domain/oci/documents.ts'
import { maxManifest } from '../../domain/oci/manifest.ts'
import { type ImageBlobs, imageBlobs, type MemberBlob } from '../../images/image-blobs.ts'
import type { ImageFacts } from '../../images/image-report.ts'
import { openBlob, textOfBlob } from './oci-blobs.ts'
import type { OciContext } from './parts.ts'

/** Returns where the parts of an image are; undefined when its report does not tell. */
export const blobsOf = (facts: Facts): ImageBlobs | undefined => {
  // what is stored is what an inspection made; domain/ types only the part of it that is read there
  const part = registeredPart(facts) as unknown as ImageFacts | undefined
  return part && imageBlobs(part)
}

/**
 * Keeps the manifest of an image that was registered as a tarball, and what its repository has of it, so that its bytes stay the same
 * whatever is registered later. Throws what reading the tarball throws, if that holds the manifest.
 */
export async function keepManifest(context: OciContext, { repository, facts }: { repository: string; facts: Facts }) {
  const { kept, now } = context
  const found = blobsOf(facts)
  if (!found || facts.manifest === null) return undefined
  const known = await kept.manifest(repository, facts.manifest)
  if (known && (known.pushed !== undefined || isOf(known, facts))) return known
  const isPlain = asFields(facts.report?.['tarball'])?.['compression'] === 'none'
  const pieces = found.members.map((member) => pieceOf(member, isPlain))
  const { container, imageKey, url, sha256 } = facts
  const touched = now().toISOString()
  const links = pieces.map(({ digest, size }): KeptBlob => ({ kind: 'blob', repository, name: digest, size, of: facts.manifest!, touched }))
  const digests = links.map(({ name }) => name)
  const there = await kept.blobs(repository, digests)
  await kept.put(...links.filter(({ name }) => there.get(name)?.of !== undefined || !there.has(name)))
  const manifest: KeptManifest = {
    kind: 'manifest',
    repository,
    name: facts.manifest,
    mediaType: (registeredPart(facts)!['manifest'] as { mediaType: string }).mediaType,
    text: '',
    image: { container, imageKey, url },
    tarball: { key: facts.key, sha256, pieces },
    touched
  }
  manifest.text = found.text?.text.toString() ?? (await manifestText(context, manifest, pieces[0]!))
  await kept.put(manifest)
  return manifest
}

const isOf = ({ image, tarball }: KeptManifest, { container, imageKey, url, sha256 }: Facts): boolean =>
  image?.container === container && image.imageKey === imageKey && image.url === url && tarball?.sha256 === sha256

const pieceOf = ({ digest, size, name, offset, unpack }: MemberBlob, isPlain: boolean): TarballPiece => ({
  digest,
  size,
  member: name,
  offset: isPlain ? offset : null,
  unpack
})

/** Reads a manifest that the tarball holds. */
async function manifestText(context: OciContext, manifest: KeptManifest, piece: TarballPiece): Promise<string> {
  if (piece.size > maxManifest)
    throw new CatalogueError('too_large', `the manifest ${piece.digest} has ${piece.size} bytes; at most ${maxManifest} are served`)
  // its place is not stored yet
  const kept = { ...context.kept, manifest: async () => manifest }
  const { repository, name: of } = manifest
  const blob: KeptBlob = { kind: 'blob', repository, name: piece.digest, size: piece.size, of, touched: '' }
  return textOfBlob(await openBlob({ ...context, kept }, blob))
}
