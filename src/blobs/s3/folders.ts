import { CatalogueError } from '../../domain/errors.ts'
import type { Folders } from '../blob-store.ts'
import { checkKey, folderMarker } from '../keys.ts'
import type { Bucket } from './bucket.ts'
import { anythingUnder, dropObject, headObject, putObject, refuseConflicts } from './objects.ts'

/** Folders are common prefixes of keys; an explicitly created folder holds an empty object of ours. */
export function s3Folders(bucket: Bucket): Folders {
  const markerOf = (key: string) => bucket.at(`${key}/${folderMarker}`)
  const under = (key: string) => anythingUnder(bucket, `${bucket.at(key)}/`)

  return {
    exists: async (key) => key === '' || (await under(checkKey(key))).length > 0,

    async make(key) {
      if ((await under(checkKey(key))).length > 0) return false
      await refuseConflicts(bucket, key)
      if (await headObject(bucket, bucket.at(key))) throw new CatalogueError('blob_conflict', `${key} is a file, not a folder`)
      await putObject(bucket, { name: markerOf(key), facts: { by: 'make' }, onlyIfAbsent: false, body: Buffer.alloc(0) })
      return true
    },

    async remove(key) {
      const found = await under(checkKey(key))
      if (found.length === 0) return false
      if (found.some((name) => name !== markerOf(key))) throw new CatalogueError('blob_conflict', `${key} is not empty`)
      await dropObject(bucket, markerOf(key))
      return true
    }
  }
}
