import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Upload, Uploads } from '../blob-store.ts'
import { checkGrowth, checkStored } from '../expectations.ts'
import { checkKey } from '../keys.ts'
import { createResumableDigest } from '../resumable-digest.ts'
import { checkFinish, checkNewUpload, checkOffset, createBusy, uploadUnknown } from '../uploads.ts'
import { absent, onDisk, type Room, replaceFile, syncFolder, uniqueName, unless, writeSource } from './disk.ts'
import type { Layout } from './layout.ts'
import type { Links } from './links.ts'

/** What is known of an upload, in a file beside its bytes. Bytes behind the offset do not count: a power failure may have spoilt them. */
interface State {
  created: string
  touched: string
  note: string
  offset: number
  size?: number
  key?: string
  sha256?: string
  /** The digest of the bytes up to the offset, to be gone on with. */
  digest?: string
}

// What a crash may cost; each costs a sync of the file and of its state.
const checkpointEvery = 32 * 1024 * 1024

export function localUploads(layout: Layout, { links, room }: { links: Links; room: Room }): Uploads {
  const folderOf = (id: string) => join(layout.uploads, id)
  const bytesOf = (id: string) => join(folderOf(id), 'bytes')
  const stateOf = (id: string) => join(folderOf(id), 'state.json')
  const busy = createBusy()

  const save = (id: string, state: State) => replaceFile(stateOf(id), JSON.stringify(state))

  async function load(id: string): Promise<State | undefined> {
    if (!/^[0-9a-f]{32}$/.test(id)) return undefined
    const text = await onDisk(unless(absent, readFile(stateOf(id), 'utf8')))
    return text === undefined ? undefined : (JSON.parse(text) as State)
  }

  async function must(id: string): Promise<State> {
    const state = await load(id)
    if (!state) throw uploadUnknown(id)
    return state
  }

  const toUpload = (id: string, { created, touched, note, offset, size }: State): Upload => ({
    id,
    offset,
    created: new Date(created),
    touched: new Date(touched),
    note,
    ...(size === undefined ? {} : { size })
  })

  const discard = async (id: string): Promise<boolean> => {
    if (!(await load(id))) return false
    await onDisk(rm(stateOf(id), { force: true })) // first: without it the rest is a leftover
    await onDisk(rm(folderOf(id), { recursive: true, force: true }))
    return true
  }

  return {
    async create({ size, note = '', key, sha256 }) {
      checkNewUpload({ size, key })
      await room.check(size ?? 0)
      const id = uniqueName()
      const now = new Date().toISOString()
      const state: State = { created: now, touched: now, note, offset: 0 }
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
          // Of a piece that the disk did not take, what does not count shall not fill it either.
          await handle.truncate(state.offset).catch(() => {})
          await handle.close()
        }
        return toUpload(id, state)
      }),

    finish: (id, { key, expected, onlyIfAbsent = false }) =>
      busy(id, async () => {
        checkKey(key)
        const state = await must(id)
        checkFinish(id, { ...state, wanted: key })
        const stored = { size: state.offset, sha256: (await createResumableDigest(state.digest)).hex() }
        try {
          checkStored(stored, state.sha256 === undefined ? {} : { sha256: state.sha256 })
          checkStored(stored, expected)
        } catch (error) {
          await discard(id)
          throw error
        }
        const created = await onDisk(links.place({ ...stored, by: id, part: bytesOf(id) }, { key, onlyIfAbsent }))
        await discard(id)
        return { ...stored, key, created }
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
