import type { ByteSource, Upload } from '../../blobs/blob-store.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { asFields, parsedJson } from '../../domain/json/reading.ts'
import { blobKey, type KeptBlob } from '../../domain/oci/documents.ts'
import { createOpenUploads } from '../images/open-uploads.ts'
import { openBlob } from './oci-blobs.ts'
import type { ContentName, OciContext } from './parts.ts'

/** Which upload of which repository. */
interface UploadName {
  repository: string
  upload: string
}

/** Bytes of an upload; without `at` they follow whatever has come. */
interface UploadPiece extends UploadName {
  at: number | undefined
  source: ByteSource
}

/** Blobs that clients push, at once or in pieces, over hours and restarts. */
export interface BlobUploads {
  /** Throws uploads_exceeded, share_exceeded: a client may have so many open. */
  begin(repository: string, options: { client: string }): Promise<Upload>
  /** Throws upload_unknown. */
  get(name: UploadName): Promise<Upload>
  /** Throws upload_conflict when the piece does not begin where the upload ends, or another one is arriving. */
  append(piece: UploadPiece): Promise<Upload>
  /** Throws digest_mismatch; the upload is then gone. */
  finish(blob: ContentName & UploadName): Promise<void>
  discard(name: UploadName): Promise<void>
  /** Stores a whole blob. Throws digest_mismatch, size_mismatch. */
  store(blob: ContentName & { source: ByteSource; size: number | undefined }): Promise<void>
  /** Gives a repository a blob that another one has. Returns whether that has it. */
  mount(blob: ContentName & { from: string }): Promise<boolean>
}

export function createBlobUploads(context: OciContext): BlobUploads {
  const { blobs, kept, now } = context
  const { uploads } = blobs
  // the clean-up removes those that were abandoned
  const open = createOpenUploads({ uploads, ownerOf: ({ note }) => uploadNoteIn(note)?.client, isExpired: () => false })
  const link = async ({ repository, digest, size }: ContentName & { size: number }) =>
    kept.put({ kind: 'blob', repository, name: digest, size, touched: now().toISOString() })

  async function get({ repository, upload }: UploadName): Promise<Upload> {
    const found = await uploads.get(upload)
    if (found && parseUploadNote(found.note) === repository) return found
    const message = `${repository} has no upload ${upload.slice(0, 100)}: it was finished, cancelled, or has expired`
    throw new CatalogueError('upload_unknown', message)
  }

  return {
    begin: (repository, { client }) => open.begin(client, () => uploads.create({ note: JSON.stringify({ oci: { repository, client } }) })),
    get,
    async append({ at, source, ...name }) {
      const { offset } = await get(name)
      if (at !== undefined && at !== offset) {
        throw new CatalogueError('upload_conflict', `the upload has ${offset} bytes; a chunk that begins at ${at} cannot follow`)
      }
      return uploads.append({ id: name.upload, at: offset, source })
    },
    async finish({ upload, ...blob }) {
      await get({ repository: blob.repository, upload })
      const sha256 = hexOf(blob.digest)
      // kept until the repository has it, so that a client can ask again after a crash
      const { size } = await uploads.finish(upload, { key: blobKey(blob.digest), expected: { sha256 }, keep: true })
      await link({ ...blob, size })
      await uploads.discard(upload)
      open.gone(upload)
    },
    async discard(name) {
      await get(name)
      await uploads.discard(name.upload)
      open.gone(name.upload)
    },
    async store({ source, size, ...blob }) {
      const expected = { sha256: hexOf(blob.digest), ...(size !== undefined && { size }) }
      const stored = await blobs.put(blobKey(blob.digest), source, { expected })
      await link({ ...blob, size: stored.size })
    },
    async mount({ repository, from, digest }) {
      const blob = await kept.blob(from, digest)
      if (!blob) return false
      await keepBytes(context, blob)
      await link({ repository, digest, size: blob.size })
      return true
    }
  }
}

const hexOf = (digest: string): string => digest.slice('sha256:'.length)

/** Stores a blob by its digest that is only inside a tarball: what was pushed must not go away with that. */
export async function keepBytes(context: OciContext, blob: KeptBlob): Promise<void> {
  const { blobs, kept, now } = context
  if (blob.of === undefined) return kept.touch(blob)
  const store = async () => {
    if (await blobs.head(blobKey(blob.name))) return
    const { stream } = await openBlob(context, blob)
    await blobs.put(blobKey(blob.name), stream, { expected: { sha256: hexOf(blob.name), size: blob.size } })
  }
  await store()
  const { of: _, ...own } = blob
  await kept.put({ ...own, touched: now().toISOString() })
  // the clean-up may have removed the bytes just before the repository had them
  await store()
}

const uploadNoteIn = (note: string) => asFields(parsedJson(note))?.['oci'] as { repository?: string; client?: string } | undefined

/** Returns the repository that an upload is for; undefined for the upload of anything else. */
export const parseUploadNote = (note: string): string | undefined => uploadNoteIn(note)?.repository
