import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { ByteSource } from '../blob-store.ts'
import { checkGrowth } from '../expectations.ts'
import { isUniqueName } from '../keys.ts'
import { createResumableDigest, type ResumableDigest } from '../resumable-digest.ts'
import type { KeptUpload, KeptUploadState, UploadKeeping } from '../uploads.ts'
import { absent, onDisk, replaceFile, syncFolder, unless, writeSource } from './disk.ts'
import { dataPath, type Layout } from './layout.ts'
import type { Links } from './links.ts'
import type { Room } from './room.ts'

// The state of an upload is in a file next to its bytes. Bytes beyond the offset do not count: a power failure may have damaged them.

// How many bytes a crash may lose. Each checkpoint costs a sync of the file and of its state.
const checkpointEvery = 32 * 1024 * 1024

export interface LocalUploadParts {
  layout: Layout
  links: Links
  room: Room
}

export function localUploads({ layout, links, room }: LocalUploadParts): UploadKeeping<KeptUpload> {
  return {
    create: (id, state) => onDisk(create(layout, room, { id, state })),
    load: (id) => load(layout, id),
    all: () => allUploads(layout),
    append: (kept, source) => append(layout, room, { ...kept, source }),
    read: (kept) => read(layout, kept),
    digestOf: (kept) => onDisk(sha256Of(layout, kept)),
    async place(kept, placing) {
      const { id, state } = kept
      if (state.digest === undefined && state.whole === undefined) {
        // once the bytes have moved, it could not be found again
        state.whole = placing.sha256
        await onDisk(save(layout, kept))
      }
      return onDisk(links.place({ ...placing, by: id, part: bytesOf(layout, id) }))
    },
    async close({ id, state: before }, change) {
      const state = { ...before, ...change }
      await onDisk(save(layout, { id, state }))
      await onDisk(rm(bytesOf(layout, id), { force: true }))
      return state
    },
    async drop({ id }) {
      await onDisk(rm(stateOf(layout, id), { force: true })) // first: without its state the rest is a leftover
      await onDisk(rm(folderOf(layout, id), { recursive: true, force: true }))
      room.remains(id, 0)
    }
  }
}

export async function* allUploads(layout: Layout): AsyncGenerator<KeptUpload> {
  for (const id of await onDisk(readdir(layout.uploads))) {
    const kept = await load(layout, id)
    if (kept) yield kept
  }
}

/** Reserves room for what is still to come of each upload that an earlier process began. */
export async function reserveForUploads(layout: Layout, room: Room): Promise<void> {
  for await (const { id, state } of allUploads(layout)) {
    const { ended, size = 0, offset = 0 } = state
    if (!ended) room.remains(id, size - offset)
  }
}

const folderOf = (layout: Layout, id: string) => join(layout.uploads, id)
const bytesOf = (layout: Layout, id: string) => join(folderOf(layout, id), 'bytes')
const stateOf = (layout: Layout, id: string) => join(folderOf(layout, id), 'state.json')

const save = (layout: Layout, { id, state }: KeptUpload) => replaceFile(stateOf(layout, id), JSON.stringify(state))

async function load(layout: Layout, id: string): Promise<KeptUpload | undefined> {
  if (!isUniqueName(id)) return undefined
  const text = await onDisk(unless(absent, readFile(stateOf(layout, id), 'utf8')))
  return text === undefined ? undefined : { id, state: JSON.parse(text) as KeptUploadState }
}

/** Returns the digest of the bytes up to the offset, to be continued. */
async function digestSoFar(layout: Layout, kept: KeptUpload): Promise<ResumableDigest> {
  const { digest: saved, offset } = kept.state
  const digest = await createResumableDigest(saved)
  if (saved === undefined && offset > 0) {
    for await (const chunk of bytesUpTo(layout, kept)) digest.update(chunk as Uint8Array)
  }
  return digest
}

const bytesUpTo = (layout: Layout, { id, state }: KeptUpload) =>
  createReadStream(bytesOf(layout, id), { start: 0, end: state.offset - 1, highWaterMark: 512 * 1024 })

async function sha256Of(layout: Layout, kept: KeptUpload): Promise<string> {
  const { whole, digest, offset } = kept.state
  if (whole !== undefined) return whole
  if (digest !== undefined || offset === 0) return (await createResumableDigest(digest)).hex()
  // a piece that broke off when the process was killed
  const hash = createHash('sha256')
  for await (const chunk of bytesUpTo(layout, kept)) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}

async function create(layout: Layout, room: Room, kept: KeptUpload): Promise<void> {
  const { id, state } = kept
  await room.promise(id, state.size ?? 0)
  try {
    await mkdir(folderOf(layout, id))
    await (await open(bytesOf(layout, id), 'wx')).close()
    await save(layout, kept)
    await syncFolder(layout.uploads)
  } catch (error) {
    room.remains(id, 0)
    throw error
  }
}

async function append(layout: Layout, room: Room, { source, ...kept }: KeptUpload & { source: ByteSource }): Promise<KeptUploadState> {
  const { id } = kept
  let { state } = kept
  const { size, offset: at } = state
  await room.check((size ?? at) - at, id)
  const handle = await onDisk(open(bytesOf(layout, id), 'r+'))
  // registry clients send a layer in one piece, without its size, and begin anew when that breaks off
  const first = at === 0 && size === undefined ? createHash('sha256') : undefined
  const digest = first ? undefined : await digestSoFar(layout, kept)
  let arrived = at
  const keep = async (offset: number, whole?: string) => {
    const { digest: _, whole: __, ...rest } = state
    const sofar = digest ? { digest: digest.save() } : whole === undefined ? {} : { whole }
    await handle.datasync()
    state = { ...rest, ...sofar, offset, touched: new Date().toISOString() }
    await save(layout, { id, state })
    room.remains(id, (size ?? 0) - offset)
  }
  try {
    await onDisk(handle.truncate(at))
    const onChunk = (chunk: Uint8Array) => {
      checkGrowth(arrived + chunk.length, state)
      arrived += chunk.length
      if (first) first.update(chunk)
      else digest!.update(chunk)
    }
    const checkpoint = { every: checkpointEvery, call: (written: number) => onDisk(keep(written)) }
    const ending = await writeSource(source, { handle, at, room: { check: (bytes) => room.check(bytes, id) }, onChunk, checkpoint })
    await onDisk(keep(arrived, first?.digest('hex')))
    if (ending.broken) throw ending.error
  } finally {
    // When the disk could not take a piece, the bytes beyond the offset must not fill it up.
    await handle.truncate(state.offset).catch(() => {})
    await handle.close()
  }
  return state
}

async function read(layout: Layout, kept: KeptUpload): Promise<Readable | undefined> {
  const { id, state } = kept
  if (state.offset === 0) return Readable.from([])
  // the path before, and the path after a finish, even an interrupted one
  const opened = async (path: string) => {
    const handle = await onDisk(unless(absent, open(path, 'r')))
    return handle?.createReadStream({ start: 0, end: state.offset - 1, highWaterMark: 256 * 1024 })
  }
  const before = await opened(bytesOf(layout, id))
  return before ?? opened(dataPath(layout, { size: state.offset, sha256: await sha256Of(layout, kept), by: id }))
}
