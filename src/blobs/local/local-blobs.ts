import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { access, type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { CatalogueError } from '../../domain/errors.ts'
import type { BlobInfo, BlobStore, ByteRange, ByteSource, Folders, OpenBlob, Put, PutOptions, StoredBytes } from '../blob-store.ts'
import { alreadyThere, checkGrowth, checkStored } from '../expectations.ts'
import { checkKey, parentsOf, uniqueName } from '../keys.ts'
import { boundsOf } from '../ranges.ts'
import { uploadsKeptBy } from '../uploads.ts'
import { codeOf, onDisk, unless, writeSource } from './disk.ts'
import { localFolders } from './folders.ts'
import { type DiskEntry, entryAt, type Layout, openLayout, pathOfKey } from './layout.ts'
import { localLeftovers } from './leftovers.ts'
import { createLinks } from './links.ts'
import { listTree } from './list.ts'
import { createRoom, type Room } from './room.ts'
import { type LocalUploadParts, localUploads, reserveForUploads } from './uploads.ts'

export interface LocalOptions {
  /** Created when it does not exist. Only one server may use it at a time; several can share S3. */
  directory: string
  /** How many bytes of the file system stay free for other programs. */
  reserve?: number
}

interface LocalBlobsParts extends LocalUploadParts {
  folders: Folders
}

export async function openLocalBlobs({ directory, reserve = 0 }: LocalOptions): Promise<BlobStore> {
  const layout = await onDisk(openLayout(directory))
  const room = createRoom(layout.root, reserve)
  const links = createLinks(layout)
  const folders = localFolders(layout)
  await reserveForUploads(layout, room)
  const parts: LocalBlobsParts = { layout, room, links, folders }
  return {
    put: (...given) => put(parts, given),
    get: (key, { range } = {}) => get(layout, key, range),
    async head(key) {
      const entry = await find(layout, key)
      return entry && toInfo(key, entry)
    },
    remove: async (key) => onDisk(links.remove(checkKey(key))),
    list: (query) => onDisk(listTree(layout, query)),
    presign: async (key) => {
      checkKey(key)
      return undefined
    },
    folders,
    uploads: uploadsKeptBy(localUploads(parts)),
    available: () => onDisk(room.available()),
    leftovers: (options) => localLeftovers(layout, options),
    health: () => health(parts),
    close: async () => {}
  }
}

const find = (layout: Layout, key: string) => onDisk(entryAt(layout, pathOfKey(layout, checkKey(key))))

/** Refuses a put before gigabytes arrive, where it would be refused at the end. */
async function refuseEarly({ layout, folders }: LocalBlobsParts, { key, onlyIfAbsent }: PutOptions & { key: string }): Promise<void> {
  checkKey(key)
  for (const parent of parentsOf(key)) {
    if (await find(layout, parent)) throw new CatalogueError('blob_conflict', `${parent} is a file, not a folder`)
  }
  if (await folders.exists(key)) throw new CatalogueError('blob_conflict', `${key} is a folder`)
  if (onlyIfAbsent && (await find(layout, key))) throw alreadyThere(key)
}

async function put(parts: LocalBlobsParts, [key, source, options = {}]: Parameters<BlobStore['put']>): Promise<Put> {
  const { layout, room, links } = parts
  const { expected, onlyIfAbsent = false } = options
  if (typeof key === 'string') await refuseEarly(parts, { ...options, key })
  const by = uniqueName()
  const part = join(layout.incoming, by)
  await room.promise(by, expected?.size ?? 0)
  try {
    const handle = await onDisk(open(part, 'wx'))
    const stored = await receive(handle, { source, room, by, expected })
    const wanted = typeof key === 'string' ? key : checkKey(key(stored))
    const created = await onDisk(links.place({ ...stored, by, part, key: wanted, onlyIfAbsent }))
    return { ...stored, key: wanted, created }
  } catch (error) {
    await rm(part, { force: true }).catch(() => {}) // otherwise it stays as a leftover; the original error matters more
    throw error
  } finally {
    room.remains(by, 0)
  }
}

interface Receiving {
  by: string
  source: ByteSource
  room: Room
  expected: PutOptions['expected'] | undefined
}

async function receive(handle: FileHandle, { source, room: whole, by, expected }: Receiving): Promise<StoredBytes> {
  const hash = createHash('sha256')
  let size = 0
  const onChunk = (chunk: Uint8Array) => {
    size += chunk.length
    checkGrowth(size, expected)
    hash.update(chunk)
    whole.remains(by, (expected?.size ?? 0) - size)
  }
  const room = { check: (bytes: number) => whole.check(bytes, by) }
  try {
    const ending = await writeSource(source, { handle, at: 0, room, onChunk })
    if (ending.broken) throw ending.error
    const stored = { size, sha256: hash.digest('hex') }
    checkStored(stored, expected)
    await onDisk(handle.datasync())
    return stored
  } finally {
    await handle.close()
  }
}

async function get(layout: Layout, key: string, range: ByteRange | undefined): Promise<OpenBlob | undefined> {
  // Between reading the link and opening the file, another put may have replaced both.
  for (let i = 0; i < 20; i++) {
    const entry = await find(layout, key)
    if (!entry) return undefined
    const handle = await onDisk(unless(['ENOENT'], open(entry.file, constants.O_RDONLY | constants.O_NOFOLLOW)))
    if (handle) return openBlob(handle, toInfo(key, entry), range)
  }
  throw new CatalogueError('blob_damaged', `the bytes of ${key} are not there; run fsck for details`)
}

async function health({ layout, room }: LocalBlobsParts): ReturnType<BlobStore['health']> {
  try {
    await access(layout.incoming, constants.W_OK)
    await room.available()
    return { ok: true }
  } catch (error) {
    return { ok: false, reason: `the object store does not work: ${String(codeOf(error) ?? error)}` }
  }
}

function toInfo(key: string, { size, modified, sha256 }: DiskEntry): BlobInfo {
  return { key, size, modified, ...(sha256 === undefined ? {} : { sha256 }) }
}

// larger reads send a tarball no faster, and the image reader reads one such piece at a time
const readSize = 512 * 1024

async function openBlob(handle: FileHandle, info: BlobInfo, range: ByteRange | undefined): Promise<OpenBlob> {
  try {
    const { key, sha256, size: expected } = info
    const { size } = await onDisk(handle.stat())
    if (sha256 !== undefined && size !== expected) {
      throw new CatalogueError('blob_damaged', `${key} has ${size} bytes where ${expected} were stored; run fsck for details`)
    }
    const { first, last } = boundsOf(range, { key, size })
    const found = { ...info, size, first, last }
    if (last >= first) return { ...found, stream: handle.createReadStream({ start: first, end: last, highWaterMark: readSize }) }
    await handle.close()
    return { ...found, stream: Readable.from([]) }
  } catch (error) {
    await handle.close()
    throw error
  }
}
