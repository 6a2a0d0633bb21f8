import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { blobKey, type ImageOfManifest, type KeptTarball, type TarballPiece } from '../../domain/oci/documents.ts'
import { extractMembers } from '../../images/extract-members.ts'
import { checkedBlob } from '../../images/image-blobs.ts'
import { openTarball, type TarballAccess } from '../verification/tarball-reading.ts'
import { createGrowingBlob, type GrowingBlob } from './growing-blob.ts'

export type Unpacking = ReturnType<typeof createUnpacking>

export interface UnpackedTarball {
  image: ImageOfManifest
  tarball: KeptTarball
}

type Pieces = ReadonlyMap<string, GrowingBlob>

/** Bytes that are kept in memory for readers: of one pass, and of all together. */
const maxKept = { pass: 16 * 1024 * 1024, all: 64 * 1024 * 1024 }

/** Stores the pieces of compressed tarballs by their digests, in one pass for all that ask meanwhile. */
export function createUnpacking(access: TarballAccess) {
  const passes = new Map<string, { pieces: Pieces; done: Promise<void> }>()
  // a pass stores one piece at a time
  const mostKept = () => Math.min(maxKept.pass, maxKept.all / passes.size)

  function begin(source: UnpackedTarball) {
    const name = source.tarball.key ?? source.image.url
    const pieces = new Map(source.tarball.pieces.map(({ digest, size }) => [digest, createGrowingBlob(size, mostKept)]))
    const done = unpack(access, source, pieces).finally(() => passes.delete(name))
    done.catch((error) => {
      for (const piece of pieces.values()) piece.fail(error)
    })
    const pass = { pieces, done }
    passes.set(name, pass)
    return pass
  }

  async function pieceOf(source: UnpackedTarball, digest: string): Promise<GrowingBlob> {
    for (;;) {
      const pass = passes.get(source.tarball.key ?? source.image.url) ?? begin(source)
      const piece = pass.pieces.get(digest)
      if (piece) return piece
      // a pass for another image of the same tarball does not store this one's pieces
      await pass.done
    }
  }

  async function* rest(digest: string, first: number): AsyncGenerator<Uint8Array> {
    const opened = await access.blobs.get(blobKey(digest), { range: { first } })
    if (!opened) throw new CatalogueError('blob_unknown', `${digest} was removed while it was sent`)
    yield* opened.stream as AsyncIterable<Uint8Array>
  }

  return {
    /** Resolves when the piece is stored. Throws blob_unknown when the tarball is gone, blob_damaged when it is another one by now. */
    stored: async (source: UnpackedTarball, digest: string): Promise<void> => (await pieceOf(source, digest)).stored,
    /** Resolves with the piece at its first bytes, or undefined when it is stored. Throws as `stored`; what fails later fails the reader. */
    async follow(source: UnpackedTarball, digest: string): Promise<AsyncIterable<Uint8Array> | undefined> {
      const piece = await pieceOf(source, digest)
      await piece.begun
      return piece.isGrowing() ? piece.read((first) => rest(digest, first)) : undefined
    }
  }
}

async function unpack(access: TarballAccess, source: UnpackedTarball, pieces: Pieces): Promise<void> {
  const wanted: (TarballPiece & { name: string })[] = []
  for (const piece of new Map(source.tarball.pieces.map((one) => [one.digest, one])).values()) {
    if (await access.blobs.head(blobKey(piece.digest))) pieces.get(piece.digest)!.succeed()
    else wanted.push({ ...piece, name: piece.member })
  }
  if (wanted.length === 0) return
  const { container, imageKey, url } = source.image
  const key = source.tarball.key ?? undefined
  const tarball = await openTarball(access, { container, imageKey, url, digest: '', given: null, key }).catch((error) => {
    if (!isCatalogueError(error, 'source_gone')) throw error
    throw new CatalogueError('blob_unknown', `the tarball that held it is gone: ${error.message}`, { cause: error })
  })
  try {
    for await (const { wanted: piece, bytes } of extractMembers(tarball.stream, wanted)) {
      const growing = pieces.get(piece.digest)!
      const expected = { sha256: piece.digest.slice('sha256:'.length), size: piece.size }
      await access.blobs.put(blobKey(piece.digest), growing.shown(checkedBlob(bytes, piece)), { expected })
      growing.succeed()
    }
  } catch (error) {
    if (isCatalogueError(error)) throw error
    const message = `the tarball of ${container} cannot be unpacked: ${(error as Error).message}`
    throw new CatalogueError('blob_damaged', message, { cause: error })
  } finally {
    tarball.stream.destroy()
  }
}
