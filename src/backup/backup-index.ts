import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, replaceFile } from '../blobs/local/disk.ts'
import { type CopiedCollection, copiedCollections } from '../catalogue/containers/copying.ts'
import { CatalogueError } from '../domain/errors.ts'
import { readLines, type Seal, sealOf } from './line-files.ts'

/*
 * A backup is a folder:
 *   backup.json                           which files belong to it, and their digests; written last
 *   documents-<run>/<collection>.jsonl.gz one document a line
 *   documents-<run>/tarballs.jsonl.gz     one tarball a line: its key and its digest
 *   tarballs/                             the bytes, a local blob store whose keys are digests
 */

const indexFile = 'backup.json'
/** Of this layout. A program refuses a backup with a higher one. */
const format = 1

const backedUpFiles = [...copiedCollections, 'tarballs'] as const
type BackedUpFile = (typeof backedUpFiles)[number]

export interface BackupIndex {
  format: number
  /** The version of the program that wrote it. */
  program: string
  /** What the documents came from, such as `sqlite 3.45.1`. */
  store: string
  /** ISO 8601. */
  begun: string
  finished: string
  /** The folder of the documents. */
  folder: string
  files: Record<BackedUpFile, Seal>
  /** How many bytes the tarballs have. */
  bytes: number
}

/** A line of the list of tarballs. */
export interface SavedTarball {
  key: string
  size: number
  /** Hexadecimal: where its bytes are. */
  sha256: string
  /** Only where the blob store had no digest of it: when it was stored, ISO 8601. */
  modified?: string
}

/** A line of a file of documents. */
export type SavedDocument = { id: string; document: string }

export const pathOfFile = (folder: string, file: BackedUpFile): string => join(folder, `${file}.jsonl.gz`)

/** Where the bytes of a tarball are, in the blob store of the backup. */
export const contentKey = (sha256: string): string => `${sha256.slice(0, 2)}/${sha256}`

const digestOfIndex = (index: object): string => createHash('sha256').update(JSON.stringify(index)).digest('hex')

/** Makes the backup the one that is restored from. */
export const writeIndex = (folder: string, index: BackupIndex): Promise<void> =>
  replaceFile(join(folder, indexFile), `${JSON.stringify({ ...index, sha256: digestOfIndex(index) }, null, 2)}\n`)

const damaged = (problem: string, cause?: unknown) =>
  new CatalogueError('blob_damaged', `the backup is damaged: ${problem}; nothing was restored from it: take another one`, { cause })

/** Returns undefined where there is none. Throws blob_damaged, database_newer. */
export async function readIndex(folder: string): Promise<BackupIndex | undefined> {
  const path = join(folder, indexFile)
  try {
    const { sha256, ...index } = JSON.parse(await readFile(path, 'utf8')) as BackupIndex & { sha256: string }
    if (index.format > format) {
      throw new CatalogueError(
        'database_newer',
        `${path} has format ${index.format}, and this program knows formats up to ${format}: use Leporello ${index.program} or newer`
      )
    }
    if (digestOfIndex(index) !== sha256) throw damaged(`${path} was altered`)
    return index
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(String(codeOf(error)))) return undefined
    throw error instanceof SyntaxError ? damaged(`${path} is not JSON`, error) : error
  }
}

/** Returns the index of a backup that was finished. Throws blob_unknown where there is none. */
export async function backupIn(folder: string): Promise<BackupIndex> {
  const index = await readIndex(folder)
  if (index) return index
  throw new CatalogueError(
    'blob_unknown',
    `${folder} holds no finished backup: it has no ${indexFile}, which leporello backup writes last; expected the folder of a backup`
  )
}

/** Compares every file of documents with the digest that it had. Throws blob_damaged. */
export async function checkFiles(folder: string, index: BackupIndex): Promise<void> {
  for (const file of backedUpFiles) {
    const path = pathOfFile(join(folder, index.folder), file)
    const { size, sha256 } = await sealOf(path).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? damaged(`${path} is missing`, error) : error
    })
    const written = index.files[file]
    if (size !== written.size) throw damaged(`${path} has ${size} bytes where ${written.size} were written`)
    if (sha256 !== written.sha256) throw damaged(`${path} was altered: its SHA-256 is ${sha256}, not ${written.sha256}`)
  }
}

export const damagedTarball = ({ key, sha256 }: SavedTarball, { problem, cause }: { problem: string; cause?: unknown }): CatalogueError =>
  damaged(`the tarball ${key} (tarballs/files/${contentKey(sha256)}) ${problem}`, cause)

/** Yields the documents of a collection, in bounded batches. */
export async function* savedDocuments(folder: string, collection: CopiedCollection): AsyncGenerator<SavedDocument[]> {
  let batch: SavedDocument[] = []
  let length = 0
  for await (const line of readLines(pathOfFile(folder, collection))) {
    batch.push(JSON.parse(line))
    length += line.length
    if (batch.length < maxBatch.documents && length < maxBatch.length) continue
    yield batch
    batch = []
    length = 0
  }
  if (batch.length > 0) yield batch
}

const maxBatch = { documents: 250, length: 4 * 1024 * 1024 }

export async function* savedTarballs(folder: string): AsyncGenerator<SavedTarball> {
  for await (const line of readLines(pathOfFile(folder, 'tarballs'))) yield JSON.parse(line)
}
