import type { BlobInfo } from '../../blobs/blob-store.ts'
import { digestInKey, isUploadKey, keysNamedIn } from '../../domain/image/storage.ts'

/** A released tarball whose removal is due. */
interface RemovalCase {
  key: string
  /** ISO 8601: when it was released. */
  since: string
  /** Whether a container, or a pending image, names it. */
  named: boolean
  /** What is stored under the key now. */
  blob: BlobInfo | undefined
}

/** Returns whether a tarball is removed: when nothing names it, and it is still the one that was released. */
export function mayRemove({ key, since, named, blob }: RemovalCase): boolean {
  if (named || !blob) return false
  // stored again since, by an upload whose record may be about to be written
  if (blob.modified.toISOString() > since) return false
  return blob.sha256?.startsWith(digestInKey(key)!) === true
}

/** Returns the keys of uploaded tarballs that a change of a record releases, and that it names anew. Others are never removed. */
export function tarballChange({ before, after }: Record<'before' | 'after', string | undefined>) {
  const former = uploadsNamedIn(before)
  const present = uploadsNamedIn(after)
  return { released: [...former].filter((key) => !present.has(key)), named: [...present].filter((key) => !former.has(key)) }
}

/** Returns the keys of uploaded tarballs that a text names. */
export const uploadsNamedIn = (document: string | undefined): Set<string> =>
  new Set(document === undefined ? [] : [...keysNamedIn(document)].filter(isUploadKey))
