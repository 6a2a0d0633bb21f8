import { CatalogueError } from '../domain/errors.ts'
import { checkKey } from './keys.ts'

export const uploadUnknown = (id: string): CatalogueError =>
  new CatalogueError('upload_unknown', `there is no upload ${id.slice(0, 100)}: it was finished, discarded, or expired`)

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

export interface Finishing {
  offset: number
  size?: number
  key?: string
  wanted: string
}

/** Throws size_mismatch while bytes are missing, key_invalid when it was begun for another key. */
export function checkFinish(id: string, { offset, size, key, wanted }: Finishing): void {
  if (size !== undefined && offset !== size) {
    throw new CatalogueError('size_mismatch', `upload ${id} has ${offset} of ${size} bytes; send the others before it is finished`)
  }
  if (key !== undefined && key !== wanted) {
    throw new CatalogueError('key_invalid', `upload ${id} was begun for ${key}; it cannot become ${wanted}`)
  }
}

/** Refuses what comes while something else works on the same upload: waiting would only make the pieces collide later. */
export function createBusy(): <T>(id: string, work: () => Promise<T>) => Promise<T> {
  const busy = new Set<string>()
  return async (id, work) => {
    if (busy.has(id)) throw new CatalogueError('upload_conflict', `upload ${id} is just receiving another piece`)
    busy.add(id)
    try {
      return await work()
    } finally {
      busy.delete(id)
    }
  }
}
