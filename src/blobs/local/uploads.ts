import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { FinishOptions, NewUpload, Put, Upload, Uploads } from '../blob-store.ts'
import { checkGrowth, checkStored } from '../expectations.ts'
import { checkKey } from '../keys.ts'
import { createResumableDigest, type ResumableDigest } from '../resumable-digest.ts'
import {
  bytesGone,
  checkFinish,
  checkNewUpload,
  checkOffset,
  checkOpen,
  checkReadable,
  createBusy,
  type KeptUpload,
  toUpload,
  uploadUnknown
} from '../uploads.ts'
import { absent, onDisk, replaceFile, syncFolder, uniqueName, unless, writeSource } from './disk.ts'
import { dataPath, type Layout } from './layout.ts'
import type { Links } from './links.ts'
import type { Room } from './room.ts'

// The state of an upload is in a file next to its bytes. Bytes beyond the offset do not count: a power failure may have damaged them.

// How many bytes a crash may lose. Each checkpoint costs a sync of the file and of its state.
const checkpointEvery = 32 * 1024 * 1024

interface LocalUploadParts {
  layout: Layout
  links: Links
  room: Room
}

export function localUploads(parts: LocalUploadParts): Uploads {
  const { layout } = parts
  const busy = createBusy()
  return {
    create: (upload) => create(parts, upload),
    async get(id) {
      const state = await load(layout, id)
      return state && toUpload(id, state)
    },
    append: (piece) => busy(piece.id, () => append(parts, piece)),
    read: (id) => read(layout, id),
    finish: (id, options) => busy(id, () => finish(parts, id, options)),
    end: (id, note) => busy(id, () => end(layout, { id, note })),
    discard: (id) => busy(id, () => discard(parts, id)),
    async *list() {
      for (const id of await onDisk(readdir(layout.uploads))) {
        const state = await load(layout, id)
        if (state) yield toUpload(id, state)
      }
    }
  }
}

/** Returns how many bytes are still to come of each upload that an earlier process began. */
export async function promisesOfUploads(layout: Layout): Promise<{ id: string; bytes: number }[]> {
  const promises: { id: string; bytes: number }[] = []
  for (const id of await onDisk(readdir(layout.uploads))) {
    const { ended, size = 0, offset = 0 } = (await load(layout, id)) ?? {}
    if (!ended && size > offset) promises.push({ id, bytes: size - offset })
  }
  return promises
}

const folderOf = (layout: Layout, id: string) => join(layout.uploads, id)
const bytesOf = (layout: Layout, id: string) => join(folderOf(layout, id), 'bytes')
const stateOf = (layout: Layout, id: string) => join(folderOf(layout, id), 'state.json')

const save = (layout: Layout, id: string, state: KeptUpload) => replaceFile(stateOf(layout, id), JSON.stringify(state))

async function load(layout: Layout, id: string): Promise<KeptUpload | undefined> {
  if (!/^[0-9a-f]{32}$/.test(id)) return undefined
  const text = await onDisk(unless(absent, readFile(stateOf(layout, id), 'utf8')))
  return text === undefined ? undefined : (JSON.parse(text) as KeptUpload)
}

async function must(layout: Layout, id: string): Promise<KeptUpload> {
  const state = await load(layout, id)
  if (!state) throw uploadUnknown(id)
  return state
}

/** Returns the digest of the bytes up to the offset, to be continued. */
async function digestSoFar(layout: Layout, id: string, state: KeptUpload): Promise<ResumableDigest> {
  const digest = await createResumableDigest(state.digest)
  if (state.digest === undefined && state.offset > 0) {
    for await (const chunk of bytesUpTo(layout, id, state)) digest.update(chunk as Uint8Array)
  }
  return digest
}

const bytesUpTo = (layout: Layout, id: string, { offset }: KeptUpload) =>
  createReadStream(bytesOf(layout, id), { start: 0, end: offset - 1, highWaterMark: 512 * 1024 })

async function sha256Of(layout: Layout, id: string, state: KeptUpload): Promise<string> {
  if (state.whole !== undefined) return state.whole
  if (state.digest !== undefined || state.offset === 0) return (await createResumableDigest(state.digest)).hex()
  // a piece that broke off when the process was killed
  const hash = createHash('sha256')
  for await (const chunk of bytesUpTo(layout, id, state)) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}

