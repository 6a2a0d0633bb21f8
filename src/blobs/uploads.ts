import { CatalogueError } from '../domain/errors.ts'
import type { Put, Upload } from './blob-store.ts'
import { checkKey } from './keys.ts'

export const uploadUnknown = (id: string): CatalogueError =>
  new CatalogueError('upload_unknown', `there is no upload ${id.slice(0, 100)}: it was finished, discarded, or expired`)

/** The part of an upload's state that both adapters store. */
export interface KeptUpload {
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

export const toUpload = (id: string, { created, touched, note, offset, size, placed, ended = false }: KeptUpload): Upload => ({
  id,
  offset,
  created: new Date(created),
  touched: new Date(touched),
  note,
  ended,
  ...(size === undefined ? {} : { size }),
  ...(placed === undefined ? {} : { placed })
})

/** Throws upload_conflict when the upload accepts no more bytes. */
export function checkOpen(id: string, { placed, ended }: KeptUpload): void {
  if (placed || ended) throw new CatalogueError('upload_conflict', `upload ${id} has ended`)
}

/** Throws size_mismatch while bytes are missing, upload_conflict when the bytes cannot be read. */
export function checkReadable(id: string, state: KeptUpload): void {
  const { key, ended } = state
  if (ended) checkOpen(id, state)
  if (key !== undefined) throw new CatalogueError('upload_conflict', `upload ${id} was begun for ${key}; finish it to read it there`)
  checkComplete(id, state)
}

export const bytesGone = (id: string): CatalogueError => new CatalogueError('blob_unknown', `the bytes of upload ${id} no longer exist`)

export function checkNewUpload({ size, key }: { size: number | undefined; key: string | undefined }): void {
  if (key !== undefined) checkKey(key)
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0)) {
    throw new CatalogueError('parameter_invalid', `the size of an upload is a number of bytes, not ${size}`)
  }
}

/** Throws upload_conflict unless the piece begins where the upload ends. */
export function checkOffset(id: string, { at, offset }: { at: number; offset: number }): void {
  if (at !== offset) throw new CatalogueError('upload_conflict', `upload ${id} has ${offset} bytes; a piece at ${at} cannot follow`)
}

/**
 * Returns the blob that an earlier finish made, if there was one. Throws upload_conflict when the upload has ended, size_mismatch while bytes
 * are missing, key_invalid for another key than that of the earlier finish or of the upload.
 */
export function checkFinish(id: string, { state, wanted }: { state: KeptUpload; wanted: string }): Put | undefined {
  const { placed, ended, key } = state
  if (ended) checkOpen(id, state)
  if (placed?.key === wanted) return placed
  if (placed) throw new CatalogueError('key_invalid', `upload ${id} has become ${placed.key}; it cannot become ${wanted}`)
  checkComplete(id, state)
  if (key === undefined || key === wanted) return undefined
  throw new CatalogueError('key_invalid', `upload ${id} was begun for ${key}; it cannot become ${wanted}`)
}

function checkComplete(id: string, { offset, size }: Pick<KeptUpload, 'offset' | 'size'>): void {
  if (size === undefined || offset === size) return
  throw new CatalogueError('size_mismatch', `upload ${id} has ${offset} of ${size} bytes; send the others before it is finished`)
}

/** Refuses a piece while another one of the same upload is being written: if it waited, it would only conflict later. */
export function createBusy(): <T>(id: string, work: () => Promise<T>) => Promise<T> {
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
