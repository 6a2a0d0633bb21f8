import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlobStore } from '../blobs/blob-store.ts'
import { syncFolder } from '../blobs/local/disk.ts'
import type { CopiedCollection, CopySource } from '../catalogue/containers/copying.ts'
import { CatalogueError } from '../domain/errors.ts'
import { keysNamedIn } from '../domain/image/storage.ts'
import { parseArchiveKey, storedBlobOf } from '../domain/oci/documents.ts'
import { pagesOf } from '../domain/pages.ts'
import { keepsTarballs } from '../domain/releases/channel.ts'
import { contentKey, pathOfFile, readIndex, type SavedDocument, type SavedTarball, savedTarballs, writeIndex } from './backup-index.ts'
import { type Seal, writeLines } from './line-files.ts'
import { noTarballs, saveAll, saveNamed, type TarballCounts, type TarballSaving } from './save-tarballs.ts'

/** The documents as of one moment, or as near to it as the store can come. */
export interface Snapshot {
  source: CopySource
  /** The store's name and version. */
  engine: string
  close(): Promise<void>
}

interface BackupParts {
  /** Of the backup. */
  folder: string
  /** The blob store in that folder. */
  contents: BlobStore
  blobs: BlobStore
  snapshot(): Promise<Snapshot>
  program: string
  now: () => Date
  onProgress(counts: TarballCounts): void
}

/** `absent` are keys that documents name and this blob store lacks; `unreadable`, tarballs with other bytes than were stored. */
export type BackupOutcome = Awaited<ReturnType<typeof makeBackup>>

/** Pending images come before the containers that they move to, as in catalogue/tarballs/naming.ts; the journal comes last. */
const order: readonly CopiedCollection[] = ['buildStatuses', 'releases', 'containers', 'oci', 'facts', 'jobSpecs', 'hysdsIos', 'journal']

/** An earlier promotion does not keep its tarballs. */
const namesTarballs = (collection: CopiedCollection, id: string): boolean =>
  collection === 'containers' || collection === 'buildStatuses' || (collection === 'releases' && keepsTarballs(id))

/** Returns what a document names in the blob store. The tarball of a pushed image is made of blobs when it is read. */
function keysIn(collection: CopiedCollection, { id, document }: SavedDocument): string[] {
  if (collection === 'oci') return storedBlobOf(document)
  return namesTarballs(collection, id) ? [...keysNamedIn(document)].filter((key) => !parseArchiveKey(key)) : []
}

/** After so many rounds, tarballs are being removed faster than documents are read. */
const maxRounds = 5

/**
 * Brings the backup in a folder up to date, while servers go on writing. Tarballs are read first, because that takes hours; then the
 * documents, and then whatever came meanwhile. What a document names and the blob store no longer has was removed after another change of
 * the document, so the documents are read again. Until the end, the folder holds the backup before this one.
 */
export async function makeBackup(parts: BackupParts) {
  const { folder, now, program, contents, blobs } = parts
  const begun = now()
  const saving: TarballSaving = {
    ...{ blobs, contents, onProgress: parts.onProgress },
    former: await undigested(folder),
    saved: new Map(),
    unreadable: new Map(),
    counts: noTarballs()
  }
  const name = `documents-${begun.toISOString().replace(/[:.]/g, '-')}`
  const documents = join(folder, name)
  await mkdir(documents, { recursive: true })
  await saveAll(saving)
  const { files, engine, absent } = await saveDocuments(parts, documents, saving)
  const tarballs = [...saving.saved.values()].map(({ listed: _, ...tarball }) => tarball)
  const index = {
    ...{ format: 1, program, store: engine, begun: begun.toISOString(), finished: now().toISOString(), folder: name },
    files: { ...files, tarballs: await writeLines(pathOfFile(documents, 'tarballs'), jsonLines(tarballs)) },
    bytes: tarballs.reduce((sum, { size }) => sum + size, 0)
  }
  await syncFolder(documents)
  await syncFolder(folder)
  await writeIndex(folder, index)
  await removeFormer(parts, name, tarballs)
  const unreadable = [...saving.unreadable].map(([key, why]) => ({ key, why }))
  return { index, counts: saving.counts, absent, unreadable }
}

/** Returns the tarballs in the existing backup for which the blob store had no digest. */
async function undigested(folder: string): Promise<Map<string, SavedTarball>> {
  const found = new Map<string, SavedTarball>()
  const index = await readIndex(folder).catch(() => undefined) // a damaged one is replaced
  if (!index) return found
  try {
    for await (const tarball of savedTarballs(join(folder, index.folder)))
      if (tarball.modified !== undefined) found.set(tarball.key, tarball)
  } catch {
    found.clear() // they are read again
  }
  return found
}

/** Writes the documents into a folder, and saves what they name. `absent` are the keys that the blob store does not have. */
async function saveDocuments(parts: BackupParts, documents: string, saving: TarballSaving) {
  let absent = new Set<string>()
  for (let round = 1; round <= maxRounds; round++) {
    const { files, engine, unmet } = await readDocuments(parts, documents, saving)
    await saveAll(saving)
    await saveNamed(saving, unmet)
    const left = new Set([...unmet].filter((key) => !saving.saved.has(key) && !saving.unreadable.has(key)))
    // named still, after it was found to be absent: it is not that the document was changed meanwhile
    if ([...left].every((key) => absent.has(key))) return { files, engine, absent: [...left] }
    absent = left
  }
  throw new CatalogueError(
    'store_unavailable',
    `${absent.size} tarballs, such as ${[...absent][0]}, were removed while the documents that name them were read, ${maxRounds} times in a row: set LEPORELLO_DELETE_GRACE to an hour or more, and try again`
  )
}

/** Writes the documents as they are now. `unmet` are the keys that they name and that the backup does not have. */
async function readDocuments({ snapshot }: BackupParts, documents: string, saving: TarballSaving) {
  const { source, engine, close } = await snapshot()
  const files: Partial<Record<CopiedCollection, Seal>> = {}
  const unmet = new Set<string>()
  async function* lines(collection: CopiedCollection) {
    for await (const batch of source(collection) ?? []) {
      for (const { id, document } of batch) {
        for (const key of keysIn(collection, { id, document })) if (!saving.saved.has(key)) unmet.add(key)
        yield JSON.stringify({ id, document } satisfies SavedDocument)
      }
    }
  }
  try {
    for (const collection of order) files[collection] = await writeLines(pathOfFile(documents, collection), lines(collection))
  } finally {
    await close()
  }
  return { files: files as Record<CopiedCollection, Seal>, engine, unmet }
}

async function* jsonLines(values: readonly object[]): AsyncGenerator<string> {
  for (const value of values) yield JSON.stringify(value)
}

/** Removes what only the backup before this one had, and what interrupted runs left. */
async function removeFormer({ folder, contents, now }: BackupParts, current: string, tarballs: readonly SavedTarball[]): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith('documents-') && name !== current) await rm(join(folder, name), { recursive: true, force: true })
  }
  const needed = new Set(tarballs.map(({ sha256 }) => contentKey(sha256)))
  for await (const { items } of pagesOf(contents.list, { limit: 1000 })) {
    for (const { key } of items) if (!needed.has(key)) await contents.remove(key)
  }
  for await (const _ of contents.leftovers({ before: now(), remove: true })) {
    // removed by being listed
  }
}