async function create({ layout, room }: LocalUploadParts, { size, note = '', key, sha256 }: NewUpload): Promise<Upload> {
  checkNewUpload({ size, key })
  const id = uniqueName()
  await room.promise(id, size ?? 0)
  const now = new Date().toISOString()
  const state: KeptUpload = { created: now, touched: now, note, offset: 0 }
  Object.assign(state, { size, key, sha256 })
  const make = async () => {
    await mkdir(folderOf(layout, id))
    await (await open(bytesOf(layout, id), 'wx')).close()
    await save(layout, id, state)
    await syncFolder(layout.uploads)
    return toUpload(id, state)
  }
  return onDisk(make()).catch((error) => {
    room.remains(id, 0)
    throw error
  })
}

async function append({ layout, room }: LocalUploadParts, { id, at, source }: Parameters<Uploads['append']>[0]): Promise<Upload> {
  let state = await must(layout, id)
  checkOpen(id, state)
  checkOffset(id, { at, ...state })
  await room.check((state.size ?? at) - at, id)
  const handle = await onDisk(open(bytesOf(layout, id), 'r+'))
  const { size } = state
  // registry clients send a layer in one piece, without its size, and begin anew when that breaks off
  const first = at === 0 && size === undefined ? createHash('sha256') : undefined
  const digest = first ? undefined : await digestSoFar(layout, id, state)
  let arrived = at
  const keep = async (offset: number, whole?: string) => {
    const { digest: _, whole: __, ...rest } = state
    const sofar = digest ? { digest: digest.save() } : whole === undefined ? {} : { whole }
    await handle.datasync()
    state = { ...rest, ...sofar, offset, touched: new Date().toISOString() }
    await save(layout, id, state)
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
  return toUpload(id, state)
}

async function read(layout: Layout, id: string): Promise<Readable> {
  const state = await must(layout, id)
  checkReadable(id, state)
  if (state.offset === 0) return Readable.from([])
  // the path before, and the path after a finish, even an interrupted one
  const opened = async (path: string) => {
    const handle = await onDisk(unless(absent, open(path, 'r')))
    return handle?.createReadStream({ start: 0, end: state.offset - 1, highWaterMark: 256 * 1024 })
  }
  const before = await opened(bytesOf(layout, id))
  if (before) return before
  const after = await opened(dataPath(layout, { size: state.offset, sha256: await sha256Of(layout, id, state), by: id }))
  if (after) return after
  throw bytesGone(id)
}

async function finish(parts: LocalUploadParts, id: string, options: FinishOptions): Promise<Put> {
  const { layout, links } = parts
  const { key, expected, onlyIfAbsent = false, keep = false } = options
  checkKey(key)
  let state = await must(layout, id)
  const before = checkFinish(id, { state, wanted: key })
  if (before) return before
  const stored = { size: state.offset, sha256: await onDisk(sha256Of(layout, id, state)) }
  if (state.digest === undefined && state.whole === undefined) {
    // once the bytes have moved, it could not be found again
    state = { ...state, whole: stored.sha256 }
    await onDisk(save(layout, id, state))
  }
  try {
    checkStored(stored, state)
    checkStored(stored, expected)
  } catch (error) {
    await discard(parts, id)
    throw error
  }
  const created = await onDisk(links.place({ ...stored, by: id, part: bytesOf(layout, id), key, onlyIfAbsent }))
  const placed: Put = { ...stored, key, created }
  if (keep) await onDisk(save(layout, id, { ...state, placed }))
  else await discard(parts, id)
  return placed
}

async function end(layout: Layout, { id, note }: { id: string; note: string }): Promise<Upload> {
  const state: KeptUpload = { ...(await must(layout, id)), note, ended: true, touched: new Date().toISOString() }
  await onDisk(save(layout, id, state))
  await onDisk(rm(bytesOf(layout, id), { force: true }))
  return toUpload(id, state)
}

async function discard({ layout, room }: LocalUploadParts, id: string): Promise<boolean> {
  if (!(await load(layout, id))) return false
  await onDisk(rm(stateOf(layout, id), { force: true })) // first: without its state the rest is a leftover
  await onDisk(rm(folderOf(layout, id), { recursive: true, force: true }))
  room.remains(id, 0)
  return true
}
