import type { Readable } from 'node:stream'
import { CatalogueError } from '../domain/errors.ts'
import type { Slots } from '../domain/slots.ts'
import type { ByteSource, FinishOptions, NewUpload, Put, StoredBytes, Upload, Uploads } from './blob-store.ts'
import { checkStored } from './expectations.ts'
import { checkKey, uniqueName } from './keys.ts'

/** The part of an upload's state that both adapters store. */
export interface KeptUploadState {
  created: string
  touched: string
  note: string
  offset: number
  size?: number
  key?: string
  sha256?: string
  /** The saved digest of the bytes up to the offset. */
  digest?: string
  /** The digest itself, hexadecimal, of bytes that came in one piece: it cannot be continued, and takes a quarter of the time. */
  whole?: string
  placed?: Put
  ended?: boolean
}

/** An upload as an adapter has read it. */
export interface KeptUpload {
  id: string
  state: KeptUploadState
}

export interface Placing extends StoredBytes {
  key: string
  onlyIfAbsent: boolean
}

/** What an adapter does with the bytes and the states of uploads. Whether an upload is in a state for it has been checked before. */
export interface UploadKeeping<Kept extends KeptUpload> {
  create(id: string, state: KeptUploadState): Promise<void>
  load(id: string): Promise<Kept | undefined>
  all(): AsyncIterable<Kept>
  /** Appends a piece. Returns the state of the upload with it. */
  append(kept: Kept, source: ByteSource): Promise<KeptUploadState>
  /** Returns the bytes up to the offset; undefined when they no longer exist. */
  read(kept: Kept): Promise<Readable | undefined>
  /** Returns the SHA-256 of the bytes up to the offset, hexadecimal. */
  digestOf(kept: Kept): Promise<string>
  /** Makes a blob of the bytes. Returns whether its key is new, rather than overwritten. */
  place(kept: Kept, placing: Placing): Promise<boolean>
  /** Stores the state with a change, and discards the bytes, unless they have become a blob. Returns the state. */
  close(kept: Kept, change: Partial<KeptUploadState>): Promise<KeptUploadState>
  drop(kept: Kept): Promise<void>
}

/** Uploads in pieces, as both adapters have them. Pieces arrive `withinLimit`. */
export function uploadsKeptBy<Kept extends KeptUpload>(keeping: UploadKeeping<Kept>, withinLimit: Slots = (work) => work()): Uploads {
  const busy = createBusy()

  async function must(id: string): Promise<Kept> {
    const kept = await keeping.load(id)
    if (kept) return kept
    throw new CatalogueError('upload_unknown', `there is no upload ${id.slice(0, 100)}: it was finished, discarded, or expired`)
  }

  return {
    create: (upload) => create(keeping, upload),
    async get(id) {
      const kept = await keeping.load(id)
      return kept && toUpload(kept)
    },
    append: ({ id, at, source }) =>
      busy(id, () =>
        withinLimit(async () => {
          const kept = await must(id)
          checkOpen(kept)
          const { offset } = kept.state
          if (at !== offset) throw new CatalogueError('upload_conflict', `upload ${id} has ${offset} bytes; a piece at ${at} cannot follow`)
          return toUpload({ id, state: await keeping.append(kept, source) })
        })
      ),
    async read(id) {
      const kept = await must(id)
      if (kept.state.ended) checkOpen(kept)
      const { key } = kept.state
      if (key !== undefined) throw new CatalogueError('upload_conflict', `upload ${id} was begun for ${key}; finish it to read it there`)
      checkComplete(kept)
      const bytes = await keeping.read(kept)
      if (bytes) return bytes
      throw new CatalogueError('blob_unknown', `the bytes of upload ${id} no longer exist`)
    },
    finish: (id, options) =>
      busy(id, async () => {
        checkKey(options.key)
        return finish(keeping, await must(id), options)
      }),
    end: (id, note) =>
      busy(id, async () =>
        toUpload({ id, state: await keeping.close(await must(id), { note, ended: true, touched: new Date().toISOString() }) })
      ),
    discard: (id) =>
      busy(id, async () => {
        const kept = await keeping.load(id)
        if (kept) await keeping.drop(kept)
        return kept !== undefined
      }),
    async *list() {
      for await (const kept of keeping.all()) yield toUpload(kept)
    }
  }
}

async function create(keeping: Pick<UploadKeeping<KeptUpload>, 'create'>, { note = '', ...given }: NewUpload): Promise<Upload> {
  const { size, key, sha256 } = given
  if (key !== undefined) checkKey(key)
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0)) {
    throw new CatalogueError('parameter_invalid', `the size of an upload is a number of bytes, not ${size}`)
  }
  const id = uniqueName()
  const created = new Date().toISOString()
  const digest = sha256 && { sha256: sha256.toLowerCase() }
  const state: KeptUploadState = { created, touched: created, note, offset: 0, ...given, ...digest }
  await keeping.create(id, state)
  return toUpload({ id, state })
}

const toUpload = ({ id, state }: KeptUpload): Upload => {
  const { created, touched, note, offset, size, placed, ended = false } = state
  const times = { created: new Date(created), touched: new Date(touched) }
  return { id, offset, note, ended, ...times, ...(size !== undefined && { size }), ...(placed && { placed }) }
}

/** Refuses a piece while another one of the same upload is being written: if it waited, it would only conflict later. */
function createBusy(): <T>(id: string, work: () => Promise<T>) => Promise<T> {
  const busy = new Set<string>()
  return async (id, work) => {
    if (busy.has(id)) throw new CatalogueError('upload_conflict', `upload ${id} is receiving another piece`)
    busy.add(id)
    try {
      return await work()
    } finally {
      busy.delete(id)
    }
  }
}

async function finish<Kept extends KeptUpload>(keeping: UploadKeeping<Kept>, kept: Kept, options: FinishOptions): Promise<Put> {
  const { key, expected, onlyIfAbsent = false, keep = false } = options
  const before = checkFinish(kept, key)
  if (before) return before
  const stored = { size: kept.state.offset, sha256: await keeping.digestOf(kept) }
  try {
    checkStored(stored, kept.state)
    checkStored(stored, expected)
  } catch (error) {
    await keeping.drop(kept)
    throw error
  }
  const placed: Put = { ...stored, key, created: await keeping.place(kept, { ...stored, key, onlyIfAbsent }) }
  if (keep) await keeping.close(kept, { placed })
  else await keeping.drop(kept)
  return placed
}

/** Throws upload_conflict when the upload accepts no more bytes. */
function checkOpen({ id, state }: KeptUpload): void {
  if (state.placed || state.ended) throw new CatalogueError('upload_conflict', `upload ${id} has ended`)
}

/** Returns the blob of an earlier finish, if any. Throws upload_conflict, size_mismatch, and key_invalid for another key than before. */
function checkFinish(kept: KeptUpload, wanted: string): Put | undefined {
  const { id, state } = kept
  const { placed, ended, key } = state
  if (ended) checkOpen(kept)
  if (placed?.key === wanted) return placed
  if (placed) throw new CatalogueError('key_invalid', `upload ${id} has become ${placed.key}; it cannot become ${wanted}`)
  checkComplete(kept)
  if (key === undefined || key === wanted) return undefined
  throw new CatalogueError('key_invalid', `upload ${id} was begun for ${key}; it cannot become ${wanted}`)
}

function checkComplete({ id, state: { offset, size } }: KeptUpload): void {
  if (size === undefined || offset === size) return
  throw new CatalogueError('size_mismatch', `upload ${id} has ${offset} of ${size} bytes; send the others before it is finished`)
}
