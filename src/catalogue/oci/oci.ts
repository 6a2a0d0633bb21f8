import type { BlobStore, ByteRange } from '../../blobs/blob-store.ts'
import type { Architecture } from '../../domain/architecture.ts'
import type { KeptBlob, KeptManifest } from '../../domain/oci/documents.ts'
import type { ManifestDescriptor } from '../../schemas.ts'
import type { TarballSources } from '../../sources/source.ts'
import type { Stores } from '../../stores/document-store.ts'
import { visibleByPath, withArchives } from './archives.ts'
import { type BlobUploads, createBlobUploads } from './blob-uploads.ts'
import { type CleanUpCount, type CleanUpParts, type CleanUpTurn, cleanUp } from './clean-up.ts'
import { deleteBlob, deleteManifest, type ManifestDeletion } from './deletions.ts'
import { createKeptDocuments, type KeptDocumentsParts } from './kept-documents.ts'
import { type ManifestPush, type PushedManifest, pushManifest } from './manifest-pushes.ts'
import { findManifest, type ManifestRequest } from './manifests.ts'
import { listRepositories, listTags, type NamePage, type NameQuery } from './name-lists.ts'
import { type BlobBytes, type BlobReading, findBlob, openBlob, presignedBlob } from './oci-blobs.ts'
import type { ContentName } from './parts.ts'
import { listReferrers, type Referrer } from './referrers.ts'
import { createTags } from './tags.ts'
import { createUnpacking } from './unpacking.ts'

/** Containers and other content as registry clients see them. */
export interface Oci {
  /** Throws manifest_unknown, image_mislabelled. */
  manifest(request: ManifestRequest): Promise<KeptManifest>
  /** Throws blob_unknown. */
  blob(content: ContentName): Promise<KeptBlob>
  open(blob: KeptBlob, range?: ByteRange): Promise<BlobBytes>
  presign(blob: KeptBlob): Promise<string | undefined>
  /** Throws name_unknown. */
  tags(query: NameQuery & { repository: string }): Promise<NamePage>
  repositories(query: NameQuery): Promise<NamePage>
  uploads: BlobUploads
  /** Throws what pushManifest throws. */
  push(manifest: ManifestPush): Promise<PushedManifest>
  /** Throws manifest_unknown, content_in_use. */
  remove(deletion: ManifestDeletion): Promise<void>
  /** Throws blob_unknown, content_in_use. */
  removeBlob(content: ContentName): Promise<void>
  referrers(subject: ContentName): Promise<Referrer[]>
  /** Returns what is pulled where nobody has read the image that a container registers, because it was pushed, too. */
  pushed(id: string): Promise<ReadonlyMap<Architecture, ManifestDescriptor>>
  /** Removes what nothing names. Returns undefined when it was not this replica's turn. */
  cleanUp(turn: CleanUpTurn): Promise<CleanUpCount | undefined>
  /** The store for tarballs as clients see it by path. */
  storage: BlobStore
}

export interface OciSettings {
  /** A pushed image is answered as it was pushed, also to clients that take an index. */
  asPushed?: boolean
}

interface OciStorageParts extends Omit<KeptDocumentsParts, 'store'> {
  stores: Pick<Stores, 'oci'>
  blobs: BlobStore
  sources: TarballSources
}

/** The store for tarballs, in which the tarballs of pushed images are too, and what else reading them takes. */
export function createOciStorage({ stores, blobs, sources, ...parts }: OciStorageParts): BlobReading {
  const kept = createKeptDocuments({ ...parts, store: stores.oci })
  // an image may lie in the tarball of another one that was pushed
  const access = { blobs, sources }
  const reading = { blobs, kept, unpacking: createUnpacking(access) }
  const all = withArchives(reading)
  reading.blobs = all
  access.blobs = all
  return reading
}

export function createOci(context: CleanUpParts, { asPushed = false }: OciSettings = {}): Oci {
  const { kept } = context
  const tags = createTags(context, { asPushed })
  return {
    manifest: (request) => findManifest(context, { ...request, tags }),
    async blob(content) {
      const blob = await findBlob(context, content)
      await kept.touch(blob)
      return blob
    },
    open: (blob, range) => openBlob(context, blob, range),
    presign: (blob) => presignedBlob(context, blob),
    tags: (query) => listTags(context, query),
    repositories: (query) => listRepositories(context, query),
    uploads: createBlobUploads(context),
    push: (manifest) => pushManifest(context, manifest),
    remove: (deletion) => deleteManifest(context, deletion),
    removeBlob: (content) => deleteBlob(context, content),
    referrers: (subject) => listReferrers(context, subject),
    pushed: (id) => tags.pushed(id),
    cleanUp: (turn) => cleanUp(context, turn),
    storage: visibleByPath(context.blobs)
  }
}
