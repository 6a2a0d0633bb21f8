import type { BlobStore } from '../../blobs/blob-store.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { blobKey, type ImageOfManifest, type KeptTarball, type TarballPiece } from '../../domain/oci/documents.ts'
import { extractMembers } from '../../images/extract-members.ts'
import { checkedBlob } from '../../images/image-blobs.ts'
import { openTarball, type TarballAccess } from '../verification/tarball-reading.ts'

/** Stores the pieces of compressed tarballs by their digests, in one pass for all that ask meanwhile. */
export interface Unpacking {
  /** Resolves when the piece is stored. Throws blob_unknown when the tarball is gone, blob_damaged when it is another one by now. */
  stored(source: UnpackedTarball, digest: string): Promise<void>
}

export interface UnpackedTarball {
  image: ImageOfManifest
  tarball: KeptTarball
}

interface Pass {
  pieces: ReadonlyMap<string, Ending>
  done: Promise<void>
}

interface Ending {
  promise: Promise<void>
  resolve(): void
}

function createEnding(): Ending {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

export function createUnpacking(access: TarballAccess): Unpacking {
  const passes = new Map<string, Pass>()

  function begin(source: UnpackedTarball): Pass {
    const name = source.tarball.key ?? source.image.url
    const pieces = new Map(source.tarball.pieces.map(({ digest }) => [digest, createEnding()]))
    const done = unpack(access, source, (digest) => pieces.get(digest)?.resolve()).finally(() => passes.delete(name))
    const pass = { pieces, done }
    done.catch(() => {}) // each that waits for a piece hears of it
    passes.set(name, pass)
    return pass
  }

  return {
    async stored(source, digest) {
      for (;;) {
        const pass = passes.get(source.tarball.key ?? source.image.url) ?? begin(source)
        const piece = pass.pieces.get(digest)
        await Promise.race([pass.done, ...(piece ? [piece.promise] : [])])
        // a pass for another image of the same tarball does not store this one's pieces
        if (piece) return
      }
    }
  }
}

async function unpack(access: TarballAccess, source: UnpackedTarball, onStored: (digest: string) => void): Promise<void> {
  const wanted: (TarballPiece & { name: string })[] = []
  for (const piece of new Map(source.tarball.pieces.map((one) => [one.digest, one])).values()) {
    if (await access.blobs.head(blobKey(piece.digest))) onStored(piece.digest)
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
      await storePiece(access.blobs, piece, checkedBlob(bytes, piece))
      onStored(piece.digest)
    }
  } catch (error) {
    if (isCatalogueError(error)) throw error
    throw new CatalogueError('blob_damaged', `the tarball of ${container} cannot be unpacked: ${(error as Error).message}`, {
      cause: error
    })
  } finally {
    tarball.stream.destroy()
  }
}

async function storePiece(blobs: BlobStore, { digest, size }: TarballPiece, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  await blobs.put(blobKey(digest), bytes, { expected: { sha256: digest.slice('sha256:'.length), size } })
}
