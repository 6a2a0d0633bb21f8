import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Put, Uploads } from '../blob-store.ts'
import { checkGrowth, checkStored } from '../expectations.ts'
import { checkKey } from '../keys.ts'
import { createResumableDigest } from '../resumable-digest.ts'
import {
  bytesGone,
  checkFinish,
  checkNewUpload,
  checkOffset,
  checkOpen,
  checkReadable,
  createBusy,
  type KeptUpload,
  placedBefore,
  toUpload,
  uploadUnknown
} from '../uploads.ts'
import { absent, onDisk, type Room, replaceFile, syncFolder, uniqueName, unless, writeSource } from './disk.ts'
import { dataPath, type Layout } from './layout.ts'
import type { Links } from './links.ts'

// The state of an upload is in a file next to its bytes. Bytes beyond the offset do not count: a power failure may have damaged them.

// How many bytes a crash may lose. Each checkpoint costs a sync of the file and of its state.
const checkpointEvery = 32 * 1024 * 1024

export function localUploads(layout: Layout, { links, room }: { links: Links; room: Room }): Uploads {
  const folderOf = (id: string) => join(layout.uploads, id)
  const bytesOf = (id: string) => join(folderOf(id), 'bytes')
  const stateOf = (id: string) => join(folderOf(id), 'state.json')
  const busy = createBusy()

  const save = (id: string, state: KeptUpload) => replaceFile(stateOf(id), JSON.stringify(state))

  async function load(id: string): Promise<KeptUpload | undefined> {
    if (!/^[0-9a-f]{32}$/.test(id)) return undefined
    const text = await onDisk(unless(absent, readFile(stateOf(id), 'utf8')))
    return text === undefined ? undefined : (JSON.parse(text) as KeptUpload)
  }

  async function must(id: string): Promise<KeptUpload> {
    const state = await load(id)
    if (!state) throw uploadUnknown(id)
    return state
  }

  const storedOf = async ({ offset, digest }: KeptUpload) => ({ size: offset, sha256: (await createResumableDigest(digest)).hex() })

  const discard = async (id: string): Promise<boolean> => {
    if (!(await load(id))) return false
    await onDisk(rm(stateOf(id), { force: true })) // first: without its state the rest is a leftover
    await onDisk(rm(folderOf(id), { recursive: true, force: true }))
    return true
  }

  return {
    async create({ size, note = '', key, sha256 }) {
      checkNewUpload({ size, key })
      await room.check(size ?? 0)
      const id = uniqueName()
      const now = new Date().toISOString()
      const state: KeptUpload = { created: now, touched: now, note, offset: 0 }
      Object.assign(state, { size, key, sha256 })
      return onDisk(
        (async () => {
          await mkdir(folderOf(id))
          await (await open(bytesOf(id), 'wx')).close()
          await save(id, state)
          await syncFolder(layout.uploads)
          return toUpload(id, state)
        })()
      )
    },

    async get(id) {
      const state = await load(id)
      return state && toUpload(id, state)
    },

    append: ({ id, at, source }) =>
      busy(id, async () => {
        let state = await must(id)
        checkOpen(id, state)
        checkOffset(id, { at, ...state })
        await room.check((state.size ?? at) - at)
        const handle = await onDisk(open(bytesOf(id), 'r+'))
        const digest = await createResumableDigest(state.digest)
        const { size } = state
        let arrived = at
        const keep = async (offset: number) => {
          const digestNow = digest.save()
          await handle.datasync()
          state = { ...state, offset, digest: digestNow, touched: new Date().toISOString() }
          await save(id, state)
        }
        try {
          await onDisk(handle.truncate(at))
          const onChunk = (chunk: Uint8Array) => {
            checkGrowth(arrived + chunk.length, size === undefined ? {} : { size })
            arrived += chunk.length
            digest.update(chunk)
          }
          const checkpoint = { every: checkpointEvery, call: (written: number) => onDisk(keep(written)) }
          const ending = await writeSource(source, { handle, at, room, onChunk, checkpoint })
          await onDisk(keep(arrived))
          if (ending.broken) throw ending.error
        } finally {
          // When the disk could not take a piece, the bytes beyond the offset must not fill it up.
          await handle.truncate(state.offset).catch(() => {})
          await handle.close()
        }
        return toUpload(id, state)
      }),

    async read(id) {
      const state = await must(id)
      checkReadable(id, state)
      if (state.offset === 0) return Readable.from([])
      // the path before, and the path after a finish, even an interrupted one
      for (const path of [bytesOf(id), dataPath(layout, { ...(await storedOf(state)), by: id })]) {
        const handle = await onDisk(unless(absent, open(path, 'r')))
        if (handle) return handle.createReadStream({ start: 0, end: state.offset - 1, highWaterMark: 256 * 1024 })
      }
      throw bytesGone(id)
    },

    finish: (id, { key, expected, onlyIfAbsent = false, keep = false }) =>
      busy(id, async () => {
        checkKey(key)
        const state = await must(id)
        if (state.ended) checkOpen(id, state)
        const before = placedBefore(id, { placed: state.placed, wanted: key })
        if (before) return before
        checkFinish(id, { ...state, wanted: key })
        const stored = await storedOf(state)
        try {
          checkStored(stored, state.sha256 === undefined ? {} : { sha256: state.sha256 })
          checkStored(stored, expected)
        } catch (error) {
          await discard(id)
          throw error
        }
        const created = await onDisk(links.place({ ...stored, by: id, part: bytesOf(id) }, { key, onlyIfAbsent }))
        const placed: Put = { ...stored, key, created }
        if (keep) await onDisk(save(id, { ...state, placed }))
        else await discard(id)
        return placed
      }),

    end: (id, note) =>
      busy(id, async () => {
        const ended: KeptUpload = { ...(await must(id)), note, ended: true, touched: new Date().toISOString() }
        await onDisk(save(id, ended))
        await onDisk(rm(bytesOf(id), { force: true }))
        return toUpload(id, ended)
      }),

    discard: (id) => busy(id, () => discard(id)),

    async *list() {
      for (const id of await onDisk(readdir(layout.uploads))) {
        const state = await load(id)
        if (state) yield toUpload(id, state)
      }
    }
  }
}
