import { type BlobStore, type ByteRange, boundsOf, type OpenBlob, streamOf } from '../../blobs/blob-store.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { blobKey, type KeptBlob, type KeptManifest, type TarballPiece } from '../../domain/oci/documents.ts'
import type { KeptDocuments } from './kept-documents.ts'
import type { ContentName } from './parts.ts'
import type { UnpackedTarball, Unpacking } from './unpacking.ts'

/** What reading blobs takes. */
export interface BlobReading {
  blobs: BlobStore
  kept: KeptDocuments
  unpacking: Unpacking
}

export interface BlobBytes extends Pick<OpenBlob, 'stream' | 'first' | 'last' | 'size'> {}

/** Returns what is noted of a blob that a repository has. Throws blob_unknown. */
export async function findBlob({ kept }: BlobReading, { repository, digest }: ContentName): Promise<KeptBlob> {
  const blob = await kept.blob(repository, digest)
  if (blob) return blob
  throw new CatalogueError('blob_unknown', `${repository} has no blob ${digest}`)
}

/** Opens the bytes of a blob, wherever they are. Throws blob_unknown when they are gone, range_invalid. */
export async function openBlob(context: BlobReading, blob: KeptBlob, range?: ByteRange): Promise<BlobBytes> {
  const key = blobKey(blob.name)
  const inTarball = blob.of === undefined ? undefined : await openInTarball(context, blob, range)
  if (inTarball) return inTarball
  const stored = await context.blobs.get(key, range && { range })
  if (stored) return stored
  throw new CatalogueError('blob_unknown', `${blob.repository} had the blob ${blob.name}, but its bytes are gone`)
}

/** Larger configurations are no images. */
export const maxConfig = 8 * 1024 * 1024

/** Reads a blob whole. */
export async function textOfBlob({ stream }: BlobBytes): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks).toString()
}

/** Returns a URL from which the client can read a whole blob without us, where the store has such URLs and the blob is stored by itself. */
export async function presignedBlob({ blobs }: BlobReading, blob: KeptBlob): Promise<string | undefined> {
  if (blob.of !== undefined && !(await blobs.head(blobKey(blob.name)))) return undefined
  return blobs.presign(blobKey(blob.name), { seconds: presignedSeconds })
}

/** A client follows it at once. */
const presignedSeconds = 900

/** Returns undefined once the piece is stored by its digest. One that must be unpacked is given while it is, but a range of it only then. */
async function openInTarball(context: BlobReading, blob: KeptBlob, range: ByteRange | undefined): Promise<BlobBytes | undefined> {
  if (await context.blobs.head(blobKey(blob.name))) return undefined
  let failure: unknown
  for await (const place of placesOf(context, blob)) {
    try {
      return (await openPiece(context, place, range)) ?? (await unpackPiece(context, place, range))
    } catch (error) {
      if (!isCatalogueError(error, 'blob_unknown', 'blob_damaged', 'source_gone')) throw error
      failure = error
    }
  }
  throw failure ?? new CatalogueError('blob_unknown', `${blob.repository} had the blob ${blob.name}, but no tarball holds it any more`)
}

interface Place {
  source: UnpackedTarball
  piece: TarballPiece
}

/** Yields where a blob may be: the tarball that is noted, then any other one of the repository. */
async function* placesOf({ kept }: BlobReading, { repository, name, of }: KeptBlob): AsyncGenerator<Place> {
  const placeIn = ({ image, tarball }: KeptManifest): Place | undefined => {
    const piece = tarball?.pieces.find(({ digest }) => digest === name)
    return image && tarball && piece && { source: { image, tarball }, piece }
  }
  const noted = of === undefined ? undefined : await kept.manifest(repository, of)
  const first = noted && placeIn(noted)
  if (first) yield first
  for await (const manifest of kept.manifestsOf(repository)) {
    const place = manifest.name === of ? undefined : placeIn(manifest)
    if (place) yield place
  }
}

async function unpackPiece({ unpacking }: BlobReading, { source, piece }: Place, range?: ByteRange): Promise<BlobBytes | undefined> {
  const { digest, size } = piece
  if (range) {
    await unpacking.stored(source, digest)
    return undefined
  }
  const bytes = await unpacking.follow(source, digest)
  return bytes && { stream: streamOf(bytes), first: 0, last: size - 1, size }
}

/** Opens a piece within a plain tarball; undefined where it must be unpacked. */
async function openPiece({ blobs }: BlobReading, { source, piece }: Place, range?: ByteRange): Promise<BlobBytes | undefined> {
  const { key, sha256 } = source.tarball
  if (key === null || piece.offset === null) return undefined
  const { size, offset } = piece
  const { first, last } = boundsOf(range, { key: piece.digest, size })
  // an empty piece has no byte that a range could name
  if (size === 0) return undefined
  const opened = await blobs.get(key, { range: { first: offset + first, last: offset + last } })
  if (opened && (opened.sha256 === undefined || sha256 === null || opened.sha256 === sha256)) {
    return { stream: opened.stream, first, last, size }
  }
  opened?.stream.destroy()
  throw new CatalogueError('blob_unknown', `the tarball that held ${piece.digest} is ${opened ? 'another one by now' : 'gone'}`)
}
