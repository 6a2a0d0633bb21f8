import { join } from 'node:path'
import type { BlobStore } from '../blobs/blob-store.ts'
import { type CopyOptions, type CopySource, copiedCollections, copyCollections } from '../catalogue/containers/copying.ts'
import { CatalogueError, isCatalogueError } from '../domain/errors.ts'
import type { Stores } from '../stores/document-store.ts'
import {
  type BackupIndex,
  backupIn,
  checkFiles,
  contentKey,
  damagedTarball,
  type SavedTarball,
  savedDocuments,
  savedTarballs
} from './backup-index.ts'
import { noTarballs, type TarballCounts } from './save-tarballs.ts'

export interface LoadParts extends Pick<CopyOptions, 'hash' | 'now' | 'onLeft'> {
  /** Of the backup. */
  folder: string
  /** The blob store in that folder. */
  contents: BlobStore
  /** Whether to restore over a place that is not empty: what differs is replaced, and what the backup lacks stays. */
  overwrite: boolean
  onProgress(counts: TarballCounts): void
}

type LoadTarget = { stores: Stores; blobs: BlobStore }

export type RestoreOutcome = Awaited<ReturnType<typeof restoreBackup>>

/**
 * Restores a backup: tarballs first, so that no document names one that is not there yet, then the documents, which are then compared.
 * Nothing is written before all files of the backup were found to be whole. It may be interrupted and repeated. Throws blob_damaged,
 * precondition_failed when the place is not empty. `whole`: every document is there, byte for byte.
 */
export async function restoreBackup(parts: LoadParts, { stores, blobs }: LoadTarget) {
  const { folder, overwrite } = parts
  const index = await wholeIndex(parts)
  if (!overwrite && !(await isResumed(stores, index))) await refuseUnlessEmpty({ stores, blobs })
  await stores.leases.put(noteId, noteOf(index))
  const documents = join(folder, index.folder)
  const tarballs = await restoreTarballs(parts, blobs, documents)
  const source: CopySource = (collection) => savedDocuments(documents, collection)
  const places = { source, target: stores }
  const { hash, now, onLeft } = parts
  const options = { hash, now, overwrite, dryRun: false, reason: `restored from the backup of ${index.finished}` }
  const counts = await copyCollections(places, { ...options, ...(onLeft && { onLeft }) })
  const compared = await copyCollections(places, { ...options, dryRun: true, overwrite: false })
  const whole = Object.values(compared).every(({ created, updated, kept, refused }) => created + updated + kept + refused === 0)
  if (whole) await stores.leases.remove(noteId)
  return { index, tarballs, documents: counts, whole }
}

interface CheckParts extends Pick<LoadParts, 'folder' | 'contents' | 'onProgress'> {
  /** Returns the SHA-256 of a stream of bytes, hexadecimal. */
  digestOf: (bytes: AsyncIterable<Uint8Array>) => Promise<string>
}

/** Reads every byte of a backup, and writes nothing. Throws blob_damaged. */
export async function checkBackup(parts: CheckParts): Promise<BackupIndex> {
  const index = await wholeIndex(parts)
  const counts = noTarballs()
  for await (const tarball of savedTarballs(join(parts.folder, index.folder))) {
    const blob = await parts.contents.get(contentKey(tarball.sha256))
    const read = blob && (await parts.digestOf(blob.stream))
    if (read !== tarball.sha256) throw damagedTarball(tarball, { problem: otherBytes })
    counts.there += 1
    counts.bytes += tarball.size
    parts.onProgress(counts)
  }
  return index
}

const otherBytes = 'does not have the bytes that were saved'

/** Checks everything but the bytes of tarballs, which are checked when they are read. */
async function wholeIndex({ folder, contents }: Pick<LoadParts, 'folder' | 'contents'>): Promise<BackupIndex> {
  const index = await backupIn(folder)
  await checkFiles(folder, index)
  for await (const tarball of savedTarballs(join(folder, index.folder))) {
    const found = await contents.head(contentKey(tarball.sha256))
    if (!found) throw damagedTarball(tarball, { problem: 'is missing' })
    if (found.size !== tarball.size) throw damagedTarball(tarball, { problem: `has ${found.size} bytes where ${tarball.size} were saved` })
  }
  return index
}

/** Marks a place whose restore has begun, so that it can be resumed: a document among the leases, removed at the end. */
const noteId = 'restore'
const noteOf = ({ finished }: BackupIndex): string => JSON.stringify({ id: noteId, until: '', note: { backup: finished } })

const isResumed = async ({ leases }: Stores, index: BackupIndex): Promise<boolean> => (await leases.get(noteId))?.document === noteOf(index)

async function refuseUnlessEmpty({ stores, blobs }: LoadTarget): Promise<void> {
  const found: string[] = []
  for (const collection of copiedCollections) {
    const { items } = await stores[collection].list({ limit: 1, fresh: true })
    if (items[0]) found.push(`${collection} such as ${items[0].id}`)
  }
  const [tarball] = (await blobs.list({ limit: 1 })).items
  if (tarball) found.push(`tarballs such as ${tarball.key}`)
  if (found.length === 0) return
  throw new CatalogueError(
    'precondition_failed',
    `the place to restore to is not empty: it has ${found.join(', ')}; expected an empty one, or --overwrite, which replaces what differs from the backup and leaves what the backup does not have`
  )
}

async function restoreTarballs({ contents, onProgress }: LoadParts, blobs: BlobStore, documents: string): Promise<TarballCounts> {
  const counts = noTarballs()
  for await (const tarball of savedTarballs(documents)) {
    const there = await blobs.head(tarball.key)
    if (there?.sha256 === tarball.sha256 && there.size === tarball.size) counts.there += 1
    else {
      await restoreTarball(tarball, { blobs, contents })
      counts.copied += 1
      counts.bytes += tarball.size
    }
    onProgress(counts)
  }
  return counts
}

async function restoreTarball(tarball: SavedTarball, { blobs, contents }: { blobs: BlobStore; contents: BlobStore }): Promise<void> {
  const { key, size, sha256 } = tarball
  try {
    const blob = await contents.get(contentKey(sha256))
    if (!blob) throw damagedTarball(tarball, { problem: 'is missing' })
    await blobs.put(key, blob.stream, { expected: { size, sha256 } })
  } catch (cause) {
    if (!isCatalogueError(cause, 'digest_mismatch', 'size_mismatch')) throw cause
    throw damagedTarball(tarball, { problem: otherBytes, cause })
  }
}
