import type { BlobInfo, BlobStore } from '../blobs/blob-store.ts'
import { forEachConcurrently } from '../catalogue/jobs/concurrency.ts'
import { isCatalogueError } from '../domain/errors.ts'
import { pagesOf } from '../domain/pages.ts'
import { contentKey, type SavedTarball } from './backup-index.ts'

export interface TarballCounts {
  /** Read and stored. */
  copied: number
  bytes: number
  /** The backup had their bytes already. */
  there: number
}

export const noTarballs = (): TarballCounts => ({ copied: 0, bytes: 0, there: 0 })

interface KnownTarball extends SavedTarball {
  /** Size and time as the blob store listed them: when they differ, the tarball is looked at again. */
  listed: string
}

export interface TarballSaving {
  blobs: BlobStore
  /** Where the backup keeps bytes, by their digest. */
  contents: BlobStore
  /** The tarballs in the last backup for which the blob store had no digest, by key. */
  former: ReadonlyMap<string, SavedTarball>
  /** By key: about 300 bytes of memory each. */
  saved: Map<string, KnownTarball>
  /** Why the bytes of a tarball could not be saved, by key. */
  unreadable: Map<string, string>
  counts: TarballCounts
  onProgress(counts: TarballCounts): void
}

const atOnce = 4

/** Saves every tarball that is not in the backup yet. */
export async function saveAll(saving: TarballSaving): Promise<void> {
  for await (const { items } of pagesOf(saving.blobs.list, { limit: 1000 })) await saveEach(saving, items)
}

/** Saves those of these keys that exist. */
export async function saveNamed(saving: TarballSaving, keys: Iterable<string>): Promise<void> {
  const find = (key: string) => saving.blobs.head(key).catch(absentKey)
  for await (const found of forEachConcurrently(keys, { atOnce, work: find })) if (found) await saveEach(saving, [found])
}

/** A path in a URL need not be one that a blob store can have. */
function absentKey(error: unknown): undefined {
  if (!isCatalogueError(error, 'key_invalid')) throw error
}

async function saveEach(saving: TarballSaving, items: readonly BlobInfo[]): Promise<void> {
  const work = (item: BlobInfo) => saveOne(saving, item)
  for await (const _ of forEachConcurrently(items, { atOnce, work })) saving.onProgress(saving.counts)
}

const versionOf = ({ size, modified }: BlobInfo): string => `${size} ${modified.toISOString()}`

async function saveOne(saving: TarballSaving, item: BlobInfo): Promise<void> {
  const { blobs, saved, counts, unreadable } = saving
  const { key } = item
  const listed = versionOf(item)
  if (saved.get(key)?.listed === listed || unreadable.has(key)) return
  const found = await blobs.head(key)
  if (!found) return // removed since it was listed
  const kept = await keptAlready(saving, item, found)
  if (kept) {
    counts.there += 1
    saved.set(key, { ...kept, listed })
    return
  }
  const read = await readTarball(saving, key)
  if (!read) return
  counts.copied += 1
  counts.bytes += read.size
  saved.set(key, { key, ...read, listed, ...(found.sha256 === undefined && { modified: item.modified.toISOString() }) })
}

/** Returns the line for a tarball whose bytes the backup has already; they are not read again. */
async function keptAlready({ contents, former }: TarballSaving, listed: BlobInfo, found: BlobInfo): Promise<SavedTarball | undefined> {
  const { key, size, sha256 } = found
  const before = former.get(key)
  const modified = listed.modified.toISOString()
  const isUnchanged = before !== undefined && before.size === size && before.modified === modified
  const digest = sha256 ?? (isUnchanged ? before.sha256 : undefined)
  if (digest === undefined) return undefined
  if ((await contents.head(contentKey(digest)))?.size !== size) return undefined
  return { key, size, sha256: digest, ...(sha256 === undefined && { modified }) }
}

/** A connection to a bucket may break. */
const attempts = 3

async function readTarball(saving: TarballSaving, key: string): Promise<{ size: number; sha256: string } | undefined> {
  const { blobs, contents, unreadable } = saving
  for (let attempt = 1; ; attempt++) {
    try {
      const blob = await blobs.get(key)
      if (!blob) return undefined
      const expected = { size: blob.size, ...(blob.sha256 && { sha256: blob.sha256 }) }
      const { size, sha256 } = await contents.put((found) => contentKey(found.sha256), blob.stream, { expected })
      return { size, sha256 }
    } catch (error) {
      if (isCatalogueError(error, 'store_full')) throw error
      if (attempt < attempts) continue
      if (!isCatalogueError(error, 'digest_mismatch', 'size_mismatch', 'blob_damaged')) throw error
      unreadable.set(key, error.message)
      return undefined
    }
  }
}
